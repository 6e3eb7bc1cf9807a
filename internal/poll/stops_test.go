// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

const day = 24 * time.Hour

// tooOld is the documented refusal of a start before the retention.
func tooOld() simulator.Effect {
	return simulator.Status(http.StatusBadRequest, "start_time is greater than Directory Insights' 90 day retention period")
}

// keepsOnly makes the API refuse what is older than it says that it keeps.
func (h *harness) keepsOnly(kept time.Duration) {
	h.api.Inject(simulator.Fault{
		When:   func(r simulator.Request) bool { return r.Query.Start.Before(r.At.Add(-kept)) },
		Effect: tooOld(),
	})
}

// The refusal names the usual retention, and the organization's plan keeps less: the last step of a slice
// ended the pass, and the engine looked for its token.
func TestFault_A4_HistoryThatAShorterPlanRefusesGoesOn(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.History = poll.History{Lookback: 17 * day}
		begin := time.Now()
		h.add("kept", begin.Add(-10*day), 20)
		h.keepsOnly(15 * day)
		h.start()
		h.pass(5 * day)
		events, most := h.count()
		assert.Equal(t, 20, events)
		assert.Equal(t, 1, most)
	})
}

// A single refusal, by a server whose clock is months ahead, say, gives up an hour that is still to come,
// and with it every id that is remembered.
func TestFault_A4_OneRefusalOfANewStartGivesNothingUp(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		h.happen("e", 5*time.Minute, 1)
		h.api.Inject(simulator.Fault{
			When:   func(r simulator.Request) bool { return r.Query.Fields == nil },
			Times:  1,
			Effect: tooOld(),
		})
		h.happen("f", 5*time.Minute, 1)
		h.pass(30 * time.Minute)
		h.requireEachOnce(from)
		assert.Empty(t, h.observed.seen().losses)
		assert.Empty(t, h.observed.seen().anomalies)
	})
}

// With a second for each refusal, the edge of the retention runs away from the start that was refused.
func TestFault_A4_EdgeThatIsRefusedAsWellIsAskedForAfterAWait(t *testing.T) {
	bubble(t, simulator.Settings{Latency: time.Second}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		h.kill()
		h.pass(100 * day)
		h.keepsOnly(90*day - 10*time.Minute)
		h.start()
		before := len(h.api.Requests())
		h.pass(time.Hour)
		from := time.Now()
		h.add("live", from, 10)
		h.pass(time.Hour)
		assert.Less(t, len(h.api.Requests())-before, 1500)
		h.requireEachOnce(from)
	})
}

// By time nothing leads past events that are dated ahead, and the clock that goes on is no progress.
func TestFault_G3_EventsDatedAheadWithoutTokensAreNoCircle(t *testing.T) {
	for name, effect := range map[string]simulator.Effect{
		"no token":      simulator.Headers("X-Search_after", ""),
		"token refused": simulator.Status(http.StatusBadRequest, "search_after is not valid"),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, simulator.Settings{Latency: time.Second}, func(t *testing.T, h *harness) {
				h.start()
				h.pass(15 * time.Second)
				from := time.Now()
				h.add("ahead", from.Add(365*day), 50)
				for i := range 100 {
					h.add(fmt.Sprint("ahead", i), from.Add(365*day+time.Duration(i)*time.Second), 3)
				}
				fault := simulator.Fault{Effect: effect}
				if name == "token refused" {
					fault.When = simulator.WithToken
				}
				h.api.Inject(fault)
				before := len(h.api.Requests())
				h.pass(30 * time.Minute)
				late := time.Now().Add(-5 * time.Minute)
				h.add("late", late, 1)
				h.pass(30 * time.Minute)
				assert.Less(t, len(h.api.Requests())-before, 3000)
				h.requireEachOnce(from)
			})
		})
	}
}

// The live lanes judged the retention's edge, and history that was still to come was lost in silence.
func TestFault_C10_HistoryThatTheAPIForgotIsDeclaredBesideLiveEvents(t *testing.T) {
	bubble(t, simulator.Settings{Retention: 1000 * day}, func(t *testing.T, h *harness) {
		h.settings.History = poll.History{Lookback: 60 * day}
		begin := time.Now()
		h.api.Inject(simulator.Fault{
			When:   func(r simulator.Request) bool { return !r.Query.End.IsZero() },
			Effect: simulator.Status(http.StatusInternalServerError, ""),
		})
		h.start()
		h.pass(time.Minute)
		h.kill()
		h.pass(200 * day)
		h.api.Heal()
		h.start()
		h.pass(time.Hour)
		var lost time.Duration
		for _, loss := range h.observed.seen().losses {
			lost += loss.To.Sub(loss.From)
		}
		assert.InDelta(t, time.Now().Add(-90*day).Sub(begin.Add(-60*day)).Hours(), lost.Hours(), 2)
	})
}

// What ends a slice of history was delivered by the tail already.
func TestHistoryWhoseEndWasDeliveredEnds(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.History = poll.History{Lookback: 2 * time.Hour}
		end := time.Now().Add(-h.settings.MaxEventDelay).Truncate(time.Second)
		for i := range 5 {
			h.add(fmt.Sprint("end", i), end.Add(time.Duration(i-2)*time.Second), 150)
		}
		h.api.Inject(simulator.Fault{Effect: simulator.Headers("X-Search_after", "")})
		h.start()
		h.pass(time.Hour)
		assert.Empty(t, h.observed.seen().failing)
		_, most := h.count()
		assert.Equal(t, 1, most)
	})
}

// After an outage a rescan brings the live events, and the tail has no page by which to recover.
func TestFault_E20_LiveEventsHaveRecoveredWhereARescanBringsThem(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	bubble(t, simulator.Settings{Latency: time.Second}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(2*time.Minute + 15*time.Second)
		from := time.Now()
		h.api.Inject(simulator.Fault{Until: from.Add(10 * time.Hour), Effect: simulator.Status(503, "")})
		for i := range 3600 {
			h.add(fmt.Sprint("e", i), from.Add(time.Duration(i)*10*time.Second), 50)
		}
		h.pass(10*time.Hour + 5*time.Minute)
		events, _ := h.count()
		assert.Greater(t, events, 10_000)
		assert.Less(t, events, 150_000)
		assert.Empty(t, h.observed.seen().failing)
	})
}
