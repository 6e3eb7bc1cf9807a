// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// appears makes an event visible now that happened before.
func (h *harness) appears(id string, at time.Time) {
	h.api.Add(simulator.Event{Service: "sso", ID: id, Time: at, Visible: time.Now()})
}

// An event appears too late in an hour, the audit delivers it. Then another one appears in the same hour.
func TestSecondLateEventOfAnHourIsDelivered(t *testing.T) {
	audited(t, simulator.Settings{}, func(t *testing.T, h *harness, from time.Time) {
		at := from.Add(time.Hour + 7*time.Minute)
		h.appears("late-1", at)
		h.pass(2 * time.Hour)
		h.requireEachOnce(from)
		h.appears("late-2", at.Add(time.Minute))
		h.pass(4 * time.Hour)
		assert.Zero(t, h.observed.seen().audit.Missing)
		h.requireEachOnce(from)
	})
}

// The pages of an hour that was read before are not to be had until the next audit. What is missing is still missing.
func TestHourThatCouldNotBeReadIsNotProven(t *testing.T) {
	audited(t, simulator.Settings{}, func(t *testing.T, h *harness, from time.Time) {
		at := from.Add(time.Hour + 7*time.Minute)
		h.appears("late-1", at)
		h.appears("late-x", at.Add(time.Hour)) // another hour is read after it: justRead is that one
		h.pass(2 * time.Hour)
		h.requireEachOnce(from)
		h.api.Inject(simulator.Fault{
			When:   func(r simulator.Request) bool { return !asCount(r) && !r.Query.End.IsZero() },
			Effect: simulator.Status(http.StatusServiceUnavailable, ""),
		})
		h.appears("late-2", at.Add(time.Minute))
		h.pass(90 * time.Minute)
		h.api.Heal()
		h.pass(4 * time.Hour)
		assert.Zero(t, h.observed.seen().audit.Missing)
		h.requireEachOnce(from)
	})
}
