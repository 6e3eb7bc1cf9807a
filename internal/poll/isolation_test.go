// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// asksWhole reports whether a request asks for whole events.
func asksWhole(r simulator.Request) bool { return r.Query.Fields == nil }

// Ids and timestamps are answered meanwhile, and whole events are not.
func TestAPIThatShowsNoEventWholeForAWhileCostsNone(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		h.api.Inject(simulator.Fault{
			Until: from.Add(50 * time.Minute), When: asksWhole, Effect: simulator.Status(http.StatusInternalServerError, ""),
		})
		h.add("a", from, 10)
		before := len(h.api.Requests())
		h.pass(2 * time.Hour)
		h.requireEachOnce(from)
		assert.Empty(t, h.observed.seen().losses)
		assert.Empty(t, h.observed.seen().failing)
		assert.Less(t, len(h.api.Requests())-before, 1500)
	})
}

// Nothing is answered for hours, but for ids and timestamps now and then.
func TestOutageThatEndsBetweenTwoLooksCostsNoEvent(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		h.api.Inject(simulator.Fault{
			Until: from.Add(6 * time.Hour), Effect: simulator.Status(http.StatusBadGateway, ""),
			When: func(r simulator.Request) bool {
				return asksWhole(r) || r.At.Sub(from).Truncate(20*time.Minute)%(40*time.Minute) == 0
			},
		})
		h.add("a", from, 10)
		h.pass(12 * time.Hour)
		h.requireEachOnce(from)
		assert.Empty(t, h.observed.seen().losses)
	})
}
