// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// strangers is the effect of a host between that answers itself, by a clock of its own.
func strangers(status int, body string, off time.Duration) simulator.Effect {
	return simulator.Effect{Alter: func(a *simulator.Answer) {
		a.Status, a.Body = status, []byte(body)
		a.Header.Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
	}}
}

var strangersAnswers = []struct {
	name   string
	effect simulator.Effect
}{
	{"a login page, a month ahead", strangers(http.StatusOK, "<html>log in</html>", 30*24*time.Hour)},
	{"a bad gateway, a month ahead", strangers(http.StatusBadGateway, "", 30*24*time.Hour)},
	{"a refusal, a month ahead", strangers(http.StatusForbidden, "", 30*24*time.Hour)},
	{"a refusal, a day behind", strangers(http.StatusForbidden, "", -24*time.Hour)},
	{"a bad gateway, a day behind", strangers(http.StatusBadGateway, "", -24*time.Hour)},
}

func TestFault_E13_StrangersDateAtTheFirstStartTakesNoHistoryAway(t *testing.T) {
	for _, answer := range strangersAnswers {
		t.Run(answer.name, func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				begin := time.Now()
				h.settings.History = poll.History{Lookback: 48 * time.Hour}
				h.api.Add(simulator.NewGenerator(1, 0, 0).History("", begin.Add(-47*time.Hour), begin.Add(-2*time.Minute), 300)...)
				h.api.Inject(simulator.Fault{Times: 1, Effect: answer.effect})
				h.start()
				h.pass(3 * time.Hour)
				assert.Empty(t, h.observed.seen().losses)
				h.requireEachOnce(begin.Add(-47 * time.Hour))
			})
		})
	}
}

func TestFault_E13_StrangersDateAfterAWeekendGivesNothingUp(t *testing.T) {
	for _, answer := range strangersAnswers {
		t.Run(answer.name, func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				h.settings.Retention = 15 * 24 * time.Hour
				h.start()
				h.pass(15 * time.Second)
				h.kill()
				from := time.Now()
				h.add("weekend", from.Add(time.Hour), 10)
				h.pass(48 * time.Hour)
				h.api.Inject(simulator.Fault{Times: 1, Effect: answer.effect})
				h.start()
				h.pass(3 * time.Hour)
				assert.Empty(t, h.observed.seen().losses)
				h.requireEachOnce(from)
			})
		})
	}
}

func TestFault_E23_StrangersDateBringsNothingAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, answer := range strangersAnswers {
		t.Run(answer.name, func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				h.start()
				h.pass(15 * time.Second)
				from := time.Now()
				for i := range 24 {
					h.add(strconv.Itoa(i), time.Now(), 50)
					h.pass(time.Hour)
				}
				h.api.Inject(simulator.Fault{Times: 1, Effect: answer.effect})
				h.pass(time.Hour)
				assert.Empty(t, h.observed.seen().losses)
				h.requireEachOnce(from)
			})
		})
	}
}

// A refused key still tells the time where the local clock is off: by the second answer.
func TestFault_C3_RefusalsThatAgreeTellTheTime(t *testing.T) {
	bubble(t, simulator.Settings{Now: func() time.Time { return time.Now().Add(-time.Hour) }}, func(t *testing.T, h *harness) {
		h.api.Inject(simulator.Fault{Times: 4, Effect: simulator.Status(http.StatusUnauthorized, "")})
		h.start()
		h.pass(2 * time.Minute) // the second answer is there, the key is not mended
		from := time.Now().Add(-time.Hour)
		h.add("a", from, 10)
		h.pass(time.Hour)
		h.requireEachOnce(from)
		assert.Empty(t, h.observed.seen().losses)
	})
}

func TestFault_A1_TokenThatAnOutageMadeStaleIsGivenUp(t *testing.T) {
	for _, status := range []int{http.StatusNotFound, http.StatusGone, http.StatusUnprocessableEntity, http.StatusInternalServerError} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(_ *testing.T, h *harness) {
				h.start()
				h.pass(15 * time.Second)
				from := time.Now()
				for i := range 30 {
					h.add(strconv.Itoa(i), from.Add(time.Duration(i)*time.Millisecond), 10)
				}
				var stale string
				h.api.Inject(simulator.Fault{
					When: func(r simulator.Request) bool {
						token := string(r.Query.SearchAfter)
						if stale == "" {
							stale = token
						}
						return token != "" && token == stale
					},
					Effect: simulator.Status(status, "no such cursor"),
				})
				h.pass(time.Hour)
				h.requireEachOnce(from)
			})
		})
	}
}

func TestPageSizeThatABackfillRaisedOutlivesALivePass(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	bubble(t, simulator.Settings{}, func(_ *testing.T, h *harness) {
		begin := time.Now()
		h.settings.History = poll.History{Lookback: 48 * time.Hour}
		h.add("tie", begin.Add(-24*time.Hour), 5*h.settings.PageSize)
		// A live pass ends between the try of a larger page and the page.
		h.api.Inject(simulator.Fault{
			Times:  1,
			When:   func(r simulator.Request) bool { return r.Query.Limit == 10_000 && !r.Query.End.IsZero() },
			Effect: simulator.Status(http.StatusServiceUnavailable, "", "Retry-After", "30"),
		})
		h.api.Inject(simulator.Fault{Effect: simulator.Headers("X-Search_after", "")})
		h.start()
		h.pass(24 * time.Hour)
		h.requireEachOnce(begin.Add(-48 * time.Hour))
	})
}

// The API answers every query with it, and no time says when that ends.
func TestFault_P5_EventWithoutATimeIsDeliveredOnceForAsLongAsItIsShown(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		h.api.Add(simulator.Event{Time: time.Now().Add(24 * time.Hour), JSON: []byte(`{"id":"none"}`)})
		h.pass(3 * time.Hour)
		assert.Equal(t, map[string]int{"none": 1}, h.accepted())
	})
}
