// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// sent is how many events the API has sent since a number of requests.
func (h *harness) sent(since int) (events int) {
	for _, request := range h.api.Requests()[since:] {
		events += request.Sent
	}
	return events
}

// happen makes events, so many a second, while time goes on.
func (h *harness) happen(prefix string, d time.Duration, each int) {
	for i := range int(d / time.Second) {
		h.add(fmt.Sprint(prefix, i), time.Now(), each)
		h.pass(time.Second)
	}
}

func TestFault_E1_GatewayThatGivesUpOnLargePagesGetsSmallOnes(t *testing.T) {
	for _, status := range []int{413, 502, 503, 504, 520, 524} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				h.start()
				h.pass(15 * time.Second)
				from := time.Now()
				h.api.Inject(simulator.Fault{
					When:   func(r simulator.Request) bool { return r.Query.Limit > 50 },
					Effect: simulator.Status(status, "upstream gave up"),
				})
				h.add("a", from, 10)
				h.pass(10 * time.Minute)
				h.requireEachOnce(from)
			})
		})
	}
}

func TestFault_E1_OneFailureOfAGatewayHalvesNothing(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		before := len(h.api.Requests())
		h.api.Inject(simulator.Fault{Times: 1, Effect: simulator.Status(502, "")})
		h.pass(5 * time.Minute)
		for _, request := range h.api.Requests()[before:] {
			require.Equal(t, h.settings.PageSize, request.Query.Limit)
		}
	})
}

// A live event waits for one page of history at most, even where that takes until its timeout.
func TestFault_E2_HistoryThatFailsHoldsNoLiveEventBack(t *testing.T) {
	for name, test := range map[string]struct {
		effect simulator.Effect
		worst  time.Duration
	}{
		"it times out":          {simulator.Hang(), 80 * time.Second},
		"a login page comes":    {simulator.HTML(), 15 * time.Second},
		"a gateway gives it up": {simulator.Status(504, ""), 15 * time.Second},
		"it is refused":         {simulator.Status(403, ""), 15 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, simulator.Settings{Latency: 400 * time.Millisecond}, func(t *testing.T, h *harness) {
				h.settings.History = poll.History{Lookback: 20 * time.Hour}
				h.api.Inject(simulator.Fault{When: func(r simulator.Request) bool { return !r.Query.End.IsZero() }, Effect: test.effect})
				h.start()
				h.pass(time.Minute)
				worst := time.Duration(0)
				h.refuseWith(func(batch poll.Batch) error {
					for _, event := range batch.Events {
						worst = max(worst, time.Since(event.Timestamp))
					}
					return nil
				})
				from := len(h.api.Requests())
				h.happen("e", 20*time.Minute, 2)
				assert.Less(t, worst, test.worst)
				for _, request := range h.api.Requests()[from:] {
					if request.Query.End.IsZero() {
						require.Equal(t, h.settings.PageSize, request.Query.Limit)
					}
				}
			})
		})
	}
}

// Live events take half of the time to read here.
func TestFault_E2_LiveEventsHaveAsMuchTimeAsWhatHangs(t *testing.T) {
	bubble(t, simulator.Settings{Latency: 200 * time.Millisecond}, func(t *testing.T, h *harness) {
		h.settings.PageSize, h.settings.RescanInterval = 10, 5*time.Minute
		h.start()
		h.happen("before", time.Minute, 10)
		h.api.Inject(simulator.Fault{When: func(r simulator.Request) bool { return r.Query.Fields != nil }, Effect: simulator.Hang()})
		h.happen("e", time.Hour, 15)
		h.pass(5 * time.Minute)
		events, most := h.count()
		assert.Equal(t, 60*10+3600*15, events)
		assert.Equal(t, 1, most)
	})
}

// A rescan is 60 pages of a second each here, and every restart comes before it ends.
func TestFault_E3_RestartsSoonerThanARescanTakesStopNothing(t *testing.T) {
	bubble(t, simulator.Settings{Latency: time.Second}, func(t *testing.T, h *harness) {
		h.settings.PageSize, h.settings.RescanInterval = 10, 5*time.Minute
		h.start()
		h.happen("before", 11*time.Minute, 1)
		for i := range 12 {
			h.kill()
			h.pass(5 * time.Second)
			h.start()
			h.happen(fmt.Sprint("during", i, "-"), 40*time.Second, 1)
		}
		events, most := h.count()
		assert.Greater(t, events, 11*60+12*40-30)
		assert.Equal(t, 1, most)
		rescans := map[time.Time]bool{}
		for _, request := range h.api.Requests() {
			if request.Query.Fields != nil && request.Query.SearchAfter == nil {
				rescans[request.Query.Start] = true
			}
		}
		assert.Greater(t, len(rescans), 6, "each restart goes on where the one before was")
		progress := h.observed.seen().progress
		assert.Less(t, progress.Now.Sub(progress.Watermark), 30*time.Second)
	})
}

