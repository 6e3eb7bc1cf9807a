// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// spread adds events at 150 moments, 10 ms apart and three at each, after a first poll. No rescan
// follows within the test, which would mend what a tail leaves out.
func spread(h *harness) (from time.Time, sent int) {
	h.settings.RescanInterval = 24 * time.Hour
	h.start()
	h.pass(15 * time.Second)
	from = time.Now()
	for i := range 150 {
		h.add(fmt.Sprint("event", i), from.Add(time.Duration(i)*10*time.Millisecond), 3)
	}
	return from, len(h.api.Requests())
}

// asked returns what was asked for after the first sent requests.
func (h *harness) asked(sent int) (queries []simulator.Query) {
	for _, request := range h.api.Requests()[sent:] {
		queries = append(queries, request.Query)
	}
	return queries
}

// requireByTime wants pages of 100 to be followed from the millisecond of their last event on, with
// no token, to the end of what spread added.
func requireByTime(t *testing.T, from time.Time, queries []simulator.Query) {
	t.Helper()
	require.Len(t, queries, 5)
	for i, query := range queries {
		assert.Nil(t, query.SearchAfter)
		if i > 0 {
			// Every page but the first begins with one event that the one before has, too.
			assert.WithinDuration(t, from.Add(time.Duration(33*i)*10*time.Millisecond), query.Start, 0)
		}
	}
}

func TestFault_G3_WithoutATokenEachPageBeginsAtTheLastMillisecond(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		from, sent := spread(h)
		h.api.Inject(simulator.Fault{Effect: simulator.Headers("X-Search_after", "")})
		h.pass(h.settings.PollInterval)
		h.requireEachOnce(from)
		requireByTime(t, from, h.asked(sent))
		assert.Contains(t, h.observed.seen().anomalies, poll.AnomalyNoToken)
		assert.Empty(t, h.observed.seen().failures)
	})
}

func TestFault_G4_WhatIsNoTokenIsNotSent(t *testing.T) {
	for name, token := range map[string]string{
		"text": "garbage", "an object": `{"a":1}`, "half an array": `[1,"a"`, "a large one": `[1,"` + strings.Repeat("a", 4<<10) + `"]`,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				from, sent := spread(h)
				h.api.Inject(simulator.Fault{Effect: simulator.Headers("X-Search_after", token)})
				h.pass(h.settings.PollInterval)
				h.requireEachOnce(from)
				requireByTime(t, from, h.asked(sent))
			})
		})
	}
}

// The token of the first page comes with each other, too: every second request is in vain.
func TestFault_G5_WithTheSameTokenPagingGetsOnByTime(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		from, sent := spread(h)
		var first []string
		h.api.Inject(simulator.Fault{Effect: simulator.Effect{Alter: func(a *simulator.Answer) {
			if first == nil {
				first = a.Header["X-Search_after"]
			}
			a.Header["X-Search_after"] = first
		}}})
		h.pass(h.settings.PollInterval)
		h.requireEachOnce(from)
		assert.LessOrEqual(t, len(h.asked(sent)), 10, "five pages")
		assert.Contains(t, h.observed.seen().anomalies, poll.AnomalyRepeatedPage)
		assert.Empty(t, h.observed.seen().failures)
	})
}

// circle answers with the same full page again and again, each time as turn has it.
func circle(turn func(answers int, events []json.RawMessage) (token string)) simulator.Effect {
	var page []json.RawMessage
	answers := 0
	return simulator.Effect{Alter: func(a *simulator.Answer) {
		if page == nil {
			_ = json.Unmarshal(a.Body, &page)
		}
		token := turn(answers, page)
		answers++
		a.Status = 200
		a.Body, _ = json.Marshal(page)
		for name, value := range map[string]string{"X-Search_after": token, "X-Limit": strconv.Itoa(len(page)), "X-Result-Count": strconv.Itoa(len(page))} {
			a.Header[name] = []string{value}
		}
	}}
}

func TestFault_G5_EitherSignOfACircleEndsIt(t *testing.T) {
	for name, test := range map[string]struct {
		effect simulator.Effect
		// asked is how often each place is asked for: twice, and once ahead where the headers of the
		// second page do not tell that it repeats.
		asked int
	}{
		"only the token repeats": {circle(func(_ int, events []json.RawMessage) string {
			copy(events, append(events[1:len(events):len(events)], events[0]))
			return `[1,"same"]`
		}), 2},
		"only the events repeat": {circle(func(answers int, _ []json.RawMessage) string {
			return fmt.Sprintf(`[%d,"other"]`, answers)
		}), 3},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				h.start()
				h.pass(15 * time.Second)
				from := time.Now()
				h.add("tie", from, 250)
				sent := len(h.api.Requests())
				h.api.Inject(simulator.Fault{Times: 60, Effect: test.effect})
				h.pass(h.settings.PollInterval)
				met := h.api.Requests()[sent:]
				require.NotEmpty(t, met)
				atOnce := 0
				for _, request := range met {
					if request.At.Equal(met[0].At) {
						atOnce++
					}
				}
				assert.LessOrEqual(t, atOnce, 3*test.asked, "from the watermark, from its millisecond and as large as can be")
				assert.Contains(t, h.observed.seen().anomalies, poll.AnomalyRepeatedPage)
				assert.Equal(t, []poll.FailureKind{poll.FailureStuck}, h.observed.seen().kinds())
				h.pass(2 * time.Hour)
				h.requireEachOnce(from)
			})
		})
	}
}

func TestFault_G8_WithoutAnyHeaderTheLastPageIsTheOneThatIsNotFull(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		from, sent := spread(h)
		h.api.Inject(simulator.Fault{Effect: simulator.NoHeaders()})
		h.pass(h.settings.PollInterval)
		h.requireEachOnce(from)
		requireByTime(t, from, h.asked(sent))
	})
}

func TestFault_G8_TokenWithoutALimitIsFollowedUntilAPageIsEmpty(t *testing.T) {
	for name, test := range map[string]struct {
		events, requests int
		headers          []string
	}{
		"a short page":              {30, 2, []string{"X-Limit", "", "X-Result-Count", ""}},
		"two full pages":            {200, 3, []string{"X-Limit", "", "X-Result-Count", ""}},
		"nothing":                   {0, 1, []string{"X-Limit", "", "X-Result-Count", ""}},
		"a short page, its limit":   {30, 1, nil},
		"a short page and no token": {30, 1, []string{"X-Limit", "", "X-Result-Count", "", "X-Search_after", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				h.start()
				h.pass(15 * time.Second)
				from := time.Now()
				for i := range test.events {
					h.add(fmt.Sprint("event", i), from.Add(time.Duration(i)*time.Millisecond), 1)
				}
				sent := len(h.api.Requests())
				h.api.Inject(simulator.Fault{Effect: simulator.Headers(test.headers...)})
				h.pass(h.settings.PollInterval)
				assert.Len(t, h.asked(sent), test.requests)
				events, _ := h.count()
				assert.Equal(t, test.events, events)
			})
		})
	}
}
