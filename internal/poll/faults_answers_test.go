// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

func TestFault_C5_OneAnswerDatedAheadLosesNoLateEvent(t *testing.T) {
	for _, ahead := range []time.Duration{time.Minute, 5 * time.Minute, time.Hour} {
		t.Run(ahead.String(), func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				h.settings.RescanInterval = h.settings.PollInterval
				h.start()
				h.pass(15 * time.Minute)
				from := time.Now()
				h.api.Add(simulator.Event{Service: "sso", ID: "late", Time: from, Visible: from.Add(8 * time.Minute)})
				h.pass(6 * time.Minute)
				h.api.Inject(simulator.Fault{Times: 1, Effect: simulator.DateSkew(ahead)})
				h.pass(30 * time.Minute)
				h.requireEachOnce(from)
			})
		})
	}
}

func TestFault_G6_SmallerPageIsFullWhereNoLimitIsTold(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.api.Inject(simulator.Fault{Effect: simulator.Effect{
			Query: func(q *simulator.Query) { q.Limit = min(q.Limit, 3) },
			Alter: func(a *simulator.Answer) { a.Header["X-Limit"] = nil },
		}})
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		for i := range 10 {
			h.add(fmt.Sprint("clamped ", i), from.Add(time.Duration(i)*time.Millisecond), 1)
		}
		h.pass(30 * time.Minute)
		h.requireEachOnce(from)
	})
}

func TestFault_P12_EventThatWasNotAskedForIsDeliveredOnce(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		old := time.Now().Add(-2 * time.Hour).UTC().Format(time.RFC3339)
		h.api.Inject(simulator.Fault{Until: time.Now().Add(5 * time.Minute), Effect: simulator.Effect{Alter: func(a *simulator.Answer) {
			a.Body = fmt.Appendf(nil, `[{"id":"outside","service":"sso","timestamp":%q}]`, old)
			a.Header["X-Result-Count"] = []string{"1"}
		}}})
		h.pass(5 * time.Minute)
		assert.Equal(t, map[string]int{"outside": 1}, h.accepted())
	})
}

func TestFault_A10_WaitThatABackfillIsAskedForHoldsThePollsAsWell(t *testing.T) {
	for _, code := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		t.Run(http.StatusText(code), func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				var met time.Time
				h.api.Inject(simulator.Fault{Times: 1, When: func(r simulator.Request) bool {
					if r.Query.End.IsZero() {
						return false
					}
					met = r.At
					return true
				}, Effect: simulator.Status(code, "", "Retry-After", "100")})
				h.settings.History = poll.History{Lookback: 48 * time.Hour}
				h.start()
				h.pass(5 * time.Minute)
				requests := h.api.Requests()
				refused := slices.IndexFunc(requests, func(r simulator.Request) bool { return r.At.Equal(met) && !r.Query.End.IsZero() })
				require.Positive(t, refused)
				waited := requests[refused+1].At.Sub(met)
				assert.GreaterOrEqual(t, waited, 100*time.Second)
				assert.LessOrEqual(t, waited, 110*time.Second)
			})
		})
	}
}

func TestWaitGrowsWhereKindsOfFailureAlternate(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		answers := 0
		h.api.Inject(simulator.Fault{Effect: simulator.Effect{Alter: func(a *simulator.Answer) {
			answers++
			a.Status = []int{http.StatusTooManyRequests, http.StatusServiceUnavailable}[answers%2]
		}}})
		h.pass(time.Hour)
		assert.Less(t, answers, 300)
	})
}

func TestProgressIsToldInAnOutageAndNotBeforeThereIsAny(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.api.Inject(simulator.Fault{Times: 20, Effect: simulator.Reset()})
		h.start()
		h.pass(10 * time.Second)
		assert.Empty(t, h.observed.seen().progress)
		h.pass(time.Hour)
		h.api.Inject(simulator.Fault{Effect: simulator.Reset()})
		h.pass(5 * time.Minute)
		progress := h.observed.seen().progress
		assert.Greater(t, progress.Now.Sub(progress.Watermark), 2*time.Minute)
	})
}

func TestStopIsToldOnceAndLast(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(time.Minute)
		assert.Zero(t, h.observed.seen().stopped)
		h.kill()
		assert.Equal(t, 1, h.observed.seen().stopped)
	})
}

// The edge of what is kept moves on while a slice of history that begins there is read.
func TestFault_A4_RetentionThatEndsInsideASliceRepeatsNothing(t *testing.T) {
	retention := 15 * 24 * time.Hour
	bubble(t, simulator.Settings{Retention: retention}, func(t *testing.T, h *harness) {
		begin := time.Now()
		h.settings.Retention = retention
		h.settings.History = poll.History{Lookback: retention}
		from := begin.Add(-retention).Add(2 * time.Hour)
		for i := range 3000 {
			h.add(fmt.Sprint("a", i), from.Add(time.Duration(i)*20*time.Second), 1)
		}
		h.slowly(10 * time.Second)
		h.start()
		h.pass(2 * time.Hour)
		h.requireEachOnce(from)
		assert.Empty(t, h.observed.seen().losses)
		assert.Empty(t, h.observed.seen().failures)
	})
}

// An outage moves the edge past the start of a slice that was asked for before it.
func TestFault_A4_NoMoreIsGivenUpThanTheAPIForgot(t *testing.T) {
	retention := 15 * 24 * time.Hour
	bubble(t, simulator.Settings{Retention: retention}, func(t *testing.T, h *harness) {
		begin := time.Now()
		h.settings.Retention = retention
		h.settings.History = poll.History{Lookback: retention}
		from := begin.Add(-retention).Add(20 * time.Minute)
		h.add("a", from, 10)
		h.api.Inject(simulator.Fault{
			Until: begin.Add(10 * time.Minute), When: func(r simulator.Request) bool { return !r.Query.End.IsZero() },
			Effect: simulator.Status(http.StatusServiceUnavailable, "busy"),
		})
		h.start()
		h.pass(2 * time.Hour)
		h.requireEachOnce(from)
		losses := h.observed.seen().losses
		require.NotEmpty(t, losses)
		assert.WithinDuration(t, begin.Add(-retention).Add(10*time.Minute), losses[len(losses)-1].To, 5*time.Minute)
	})
}
