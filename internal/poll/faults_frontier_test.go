// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

func TestFault_E9_FirstContactNeedsNoWholeEventAndNoRightLocalClock(t *testing.T) {
	for _, off := range []time.Duration{0, 10 * time.Minute, -3 * time.Hour} {
		t.Run(off.String(), func(t *testing.T) {
			now := func() time.Time { return time.Now().Add(off) }
			bubble(t, simulator.Settings{Now: now}, func(t *testing.T, h *harness) {
				at := now().Add(-23 * time.Hour)
				h.api.Add(simulator.Event{ID: "huge", Time: at, JSON: largeEvent("huge", at, 2<<20)})
				h.start()
				h.pass(time.Minute)
				from := now()
				h.add("live", from, 5)
				h.pass(30 * time.Minute)
				assert.Len(t, h.observed.seen().starts, 1)
				h.requireEachOnce(from)
			})
		})
	}
}

func TestFault_E10_ServersWhoseClocksDifferMakeNobodyGoBack(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.PollInterval, h.settings.RescanInterval = 5*time.Second, 5*time.Minute
		n := 0
		h.api.Inject(simulator.Fault{When: func(simulator.Request) bool { n++; return n%2 == 0 }, Effect: simulator.DateSkew(10 * time.Second)})
		h.start()
		h.pass(15 * time.Minute)
		from, before := time.Now(), len(h.api.Requests())
		h.happen("e", 30*time.Minute, 1)
		h.pass(time.Minute)
		h.requireEachOnce(from)
		assert.Empty(t, h.observed.seen().anomalies)
		h.requireNoFutureStart()
		assert.Less(t, h.sent(before), 5*1800)
	})
}

func TestFault_E11_AnswerDatedAheadLosesNoEventLateByNearlyL(t *testing.T) {
	for _, ahead := range []time.Duration{15 * time.Second, time.Minute, 4 * time.Minute} {
		t.Run(ahead.String(), func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				begin := time.Now()
				h.start()
				h.pass(15*time.Minute + 5*time.Second)
				visible := begin.Add(16*time.Minute + 3*time.Second)
				from := visible.Add(-h.settings.MaxEventDelay + time.Second)
				h.api.Add(simulator.Event{Service: "sso", ID: "late", Time: from, Visible: visible})
				// From here on every answer is ahead, so that nothing else holds the clock back.
				h.api.Inject(simulator.Fault{Until: time.Now().Add(time.Minute), Effect: simulator.DateSkew(ahead)})
				h.pass(time.Hour)
				h.requireEachOnce(from)
			})
		})
	}
}

func TestFault_E12_AnswerWithoutADateGoesByTheKnownDifference(t *testing.T) {
	for _, off := range []time.Duration{20 * time.Minute, 3 * time.Hour} {
		t.Run(off.String(), func(t *testing.T) {
			now := func() time.Time { return time.Now().Add(-off) }
			bubble(t, simulator.Settings{Now: now}, func(t *testing.T, h *harness) {
				h.settings.RescanInterval = h.settings.PollInterval
				h.start()
				h.pass(15 * time.Minute)
				from := now()
				for i := range 60 {
					h.add(fmt.Sprint("e", i), now(), 1)
					h.pass(10 * time.Second)
				}
				h.api.Inject(simulator.Fault{Times: 1, Effect: simulator.Headers("Date", "")})
				h.pass(30 * time.Minute)
				h.requireEachOnce(from)
			})
		})
	}
}

// The API still has that history: its answers decide, and not their dates.
func TestFault_E13_DatesFarAheadGiveNoHistoryUp(t *testing.T) {
	for name, answer := range map[string]func(*simulator.Answer){
		"where the API decides":               func(*simulator.Answer) {},
		"where it takes starts in the future": acceptFuture,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, simulator.Settings{Latency: time.Second}, func(t *testing.T, h *harness) {
				h.settings.History = poll.History{Lookback: 80 * 24 * time.Hour}
				h.settings.PageSize = 10
				begin := time.Now()
				for i := range 80 {
					h.add(fmt.Sprint("day", i), begin.Add(-time.Duration(i)*24*time.Hour-time.Hour), 20)
				}
				h.start()
				h.pass(30 * time.Second)
				skewed := simulator.DateSkew(100 * 24 * time.Hour)
				h.api.Inject(simulator.Fault{Until: time.Now().Add(3 * time.Minute), Effect: simulator.Effect{Alter: func(a *simulator.Answer) {
					skewed.Alter(a)
					answer(a)
				}}})
				h.pass(3 * time.Hour)
				events, most := h.count()
				assert.Equal(t, 80*20, events)
				assert.Equal(t, 1, most)
				assert.Empty(t, h.observed.seen().losses)
			})
		})
	}
}

