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

func TestFault_E7_EventThatIsTooLargeIsPassedWhereTokensAreBoundToTheirQuery(t *testing.T) {
	bubble(t, simulator.Settings{BindTokens: true}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := twenty(h)
		at := from.Add(7 * time.Millisecond)
		h.api.Add(simulator.Event{ID: "huge", Time: at, JSON: largeEvent("huge", at, 2<<20)})
		var stripped []string
		h.refuseWith(func(batch poll.Batch) error {
			for _, event := range batch.Events {
				if event.Oversize {
					stripped = append(stripped, event.ID)
				}
			}
			return nil
		})
		h.pass(10 * time.Minute)
		h.requireEachOnce(from)
		assert.Contains(t, stripped, "huge")
		assert.LessOrEqual(t, len(stripped), 2, "the event, and what shares its millisecond")
		lost := 0
		for _, loss := range h.observed.seen().losses {
			lost += loss.Events
		}
		assert.Len(t, stripped, lost)
		for _, request := range h.api.Requests() {
			require.NotEqual(t, http.StatusBadRequest, request.Status)
		}
	})
}

// An event of the future that is too large can't be got past by time, and stops nothing.
func TestFault_E7_EventThatIsTooLargeAndDatedAheadStopsNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		at := from.Add(time.Hour)
		h.api.Add(simulator.Event{ID: "huge", Time: at, JSON: largeEvent("huge", at, 2<<20)})
		before := len(h.api.Requests())
		h.happen("live", 3*time.Minute, 1)
		h.pass(2 * time.Minute)
		h.requireEachOnce(from)
		assert.Less(t, len(h.api.Requests())-before, 30*40, "30 polls, each of which finds the event by halves")
	})
}

// Others are on its millisecond.
func TestFault_E7_EventThatIsTooLargeInATieAheadIsAskedForRarely(t *testing.T) {
	bubble(t, simulator.Settings{Latency: 200 * time.Millisecond}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		at := from.Add(9 * time.Minute)
		h.add("tie", at, 10)
		h.api.Add(simulator.Event{ID: "huge", Time: at, JSON: largeEvent("huge", at, 2<<20)})
		before := len(h.api.Requests())
		h.pass(8 * time.Minute)
		assert.Less(t, len(h.api.Requests())-before, 48*8, "48 polls")
		h.pass(4 * time.Minute)
		h.requireEachOnce(from)
	})
}

// Others become visible at any moment, dated a little ahead of the answers.
func TestFault_E7_EventsBesideOneThatIsTooLargeAndDatedAheadComeWhole(t *testing.T) {
	bubble(t, simulator.Settings{Latency: 200 * time.Millisecond}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		at := from.Add(20 * time.Minute)
		h.api.Add(simulator.Event{ID: "huge", Time: at, JSON: largeEvent("huge", at, 2<<20)})
		for n := range 300 {
			h.add(fmt.Sprintf("live-%d", n), time.Now().Add(3*time.Second), 1)
			h.pass(2170 * time.Millisecond)
		}
		h.pass(30 * time.Minute)
		h.requireEachOnce(from)
		lost := 0
		for _, loss := range h.observed.seen().losses {
			lost += loss.Events
		}
		assert.Equal(t, 1, lost)
	})
}

func TestFault_E8_RefusedTokensAndATieLargerThanAPageStopNothing(t *testing.T) {
	for _, status := range []int{http.StatusBadRequest, http.StatusInternalServerError} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				h.start()
				h.pass(15 * time.Second)
				from := time.Now()
				h.add("tie", from, 250)
				h.api.Inject(simulator.Fault{When: simulator.WithToken, Effect: simulator.Status(status, "search_after is not valid")})
				h.pass(time.Hour)
				h.add("after", time.Now(), 1)
				h.pass(time.Hour)
				h.requireEachOnce(from)
			})
		})
	}
}

// manyDelivered has had 30 minutes of events delivered, of which the last ten are read again by each rescan.
func manyDelivered(h *harness) (from time.Time) {
	h.start()
	h.pass(15 * time.Second)
	from = time.Now()
	h.happen("e", 15*time.Minute, 2)
	return from
}

func TestRescansAskForIDsUntilAnEventIsNew(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		from := manyDelivered(h)
		before := len(h.api.Requests())
		at := time.Now().Add(-5 * time.Minute)
		h.api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: "late", Time: at, Visible: time.Now()})
		h.pass(2 * time.Minute)
		h.requireEachOnce(from)
		whole := 0
		for _, request := range h.api.Requests()[before:] {
			if request.Query.Fields == nil {
				whole += request.Sent
			}
		}
		assert.Less(t, whole, 4*h.settings.PageSize, "the page of the late event, and one to see that nothing else is new")
	})
}

func TestFault_E24_RescansAreWholeWhereLightPagesAreNotAsDocumented(t *testing.T) {
	for name, alter := range map[string]func(q *simulator.Query){
		"fields are ignored": func(q *simulator.Query) { q.Fields = nil },
		"there are no ids":   func(q *simulator.Query) { q.Fields = []string{"timestamp"} },
		"there are no times": func(q *simulator.Query) { q.Fields = []string{"id"} },
		"there is more":      func(q *simulator.Query) { q.Fields = append(q.Fields, "service") },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				from := manyDelivered(h)
				h.api.Inject(simulator.Fault{
					When:   func(r simulator.Request) bool { return r.Query.Fields != nil },
					Effect: simulator.Effect{Query: alter},
				})
				late := time.Now().Add(-3 * time.Minute)
				h.api.Add(simulator.Event{Service: "sso", ID: "late", Time: late, Visible: time.Now()})
				h.pass(5 * time.Minute)
				h.requireEachOnce(from)
				told := 0
				for _, anomaly := range h.observed.seen().anomalies {
					if anomaly == poll.AnomalyNotLight {
						told++
					}
				}
				assert.Equal(t, 1, told)
			})
		})
	}
}

func TestLateEventsOfATieLargerThanAPageAreFoundByLightPages(t *testing.T) {
	bubble(t, simulator.Settings{ShuffleTies: true}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		h.add("tie", from, 450)
		h.pass(2 * time.Minute)
		for i := range 50 {
			h.api.Add(simulator.Event{Service: "sso", ID: fmt.Sprint("late", i), Time: from, Visible: time.Now()})
		}
		h.pass(3 * time.Minute)
		h.requireEachOnce(from)
		assert.Empty(t, h.observed.seen().failures)
	})
}
