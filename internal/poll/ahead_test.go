// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// slowly makes the consumer take its time for each batch.
func (h *harness) slowly(d time.Duration) {
	h.refuseWith(func(poll.Batch) error {
		time.Sleep(d)
		return nil
	})
}

// continuations counts the requests so far that continue a pass.
func (h *harness) continuations() (count int) {
	for _, request := range h.api.Requests() {
		if request.Query.SearchAfter != nil {
			count++
		}
	}
	return count
}

func TestThePageBehindIsAskedForWhileAPageIsDelivered(t *testing.T) {
	const pages, latency = 20, 300 * time.Millisecond
	bubble(t, simulator.Settings{Latency: latency}, func(t *testing.T, h *harness) {
		h.settings.PollInterval = time.Hour
		h.settings.RescanInterval = time.Hour
		from := time.Now().Add(-time.Hour)
		h.settings.History = poll.History{Start: from}
		h.settings.MaxEventDelay = time.Minute
		h.add("a", from.Add(time.Minute), pages*h.settings.PageSize)
		h.slowly(latency)
		h.start()
		h.pass(10 * time.Minute)
		h.requireEachOnce(from)
		var first, last time.Time
		for _, request := range h.api.Requests() {
			if request.Query.SearchAfter != nil && first.IsZero() {
				first = request.At
			}
			last = request.At
		}
		// One after the other, a page would take the API's time and the consumer's.
		assert.Less(t, last.Sub(first), (pages+2)*latency)
	})
}

func TestOnePageIsAskedForAheadAtMost(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		h.add("a", from, 1000)
		release := make(chan struct{})
		h.refuseWith(func(poll.Batch) error {
			<-release
			return nil
		})
		h.pass(10 * time.Minute)
		assert.Equal(t, 1, h.continuations())
		close(release)
		h.pass(time.Minute)
		h.requireEachOnce(from)
	})
}

func TestAnAnswerThatWaitedTooLongForItsTurnIsAskedForAgain(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		h.add("a", from, 250)
		h.slowly(2 * time.Minute) // longer than the client's timeout of a minute
		h.pass(30 * time.Minute)
		h.requireEachOnce(from)
		assert.Empty(t, h.observed.seen().failures, "to be kept waiting is no failure of the API")
	})
}

func TestAFailureOfThePageAheadIsMetAtItsTurn(t *testing.T) {
	for name, effect := range map[string]simulator.Effect{
		"refused":        simulator.Status(503, "busy"),
		"broken off":     simulator.ResetMidBody(),
		"broken":         simulator.Truncate(10),
		"no answer":      simulator.Reset(),
		"token refused":  simulator.Status(400, "search_after is not valid"),
		"another count":  simulator.Headers("X-Result-Count", "7"),
		"the same token": simulator.Headers("X-Search_after", `[1,"same"]`),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				h.start()
				h.pass(15 * time.Second)
				from := time.Now()
				h.add("a", from, 450)
				h.api.Inject(simulator.Fault{When: simulator.WithToken, Times: 2, Effect: effect})
				h.pass(10 * time.Minute)
				h.requireEachOnce(from)
			})
		})
	}
}

func TestAFailureEndsThePageThatWasAskedForAhead(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		h.add("a", from, 250)
		var asked, ended time.Time
		h.api.Inject(simulator.Fault{When: simulator.WithToken, Times: 1, Effect: simulator.Effect{Instead: func(_ http.ResponseWriter, r *http.Request) {
			asked = time.Now()
			<-r.Context().Done()
			ended = time.Now()
		}}})
		h.api.Inject(simulator.Fault{Times: 1, Effect: simulator.ResetMidBody()})
		h.pass(10 * time.Minute)
		assert.False(t, asked.IsZero())
		assert.WithinDuration(t, asked, ended, time.Second, "nothing is in flight while a failure is waited after")
		h.requireEachOnce(from)
	})
}

func TestAPollGoesBeforeThePageThatABackfillAskedForAhead(t *testing.T) {
	bubble(t, simulator.Settings{Latency: 2 * time.Second}, func(t *testing.T, h *harness) {
		from := time.Now().Add(-20 * time.Hour)
		h.settings.History = poll.History{Start: from}
		h.settings.PageSize = 10
		h.add("history", from.Add(time.Hour), 5000)
		h.start()
		h.pass(time.Minute)
		live := time.Now()
		h.add("live", live, 1)
		h.pass(h.settings.PollInterval + 8*time.Second)
		assert.Equal(t, 1, h.accepted()["live-0"], "live events wait for one page at most")
		assert.Less(t, len(h.accepted()), 1000, "the backfill is under way")
		h.pass(time.Hour)
		h.requireEachOnce(from)
	})
}

func TestAStopEndsThePageThatWasAskedForAhead(t *testing.T) {
	for name, effect := range map[string]simulator.Effect{
		"before its headers":   simulator.Hang(),
		"before its body ends": simulator.SlowBody(time.Second),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				h.start()
				h.pass(15 * time.Second)
				from := time.Now()
				h.add("a", from, 250)
				h.api.Inject(simulator.Fault{When: simulator.WithToken, Times: 1, Effect: effect})
				h.slowly(10 * time.Second)
				h.pass(h.settings.PollInterval)
				require.Equal(t, 1, h.continuations())
				began := time.Now()
				h.kill()
				assert.LessOrEqual(t, time.Since(began), 10*time.Second, "the batch under way ends, and nothing else is waited for")
				h.refuseWith(nil)
				h.start()
				h.pass(10 * time.Minute)
				h.requireEachOnce(from)
			})
		})
	}
}

// What the API told a page that was asked for ahead goes for whoever asks next.
func TestFault_A10_WaitThatAPageAheadWasToldIsKeptByAPoll(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		from := time.Now().Add(-20 * time.Hour)
		h.settings.History = poll.History{Start: from}
		h.add("history", from.Add(time.Hour), 1000)
		var told time.Time
		h.api.Inject(simulator.Fault{When: simulator.WithToken, Times: 1, Effect: simulator.Effect{Alter: func(a *simulator.Answer) {
			simulator.Status(429, "", "Retry-After", "60").Alter(a)
			told = time.Now()
		}}})
		h.slowly(15 * time.Second) // longer than the poll interval
		h.start()
		h.pass(time.Hour)
		h.requireEachOnce(from)
		for _, request := range h.api.Requests() {
			if after := request.At.Sub(told); after > 0 {
				assert.GreaterOrEqual(t, after, time.Minute)
			}
		}
	})
}