func TestFault_E14_EventThatIsDatedOutsideOfItsSliceIsDelivered(t *testing.T) {
	for name, dated := range map[string]time.Duration{"behind the slice": -10 * time.Hour, "before it": -60 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				h.settings.History = poll.History{Lookback: 50 * time.Hour}
				at := time.Now().Add(dated).UTC().Format(time.RFC3339)
				h.api.Add(simulator.Event{
					Service: "sso", ID: "outside", Time: time.Now().Add(-40 * time.Hour),
					JSON: fmt.Appendf(nil, `{"id":"outside","service":"sso","timestamp":%q}`, at),
				})
				h.start()
				h.pass(3 * time.Hour)
				assert.Equal(t, map[string]int{"outside": 1}, h.accepted())
				assert.Empty(t, h.observed.seen().losses)
			})
		})
	}
}

func TestFault_E15_LargerDelayTellsFromWhenOnItHolds(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(3 * time.Hour)
		h.kill()
		h.settings.MaxEventDelay = 6 * time.Hour
		h.start()
		h.pass(time.Minute)
		starts := h.observed.seen().starts
		assert.Zero(t, starts[0].DelayHoldsFrom)
		holds := starts[1].DelayHoldsFrom
		require.WithinDuration(t, time.Now(), holds, 80*time.Minute)
		late := holds.Add(time.Second)
		h.api.Add(simulator.Event{Service: "sso", ID: "late", Time: late, Visible: late.Add(6 * time.Hour)})
		h.pass(8 * time.Hour)
		assert.Equal(t, map[string]int{"late": 1}, h.accepted())
		h.kill()
		h.start()
		h.pass(time.Minute)
		assert.Zero(t, h.observed.seen().starts[2].DelayHoldsFrom)
	})
}

func TestFault_E16_LargerDelayRepeatsNoHistory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	bubble(t, simulator.Settings{Latency: time.Second}, func(t *testing.T, h *harness) {
		h.settings.History = poll.History{Lookback: 5 * time.Hour}
		h.settings.PageSize = 10
		begin := time.Now()
		for i := range 5 * 60 {
			h.add(fmt.Sprint("m", i), begin.Add(-time.Duration(i)*time.Minute), 20)
		}
		h.start()
		h.pass(3 * time.Minute)
		h.kill()
		h.settings.MaxEventDelay = time.Hour
		h.start()
		h.pass(6 * time.Hour)
		events, most := h.count()
		assert.Equal(t, 1, most)
		assert.Equal(t, 5*60*20, events)
	})
}

func TestHistoryFirstIsDeliveredInTheOrderOfTime(t *testing.T) {
	bubble(t, simulator.Settings{Latency: 100 * time.Millisecond}, func(t *testing.T, h *harness) {
		h.settings.History = poll.History{Lookback: 48 * time.Hour, First: true}
		from := time.Now().Add(-48 * time.Hour)
		for i := range 48 {
			h.add(fmt.Sprint("hour", i), from.Add(time.Duration(i)*time.Hour+time.Minute), 30)
		}
		newest := time.Time{}
		h.refuseWith(func(batch poll.Batch) error {
			assert.Equal(t, poll.DeliveryLive, batch.Delivery)
			for _, event := range batch.Events {
				assert.False(t, event.Timestamp.Before(newest))
				newest = event.Timestamp
			}
			return nil
		})
		h.start()
		h.happen("live", 5*time.Minute, 1)
		h.pass(2 * time.Minute)
		h.requireEachOnce(from)
	})
}
