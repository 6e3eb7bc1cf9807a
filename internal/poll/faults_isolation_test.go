// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// breaking breaks the JSON of the event "a7-0" where it is asked for whole. No count tells how many
// events the page has.
func breaking() simulator.Fault {
	return simulator.Fault{
		When: func(r simulator.Request) bool { return r.Query.Fields == nil },
		Effect: simulator.Effect{Alter: func(a *simulator.Answer) {
			a.Body = []byte(strings.Replace(string(a.Body), `"id":"a7-0","organization"`, `"id":"a7-0",organization`, 1))
			delete(a.Header, "X-Result-Count")
		}},
	}
}

// twenty adds events one millisecond apart, "a0-0" to "a19-0".
func twenty(h *harness) (from time.Time) {
	from = time.Now()
	for i := range 20 {
		h.add(fmt.Sprint("a", i), from.Add(time.Duration(i)*time.Millisecond), 1)
	}
	return from
}

func TestFault_P2_PageIsRefusedWholeAndHalvedAfterFiveFailures(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.LightRescans, h.settings.RescanInterval = false, 24*time.Hour
		h.start()
		h.pass(15 * time.Second)
		from := twenty(h)
		sent := len(h.api.Requests())
		// accepted is how many events were by the time of each request.
		var accepted []int
		fault := breaking()
		fault.When = func(r simulator.Request) bool {
			events, _ := h.count()
			accepted = append(accepted, events)
			return r.Query.Fields == nil
		}
		h.api.Inject(fault)
		h.pass(time.Hour)
		h.requireEachOnce(from)
		asked := h.asked(sent)
		isolated := slices.IndexFunc(asked, func(q simulator.Query) bool { return q.Fields != nil })
		require.Positive(t, isolated)
		var limits []int
		for _, query := range asked[:isolated+1] {
			limits = append(limits, query.Limit)
		}
		// At 6 and at 1 a page is good, and the next one is at another place.
		require.Equal(t, []int{100, 100, 100, 100, 100, 50, 25, 12, 6, 6, 6, 6, 6, 6, 3, 1, 1, 1, 1, 1, 1, 1, 100}, limits)
		assert.Equal(t, []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 6, 6, 6, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7}, accepted[:len(limits)])
		assert.Equal(t, []string{"id", "timestamp"}, asked[isolated].Fields)
		h.requireOneLoss(poll.LossUnreadable)
	})
}

func TestFault_P2_FailuresThatAPageEndsAreNotCountedOn(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := twenty(h)
		sent := len(h.api.Requests())
		for range 3 {
			fault := breaking()
			fault.Times = 4
			h.api.Inject(fault)
			h.pass(5 * time.Minute)
			h.api.Heal()
		}
		h.requireEachOnce(from)
		for _, query := range h.asked(sent) {
			require.Equal(t, h.settings.PageSize, query.Limit)
		}
	})
}

// No event of theirs is the cause, so none is given up.
func TestFault_P2_AnswersThatAreNoPageGiveNoEventUp(t *testing.T) {
	for name, effect := range map[string]simulator.Effect{
		"a login page": simulator.HTML(), "an object": simulator.Body(`{"message":"hello"}`), "cut off": simulator.Truncate(100),
		"a wrong count": simulator.Headers("X-Result-Count", "999"),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				h.settings.LightRescans = false
				h.start()
				h.pass(15 * time.Second)
				sent := len(h.api.Requests())
				from := twenty(h)
				h.api.Inject(simulator.Fault{Until: time.Now().Add(3 * time.Hour), Effect: effect})
				h.pass(3 * time.Hour)
				for _, request := range h.api.Requests()[sent:] {
					require.Nil(t, request.Query.Fields)
				}
				h.pass(3 * time.Hour)
				h.requireEachOnce(from)
				assert.Empty(t, h.observed.seen().losses)
			})
		})
	}
}

func TestFault_P6_OnlyTheEventThatIsTooLargeIsAskedForByItsID(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.RescanInterval = 24 * time.Hour
		h.start()
		h.pass(15 * time.Second)
		from := twenty(h)
		at := from.Add(7 * time.Millisecond)
		h.api.Add(simulator.Event{ID: "huge", Time: at, JSON: largeEvent("huge", at, 2<<20)})
		sent := len(h.api.Requests())
		var stripped []string
		h.refuseWith(func(batch poll.Batch) error {
			for _, event := range batch.Events {
				if event.Oversize {
					stripped = append(stripped, event.ID)
				}
			}
			return nil
		})
		h.pass(h.settings.PollInterval)
		h.requireEachOnce(from)
		assert.Equal(t, []string{"huge"}, stripped)
		byID := 0
		for _, query := range h.asked(sent) {
			if query.Fields != nil {
				byID++
				assert.Equal(t, []string{"id", "timestamp"}, query.Fields)
			}
		}
		assert.Equal(t, 3, byID, "one to see that it was not delivered, one to find it, and one for its id")
		assert.Empty(t, h.observed.seen().failures, "it is no state")
	})
}

func TestFault_T7_PageThatDoesNotComeInTimeIsAskedForInHalves(t *testing.T) {
	for name, test := range map[string]struct {
		effect simulator.Effect
		limits []int
	}{
		"in time": {simulator.Hang(), []int{100, 100, 50, 25}},
		"at all":  {simulator.Reset(), []int{100, 100, 100, 100}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				h.settings.RescanInterval = 24 * time.Hour
				h.start()
				h.pass(15 * time.Second)
				from := twenty(h)
				sent := len(h.api.Requests())
				h.api.Inject(simulator.Fault{Times: 3, Effect: test.effect})
				h.pass(10 * time.Minute)
				h.requireEachOnce(from)
				for i, query := range h.asked(sent)[:4] {
					assert.Equal(t, test.limits[i], query.Limit)
				}
			})
		})
	}
}

// Live pages that are good in the meantime say nothing of the history's.
func TestFault_P2_BrokenEventOfTheHistoryIsPassedByBesideLiveEvents(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		from := time.Now().Add(-5 * time.Hour)
		h.settings.History = poll.History{Start: from}
		for i := range 20 {
			h.add(fmt.Sprint("a", i), from.Add(time.Duration(i+1)*time.Millisecond), 1)
		}
		h.api.Inject(breaking())
		h.start()
		h.pass(12 * time.Hour)
		h.requireEachOnce(from)
		h.requireOneLoss(poll.LossUnreadable)
	})
}
