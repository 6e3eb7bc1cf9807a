// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// lightStarts are where light runs began since a number of requests. A first contact asks for one event.
func (h *harness) lightStarts(since int) (starts []time.Time) {
	for _, request := range h.api.Requests()[since:] {
		if request.Query.Fields != nil && request.Query.Limit > 1 && request.Query.SearchAfter == nil {
			starts = append(starts, request.Query.Start)
		}
	}
	return starts
}

// late makes one event, "late", that becomes visible a time after it happened.
func (h *harness) late(at time.Time, after time.Duration) {
	h.api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: "late", Time: at, Visible: at.Add(after)})
}

// Nothing is new here, and no poll comes meanwhile: what is stored is the rescan's own progress.
func TestFault_E3_RescanUnderWayGoesOnAtOnceAfterARestart(t *testing.T) {
	bubble(t, simulator.Settings{Latency: time.Second}, func(t *testing.T, h *harness) {
		h.settings.PageSize, h.settings.PollInterval, h.settings.RescanInterval = 10, 20*time.Minute, 30*time.Minute
		h.start()
		h.pass(3 * time.Minute)
		begin := time.Now()
		h.happen("e", 10*time.Minute, 2)
		for len(h.lightStarts(0)) == 0 {
			h.pass(time.Second)
		}
		h.pass(40 * time.Second)
		h.kill()
		before := len(h.api.Requests())
		h.settings.RescanInterval = 6 * time.Hour // the one under way is not put off by it
		h.start()
		h.pass(3 * time.Minute)
		starts := h.lightStarts(before)
		require.NotEmpty(t, starts)
		assert.True(t, starts[0].After(begin.Add(time.Minute)), "it goes on at %s", starts[0])
		h.requireEachOnce(begin)
	})
}

// What happened before the rescan's position while nobody read is new to the next one.
func TestRescanThatGoesOnAfterARestartStandsForItsFirstPage(t *testing.T) {
	bubble(t, simulator.Settings{Latency: time.Second}, func(t *testing.T, h *harness) {
		h.settings.PageSize, h.settings.RescanInterval, h.settings.MaxEventDelay = 10, 30*time.Minute, 30*time.Minute
		h.start()
		h.pass(5 * time.Second)
		begin := time.Now()
		h.happen("e", 10*time.Minute, 2)
		h.pass(21 * time.Minute)
		h.late(begin.Add(2*time.Minute), 30*time.Minute-time.Second)
		h.pass(20 * time.Second)
		h.kill()
		h.pass(15 * time.Minute)
		h.start()
		h.pass(time.Hour)
		h.requireEachOnce(begin)
	})
}

// A rescan of 160 pages takes longer than the five minutes that the next one begins earlier.
func TestFault_G11_EventThatAppearsBehindARescanUnderWayIsFoundByTheNext(t *testing.T) {
	bubble(t, simulator.Settings{Latency: 4 * time.Second}, func(t *testing.T, h *harness) {
		h.settings.PageSize, h.settings.RescanInterval, h.settings.MaxEventDelay = 10, 30*time.Minute, 30*time.Minute
		h.start()
		h.pass(30 * time.Second)
		begin := time.Now()
		h.happen("e", 16*time.Minute, 2)
		h.late(begin.Add(10*time.Second), 30*time.Minute)
		h.pass(80 * time.Minute)
		h.requireEachOnce(begin)
	})
}

func TestFault_E3_RestartsSoonerThanTheRescanIntervalPutNoRescanOff(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.RescanInterval = time.Hour
		from := time.Now().Add(time.Second)
		h.start()
		h.late(from.Add(20*time.Minute), 9*time.Minute)
		for range 8 {
			h.pass(10 * time.Minute)
			h.kill()
			h.start()
		}
		h.requireEachOnce(from)
	})
}

// 800 pages of history take the time that the polls leave for more than ten minutes.
func TestRescansGoOnBesideALongHistory(t *testing.T) {
	bubble(t, simulator.Settings{Latency: time.Second}, func(t *testing.T, h *harness) {
		h.settings.PageSize, h.settings.History = 10, poll.History{Lookback: 20 * time.Hour}
		h.add("history", time.Now().Add(-10*time.Hour), 8000)
		h.start()
		h.pass(30 * time.Second)
		h.late(time.Now(), 2*time.Minute)
		h.pass(5 * time.Minute)
		assert.Equal(t, 1, h.accepted()["late"])
		assert.NotZero(t, h.observed.seen().progress.BackfillRemaining)
	})
}

// Each rescan is 300 pages, and the next one is due before it ends.
func TestHistoryGoesOnBesideRescansThatNeverEnd(t *testing.T) {
	bubble(t, simulator.Settings{Latency: time.Second}, func(t *testing.T, h *harness) {
		h.settings.PageSize, h.settings.History = 10, poll.History{Lookback: 20 * time.Hour}
		from := time.Now().Add(-20 * time.Hour)
		h.add("history", time.Now().Add(-10*time.Hour), 2000)
		h.start()
		h.pass(5 * time.Second)
		h.add("live", time.Now(), 3000)
		h.pass(20 * time.Minute)
		h.requireEachOnce(from)
		assert.Zero(t, h.observed.seen().progress.BackfillRemaining)
	})
}

func TestFault_E20_LiveEventsComeWhereTheRescanAfterAnOutageFails(t *testing.T) {
	bubble(t, simulator.Settings{Latency: 100 * time.Millisecond}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(2 * time.Minute)
		h.kill()
		from := time.Now()
		h.add("outage", from.Add(time.Hour), 300)
		h.pass(2 * time.Hour)
		h.api.Inject(simulator.Fault{
			When:   func(r simulator.Request) bool { return r.Query.Fields != nil && r.Query.Limit > 1 },
			Effect: simulator.Status(403, "Forbidden"),
		})
		h.start()
		h.pass(30 * time.Second)
		h.happen("live", time.Minute, 1)
		h.pass(15 * time.Second)
		h.requireEachOnce(from)
	})
}

// More of them than a page are on one millisecond, so that a restart in the middle begins there again.
func TestFault_E14_EventThatIsDatedOutsideOfItsSliceComesOnceOverARestart(t *testing.T) {
	bubble(t, simulator.Settings{Latency: time.Second}, func(t *testing.T, h *harness) {
		h.settings.PageSize, h.settings.History = 10, poll.History{Lookback: 50 * time.Hour}
		at := time.Now().Add(-40 * time.Hour)
		for _, id := range []string{"outside1", "outside2"} {
			dated := time.Now().Add(-60 * time.Hour).UTC().Format(time.RFC3339)
			h.api.Add(simulator.Event{Service: "sso", ID: id, Time: at, JSON: []byte(`{"id":"` + id + `","service":"sso","timestamp":"` + dated + `"}`)})
		}
		h.add("tie", at, 300)
		h.start()
		h.pass(25 * time.Second)
		h.kill()
		events, _ := h.count()
		require.Greater(t, events, 10)
		require.Less(t, events, 290)
		h.start()
		h.pass(10 * time.Minute)
		events, most := h.count()
		assert.Equal(t, 302, events)
		assert.Equal(t, 1, most)
	})
}
