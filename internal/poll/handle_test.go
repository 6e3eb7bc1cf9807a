// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// So many pages of one event lead to the last event that pages would be doubled before it, each time anew.
func TestFault_P2_EventThatBreaksItsPageBehindATieIsPassed(t *testing.T) {
	for name, broken := range map[string]func(id string, at time.Time) []byte{
		"too large":  func(id string, at time.Time) []byte { return largeEvent(id, at, 2<<20) },
		"unreadable": func(string, time.Time) []byte { return []byte(`{"id":`) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, simulator.Settings{Latency: time.Second, BindTokens: true}, func(t *testing.T, h *harness) {
				h.settings.RescanInterval = 24 * time.Hour
				h.start()
				h.pass(15 * time.Second)
				at := time.Now()
				h.add("tie", at, 45)
				h.api.Add(simulator.Event{ID: "broken", Time: at.Add(time.Millisecond), JSON: broken("broken", at.Add(time.Millisecond))})
				h.pass(30 * time.Minute)
				h.add("after", time.Now(), 3)
				before := len(h.api.Requests())
				h.pass(2 * time.Minute)
				events, most := h.count()
				assert.Equal(t, 45+1+3, events)
				assert.Equal(t, 1, most)
				require.Len(t, h.observed.seen().losses, 1)
				assert.Equal(t, 1, h.observed.seen().losses[0].Events)
				assert.LessOrEqual(t, len(h.api.Requests())-before, 20)
				for _, request := range h.api.Requests() {
					require.NotEqual(t, http.StatusBadRequest, request.Status, "no token goes out with another query")
				}
			})
		})
	}
}

func TestFault_P6_PagesAreAsLargeAsBeforeOnceALargeEventIsPassed(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.RescanInterval = time.Hour
		h.start()
		h.pass(15 * time.Second)
		at := time.Now()
		h.add("a", at, 10)
		h.api.Add(simulator.Event{ID: "huge", Time: at.Add(time.Millisecond), JSON: largeEvent("huge", at.Add(time.Millisecond), 2<<20)})
		h.pass(30 * time.Second)
		h.requireEachOnce(at)
		requests := h.api.Requests()
		assert.Equal(t, h.settings.PageSize, requests[len(requests)-1].Query.Limit)
	})
}

// No rescan reads history, so nothing else gets it past the token.
func TestFault_A1_TokenOfTheHistoryThatAnOutageMadeStaleIsGivenUp(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		from := time.Now().Add(-10 * time.Hour)
		h.settings.History = poll.History{Lookback: 20 * time.Hour}
		for i := range 300 {
			h.add(fmt.Sprint("history", i), from.Add(time.Duration(i)*time.Second), 1)
		}
		var stale string
		h.api.Inject(simulator.Fault{
			When: func(r simulator.Request) bool {
				token := string(r.Query.SearchAfter)
				if stale == "" && !r.Query.End.IsZero() {
					stale = token
				}
				return token != "" && token == stale
			},
			Effect: simulator.Status(http.StatusGone, "no such cursor"),
		})
		h.start()
		h.pass(time.Hour)
		h.requireEachOnce(from)
	})
}

// The API may refuse more than it says.
func TestFault_A4_HistoryGoesOnWhereTheAPIKeepsLessThanItsRefusalSays(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		kept := time.Now().Add(-20 * time.Hour)
		h.settings.History = poll.History{Lookback: 40 * time.Hour}
		h.add("kept", kept.Add(3*time.Hour), 5)
		h.api.Inject(simulator.Fault{
			When:   func(r simulator.Request) bool { return r.Query.Start.Before(kept) && r.Query.Limit > 1 },
			Effect: simulator.Status(http.StatusBadRequest, "start_time is greater than Directory Insights' 90 day retention period"),
		})
		h.start()
		h.pass(12 * time.Hour)
		h.requireEachOnce(kept)
		losses := h.observed.seen().losses
		require.NotEmpty(t, losses)
		assert.WithinDuration(t, kept, losses[len(losses)-1].To, time.Hour)
	})
}