// Ten events a second in pages of 200, which take 0.7 s each: 500 a second in pages of 10,000.
func TestFault_E4_RescanUnderWayHoldsNoLiveEventBack(t *testing.T) {
	bubble(t, simulator.Settings{Latency: 350 * time.Millisecond, BodyTime: 350 * time.Millisecond}, func(t *testing.T, h *harness) {
		h.settings.PollInterval, h.settings.RescanInterval, h.settings.PageSize = 30*time.Second, 5*time.Minute, 200
		h.settings.MaxEventDelay = 20 * time.Minute
		h.start()
		h.happen("before", 25*time.Minute, 10)
		worst := time.Duration(0)
		h.refuseWith(func(batch poll.Batch) error {
			for _, event := range batch.Events {
				worst = max(worst, time.Since(event.Timestamp))
			}
			return nil
		})
		h.happen("measured", 15*time.Minute, 10)
		assert.Less(t, worst, h.settings.PollInterval+5*time.Second)
	})
}

// What is remembered is L, the margin and the hour that is kept whole.
func TestFault_E5_WhatIsRememberedDoesNotGrowWithAnOutage(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, outage := range []time.Duration{time.Hour, 10 * time.Hour, 40 * time.Hour} {
		t.Run(outage.String(), func(t *testing.T) {
			bubble(t, simulator.Settings{Latency: 100 * time.Millisecond}, func(t *testing.T, h *harness) {
				h.start()
				h.pass(2 * time.Minute)
				h.kill()
				from := time.Now()
				for i := range int(outage / (10 * time.Second)) {
					h.add(fmt.Sprint("e", i), from.Add(time.Duration(i)*10*time.Second), 5)
				}
				h.pass(outage)
				h.start()
				most := 0
				for range 600 {
					h.pass(time.Second)
					most = max(most, h.observed.seen().progress.Remembered)
				}
				h.requireEachOnce(from)
				window := h.settings.MaxEventDelay + 5*time.Minute + h.settings.RescanInterval + time.Hour
				assert.LessOrEqual(t, most, int(window/(10*time.Second))*5)
			})
		})
	}
}

func TestFault_E6_BacklogOfAnOutageIsReadOnce(t *testing.T) {
	for name, begin := range map[string]func(h *harness) (end func()){
		"of the API": func(h *harness) func() {
			h.api.Inject(simulator.Fault{Until: time.Now().Add(10 * time.Hour), Effect: simulator.Status(503, "")})
			return func() {}
		},
		"of the consumer": func(h *harness) func() {
			release := make(chan struct{})
			h.refuseWith(func(poll.Batch) error { <-release; return nil })
			return func() { close(release) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, simulator.Settings{Latency: 100 * time.Millisecond}, func(t *testing.T, h *harness) {
				h.start()
				h.pass(2*time.Minute + 15*time.Second)
				from := time.Now()
				end := begin(h)
				const events = 5 * 3600
				for i := range 3600 {
					h.add(fmt.Sprint("e", i), from.Add(time.Duration(i)*10*time.Second), 5)
				}
				h.pass(10 * time.Hour)
				before := len(h.api.Requests())
				end()
				h.pass(10 * time.Minute)
				h.requireEachOnce(from)
				assert.Less(t, h.sent(before), events*5/4)
			})
		})
	}
}

func TestFault_E17_FirstWaitHoldsTheBackfillAsWell(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.History = poll.History{Lookback: 20 * time.Hour}
		h.api.Inject(simulator.Fault{Times: 1, Effect: simulator.Status(http.StatusTooManyRequests, "", "Retry-After", "300")})
		h.start()
		h.pass(20 * time.Minute)
		requests := h.api.Requests()
		require.Greater(t, len(requests), 1)
		assert.GreaterOrEqual(t, requests[1].At.Sub(requests[0].At), 300*time.Second)
	})
}

// A fleet with a wrong clock costs ids and not polls. Each event comes once, by a rescan.
func TestFault_E18_EventsDatedFarAheadAreNotReadByEveryPoll(t *testing.T) {
	bubble(t, simulator.Settings{Latency: 100 * time.Millisecond}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		for i := range 40 {
			h.add(fmt.Sprint("ahead", i), from.Add(365*24*time.Hour+time.Duration(i)*time.Second), 50)
		}
		h.pass(5 * time.Minute)
		h.requireEachOnce(from)
		before := len(h.api.Requests())
		h.happen("live", 10*time.Minute, 1)
		tails, whole := 0, 0
		for _, request := range h.api.Requests()[before:] {
			if request.Query.Fields == nil {
				tails++
				whole += request.Sent
			}
		}
		assert.Less(t, tails, 180, "60 polls, and the last page of ten rescans")
		assert.Less(t, whole, 180*h.settings.PageSize)
		h.pass(time.Minute)
		h.requireEachOnce(from)
	})
}

// A tail that was refused for hours must not go on at its old place: rescans have delivered what is there,
// and it is forgotten.
func TestFault_E2_TailThatRescansOvertookReadsNothingAgain(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.LightRescans = false
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		h.add("a", from, 1)
		refusal := simulator.Status(403, "")
		h.api.Inject(simulator.Fault{Until: from.Add(2 * time.Hour), Effect: refusal})
		h.api.Inject(simulator.Fault{Until: from.Add(3 * time.Hour), Effect: refusal, When: func(r simulator.Request) bool {
			return r.Query.Start.Before(from) && r.Query.Start.After(from.Add(-time.Minute)) // the tail's
		}})
		h.pass(4 * time.Hour)
		h.requireEachOnce(from)
	})
}
