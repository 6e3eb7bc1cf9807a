// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// A proxy with a clock of its own dates every answer, for longer than L.
func TestFault_C5_DatesThatAreWrongForHoursLoseNothing(t *testing.T) {
	for _, off := range []time.Duration{4 * time.Minute, 20 * time.Minute, 6 * time.Hour, 100 * day, -20 * time.Minute, -6 * time.Hour, -300 * day} {
		t.Run(off.String(), func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				h.start()
				h.pass(15 * time.Second)
				from := time.Now()
				happen := func(name string, d time.Duration) {
					for i := range int(d / (10 * time.Minute)) {
						h.add(fmt.Sprint(name, i), time.Now(), 2)
						h.pass(10 * time.Minute)
					}
				}
				happen("before", 5*time.Hour)
				h.api.Inject(simulator.Fault{Until: time.Now().Add(3 * time.Hour), Effect: simulator.DateSkew(off)})
				happen("while", 3*time.Hour)
				happen("after", 9*time.Hour)
				expected, accepted := h.api.Expected("", from), h.accepted()
				again := 0
				for _, event := range expected {
					assert.NotZero(t, accepted[event.ID], event.ID)
					again += max(0, accepted[event.ID]-1)
				}
				assert.Less(t, again, 10)
				assert.Empty(t, h.observed.seen().losses)
				assert.Empty(t, h.observed.seen().failing)
			})
		})
	}
}

// movable is an API whose clock is ahead of the local one by the seconds that are set.
func movable(ahead *atomic.Int64) simulator.Settings {
	return simulator.Settings{Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load()) * time.Second) }}
}

func TestFault_C9_WatermarkAheadOfTheAPIIsRewound(t *testing.T) {
	for name, between := range map[string]func(h *harness){
		"while it runs":  func(*harness) {},
		"over a restart": func(h *harness) { h.kill(); h.start() },
	} {
		t.Run(name, func(t *testing.T) {
			var ahead atomic.Int64
			bubble(t, movable(&ahead), func(t *testing.T, h *harness) {
				ahead.Store(2 * 3600)
				h.start()
				h.pass(90 * time.Second)
				ahead.Store(0)
				between(h)
				from := time.Now()
				h.add("a", from, 10)
				h.pass(15 * time.Minute)
				h.requireEachOnce(from)
				assert.Contains(t, h.observed.seen().anomalies, poll.AnomalyClockRewound)
				h.kill()
				h.start()
				h.pass(time.Minute)
				h.requireEachOnce(from)
			})
		})
	}
}

// The API's own clock was wrong and is set right, or the local one is: the API decides, with two requests.
func TestFault_C9_ClockOfTheAPIThatIsSetIsBelieved(t *testing.T) {
	for _, seconds := range []int64{20 * 60, 6 * 3600, -20 * 60, -6 * 3600} {
		t.Run((time.Duration(seconds) * time.Second).String(), func(t *testing.T) {
			var ahead atomic.Int64
			bubble(t, movable(&ahead), func(t *testing.T, h *harness) {
				h.start()
				h.pass(10 * time.Hour)
				ahead.Store(seconds)
				set := h.apiNow(&ahead)
				before := len(h.api.Requests())
				for i := range 60 {
					h.add(fmt.Sprint("a", i), h.apiNow(&ahead), 2)
					h.pass(time.Minute)
				}
				h.pass(5 * time.Minute)
				h.requireEachOnce(set)
				assert.NotContains(t, h.observed.seen().anomalies, poll.AnomalyWrongDate)
				futures := 0
				for _, request := range h.api.Requests()[before:] {
					if request.Query.Start.After(request.At) {
						futures++
					}
				}
				assert.LessOrEqual(t, futures, 6, "it is asked for few starts in the future")
			})
		})
	}
}

func (*harness) apiNow(ahead *atomic.Int64) time.Time {
	return time.Now().Add(time.Duration(ahead.Load()) * time.Second)
}

// acceptFuture has the API answer with an empty page where it refuses a start in the future.
func acceptFuture(a *simulator.Answer) {
	if a.Status == http.StatusBadRequest {
		a.Status, a.Body = http.StatusOK, []byte("[]")
	}
}

// Where the API answers for a start in the future as well, it decides nothing, and the dates are believed.
func TestFault_C9_DatesAreBelievedWhereTheAPIDecidesNothing(t *testing.T) {
	var ahead atomic.Int64
	bubble(t, movable(&ahead), func(t *testing.T, h *harness) {
		h.api.Inject(simulator.Fault{Effect: simulator.Effect{Alter: acceptFuture}})
		h.start()
		h.pass(10 * time.Hour)
		ahead.Store(-6 * 3600)
		set := h.apiNow(&ahead)
		h.pass(time.Minute)
		h.add("a", h.apiNow(&ahead), 10)
		h.pass(15 * time.Minute)
		h.requireEachOnce(set)
	})
}
