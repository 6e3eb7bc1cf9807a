// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// A fleet whose clocks are ahead by anything: each new event is among those that are known.
func TestFault_E18_NewEventsAmongManyThatAreDatedAheadCostFewPages(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.PageSize = 100
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		random := rand.New(rand.NewPCG(1, 1))
		ahead := func(prefix string, count int) {
			for i := range count {
				h.add(fmt.Sprint(prefix, i), from.Add(time.Hour+time.Duration(random.IntN(1e6))*time.Second), 1)
			}
		}
		ahead("known", 5000)
		h.pass(2 * time.Minute)
		before := len(h.api.Requests())
		for i := range 10 {
			ahead(fmt.Sprint("new", i, "-"), 50)
			h.pass(time.Minute)
		}
		h.pass(time.Minute)
		h.requireEachOnce(from)
		assert.Less(t, len(h.api.Requests())-before, 10*50*4)
	})
}

// A gateway carries no answer as large as one event.
func TestFault_E21_EventThatAGatewayRefusesIsPassedBy(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, status := range []int{413, 502, 500} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				h.start()
				h.pass(15 * time.Second)
				from := twenty(h)
				at := from.Add(7 * time.Millisecond)
				h.api.Add(simulator.Event{ID: "huge", Time: at, JSON: largeEvent("huge", at, 500<<10)})
				h.api.Inject(simulator.Fault{Effect: simulator.Effect{Alter: func(a *simulator.Answer) {
					if len(a.Body) > 400<<10 {
						a.Status, a.Body = status, []byte("{}")
					}
				}}})
				h.pass(24 * time.Hour)
				events, _ := h.count()
				assert.Equal(t, 21, events)
			})
		})
	}
}

// The pages before it, at the same place, raise the page size again.
func TestFault_P6_EventThatIsTooLargeInALargeTieIsPassedBy(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		h.add("tie", from, 500)
		h.api.Add(simulator.Event{ID: "huge", Time: from, JSON: largeEvent("huge", from, 2<<20)})
		// A circle without a wait would never let the bubble's time go on.
		h.api.Inject(simulator.Fault{Skip: 5000, Effect: simulator.Hang()})
		before := len(h.api.Requests())
		h.pass(time.Hour)
		assert.Less(t, len(h.api.Requests())-before, 5000)
		h.requireEachOnce(from)
	})
}

// Small pages looked ordered, each by itself, and 15 events were passed over in silence. The history stops at the
// event, and says so: by time nothing leads past it.
func TestFault_E22_EventThatIsTooLargeOnAPageOutOfOrderIsNoSilentLoss(t *testing.T) {
	bubble(t, simulator.Settings{Disorder: true}, func(t *testing.T, h *harness) {
		begin := time.Now()
		h.settings.History = poll.History{Lookback: 5 * time.Hour}
		for i := range 50 {
			h.add(fmt.Sprint("h", i), begin.Add(-time.Duration(60+i)*time.Minute), 1)
		}
		at := begin.Add(-90*time.Minute - time.Second)
		h.api.Add(simulator.Event{ID: "huge", Time: at, JSON: largeEvent("huge", at, 2<<20)})
		h.start()
		h.pass(day)
		if events, _ := h.count(); events < 51 {
			assert.Equal(t, []poll.Condition{poll.ConditionBackfill}, h.observed.seen().failing)
			assert.Positive(t, h.observed.seen().progress.BackfillRemaining)
		}
	})
}

// A gateway with a clock of its own, 300 days behind, dates every answer for a minute.
func TestDatesFarBehindBringLittleAgain(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		for i := range 100 {
			h.add(fmt.Sprint("e", i), time.Now(), 5)
			h.pass(time.Hour)
		}
		h.api.Inject(simulator.Fault{Until: time.Now().Add(time.Minute), Effect: simulator.DateSkew(-300 * day)})
		h.pass(3 * time.Hour)
		events, most := h.count()
		assert.Equal(t, 500, events)
		assert.Equal(t, 1, most)
		assert.Empty(t, h.observed.seen().losses)
	})
}

// The API shows events without a time last, on a page of its own.
func TestFault_P5_UndatedEventsComeOnceWhereRescansAreRare(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.MaxEventDelay, h.settings.RescanInterval = time.Minute, 100*time.Minute
		h.start()
		h.pass(15 * time.Second)
		h.api.Add(simulator.Event{Service: "sso", ID: "undated", Time: time.Now().Add(400 * day), JSON: []byte(`{"id":"undated","service":"sso"}`)})
		for i := range 24 * 60 {
			h.add(fmt.Sprint("e", i), time.Now(), 30)
			h.pass(time.Minute)
		}
		h.pass(3 * time.Hour)
		assert.Equal(t, 1, h.accepted()["undated"])
	})
}

// The API may refuse the fields that light pages ask for, as it does where no event of a page has one of them.
func TestFault_E24_LightPagesThatAreRefusedAreReadWhole(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		from := manyDelivered(h)
		h.api.Inject(simulator.Fault{
			When:   func(r simulator.Request) bool { return r.Query.Fields != nil },
			Effect: simulator.Status(http.StatusBadRequest, "no known field in fields"),
		})
		h.api.Add(simulator.Event{Service: "sso", ID: "late", Time: time.Now().Add(-3 * time.Minute), Visible: time.Now()})
		before := len(h.api.Requests())
		h.pass(5 * time.Minute)
		h.requireEachOnce(from)
		assert.Contains(t, h.observed.seen().anomalies, poll.AnomalyNotLight)
		assert.Empty(t, h.observed.seen().failing)
		assert.Less(t, len(h.api.Requests())-before, 200)
	})
}
