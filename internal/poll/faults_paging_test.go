// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// meets runs an engine while answers are changed by effect for two minutes, and fails unless every
// event of before, meanwhile and after is delivered once.
func meets(t *testing.T, effect simulator.Effect, look func(t *testing.T, h *harness)) {
	t.Helper()
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		for i := range 150 {
			h.add(fmt.Sprint("before", i), from.Add(time.Duration(i)*10*time.Millisecond), 3)
		}
		h.api.Inject(simulator.Fault{Until: time.Now().Add(2 * time.Minute), Effect: effect})
		for i := range 12 {
			h.pass(10 * time.Second)
			h.add(fmt.Sprint("during", i), time.Now(), 25)
		}
		h.pass(15 * time.Minute)
		h.requireEachOnce(from)
		assert.Empty(t, h.observed.seen().losses)
		if look != nil {
			look(t, h)
		}
	})
}

func fails(kind poll.FailureKind) func(t *testing.T, h *harness) {
	return func(t *testing.T, h *harness) {
		assert.Contains(t, h.observed.seen().kinds(), kind)
		assert.Empty(t, h.observed.seen().failing)
	}
}

func tells(anomaly poll.Anomaly) func(t *testing.T, h *harness) {
	return func(t *testing.T, h *harness) {
		assert.Contains(t, h.observed.seen().anomalies, anomaly)
	}
}

func TestFault_P1_BodyThatIsNoArrayIsRefused(t *testing.T) {
	for _, body := range []string{`{}`, `{"message":"hello"}`, `""`, `null `, ``} {
		t.Run(body, func(t *testing.T) {
			effect := simulator.Effect{Alter: func(a *simulator.Answer) {
				a.Body = []byte(body)
				a.Header["X-Result-Count"] = []string{"3"}
			}}
			meets(t, effect, fails(poll.FailureBadResponse))
		})
	}
}

func TestFault_P9_IDThatComesTwiceInAPageIsDeliveredOnce(t *testing.T) {
	// Half a page, twice, is not more than was asked for.
	effect := simulator.Effect{Query: func(q *simulator.Query) { q.Limit = max(1, q.Limit/2) }, Alter: func(a *simulator.Answer) {
		if inner := bytes.Trim(a.Body, "[]"); len(inner) > 0 {
			a.Body = fmt.Appendf(nil, "[%s,%s]", inner, inner)
			delete(a.Header, "X-Result-Count")
		}
	}}
	meets(t, effect, nil)
}

func TestFault_P11_PageOutOfOrderIsDelivered(t *testing.T) {
	effect := simulator.Effect{Alter: func(a *simulator.Answer) {
		events := bytes.Split(bytes.Trim(a.Body, "[]"), []byte("},{"))
		if len(events) < 3 {
			return
		}
		inner := events[1 : len(events)-1]
		slices.Reverse(inner)
		a.Body = fmt.Appendf(nil, "[%s]", bytes.Join(events, []byte("},{")))
	}}
	meets(t, effect, nil)
}

func TestFault_G3_FullPageWithoutATokenIsFollowedByTime(t *testing.T) {
	meets(t, simulator.Headers("X-Search_after", ""), tells(poll.AnomalyNoToken))
}

func TestFault_G4_TokenThatIsNoneIsFollowedByTime(t *testing.T) {
	meets(t, simulator.Headers("X-Search_after", "garbage"), tells(poll.AnomalyNoToken))
}

func TestFault_G5_TokenThatRepeatsEndsInNoCircle(t *testing.T) {
	meets(t, simulator.Headers("X-Search_after", `[1,"same"]`), func(t *testing.T, h *harness) {
		assert.Less(t, len(h.api.Requests()), 1000)
	})
}

func TestFault_G7_CountThatDiffersFromThePageRefusesIt(t *testing.T) {
	meets(t, simulator.Headers("X-Result-Count", "999"), fails(poll.FailureBadResponse))
}

func TestFault_G8_PagesWithoutAnyHeaderAreAllRead(t *testing.T) {
	meets(t, simulator.NoHeaders(), nil)
}

func TestFault_G9_HeadersAreReadHoweverTheyAreSpelt(t *testing.T) {
	meets(t, upperCase(), func(t *testing.T, h *harness) {
		assert.Empty(t, h.observed.seen().anomalies)
	})
}

func TestFault_G10_EmptyPageThatCountsSomethingIsRefused(t *testing.T) {
	effect := simulator.Effect{Alter: func(a *simulator.Answer) {
		a.Body = []byte("[]")
		a.Header["X-Result-Count"] = []string{"5"}
	}}
	meets(t, effect, fails(poll.FailureBadResponse))
}

func TestFault_C4_WithoutADateTheLocalClockStandsIn(t *testing.T) {
	meets(t, simulator.Headers("Date", ""), tells(poll.AnomalyNoDate))
}

func TestFault_C3_LocalClockThatIsOffLosesNothing(t *testing.T) {
	for _, off := range []time.Duration{-5 * time.Minute, 5 * time.Minute} {
		t.Run(off.String(), func(t *testing.T) {
			now := func() time.Time { return time.Now().Add(off) }
			bubble(t, simulator.Settings{Now: now}, func(t *testing.T, h *harness) {
				h.start()
				h.pass(15 * time.Second)
				from := now()
				for i := range 12 {
					h.pass(10 * time.Second)
					h.add(fmt.Sprint("event", i), now(), 25)
				}
				h.pass(15 * time.Minute)
				h.requireEachOnce(from)
				for _, request := range h.api.Requests() {
					assert.False(t, request.Query.Limit > 1 && request.Query.Start.After(request.At))
				}
			})
		})
	}
}

func TestFault_C7_EndThatIsInclusiveOrNotLosesNothing(t *testing.T) {
	for _, exclusive := range []bool{false, true} {
		t.Run(strconv.FormatBool(exclusive), func(t *testing.T) {
			bubble(t, simulator.Settings{EndExclusive: exclusive}, func(_ *testing.T, h *harness) {
				from := time.Now().Add(-72 * time.Hour).Truncate(time.Hour)
				for hour := range 71 {
					h.add(fmt.Sprint("hour", hour), from.Add(time.Duration(hour)*time.Hour), 3)
				}
				h.settings.History = poll.History{Start: from}
				h.start()
				h.pass(30 * time.Minute)
				h.requireEachOnce(from)
			})
		})
	}
}

func TestFault_C2_EventLaterThanTheDelayIsOutOfThePromise(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		at := time.Now()
		h.api.Add(simulator.Event{Service: "sso", ID: "too late", Time: at, Visible: at.Add(3 * h.settings.MaxEventDelay)})
		h.pass(2 * time.Hour)
		h.add("after", time.Now(), 1)
		h.pass(time.Minute)
		events, most := h.count()
		assert.Equal(t, 1, events)
		assert.Equal(t, 1, most)
	})
}
