// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// compared runs a test with 50 hours of history that have three events each, and an audit. The hours are no whole
// ones at either end. The audit itself has no time to look at.
func compared(t *testing.T, settings simulator.Settings, run func(t *testing.T, h *harness, from time.Time)) {
	t.Helper()
	bubble(t, settings, func(t *testing.T, h *harness) {
		h.pass(100*time.Hour + 25*time.Minute)
		h.settings.Audit = poll.AuditSettings{Interval: time.Hour, Depth: time.Minute}
		h.settings.History = poll.History{Lookback: 50 * time.Hour}
		from := time.Now().Add(-50*time.Hour + 5*time.Second)
		for hour := range 50 {
			h.add(fmt.Sprint("past-", hour), from.Add(time.Duration(hour)*time.Hour), 3)
		}
		run(t, h, from)
	})
}

// readings counts for each start how often a pass over an hour of history, and no more, began.
func readings(h *harness) map[time.Time]int {
	began := make(map[time.Time]int)
	for _, r := range h.api.Requests() {
		if q := r.Query; !asCount(r) && !q.End.IsZero() && q.End.Sub(q.Start) <= time.Hour && q.SearchAfter == nil && q.Fields != nil {
			began[q.Start]++
		}
	}
	return began
}

// requireEnded fails unless history ended once, and returns its report.
func requireEnded(t *testing.T, h *harness) poll.HistoryReport {
	t.Helper()
	ended := h.observed.seen().ended
	require.Len(t, ended, 1)
	return ended[0]
}

func TestHistoryIsProvenByAFewCounts(t *testing.T) {
	for name, settings := range map[string]simulator.Settings{
		"inclusive": {}, "exclusive": {EndExclusive: true}, "disordered": {Disorder: true},
	} {
		t.Run(name, func(t *testing.T) {
			compared(t, settings, func(t *testing.T, h *harness, from time.Time) {
				h.start()
				h.pass(2 * time.Minute)
				report := requireEnded(t, h)
				asked, _ := counts(h)
				assert.LessOrEqual(t, asked, 5, "one of all, one of the first hour, one for each day and the rest")
				assert.Empty(t, readings(h))
				assert.Equal(t, 51, report.Hours)
				assert.Zero(t, report.Unproven)
				assert.True(t, report.Compared)
				assert.Equal(t, 150, report.Events)
				h.requireEachOnce(from)
			})
		})
	}
}

// What history's pages lacked is found by the count, before history is left.
func TestHistoryThatIsShortIsReadAgain(t *testing.T) {
	compared(t, simulator.Settings{}, func(t *testing.T, h *harness, from time.Time) {
		at := from.Add(7 * time.Hour)
		h.api.Add(simulator.Event{Service: "sso", ID: "shown late", Time: at, Visible: time.Now().Add(25 * time.Second)})
		var how poll.Delivery
		h.refuseWith(func(b poll.Batch) error {
			if b.Delivery == poll.DeliveryHistory {
				time.Sleep(500 * time.Millisecond)
			}
			if b.Events[0].ID == "shown late" {
				how = b.Delivery
			}
			return nil
		})
		h.settings.BatchSize = 1
		h.start()
		h.pass(10 * time.Minute)
		h.requireEachOnce(from)
		assert.Zero(t, requireEnded(t, h).Unproven)
		assert.Equal(t, 151, requireEnded(t, h).Events)
		assert.Len(t, readings(h), 1)
		assert.Equal(t, poll.DeliveryHistory, how, "no rescan found it")
	})
}

// Whatever a count says, history is read, each event once, an hour is read once more at most, and history ends.
func TestWrongCountsNeverStopHistory(t *testing.T) {
	lies := 0
	tests := map[string]struct {
		wrong    func(right int) int
		unproven int
		readings int
	}{
		"more":              {func(right int) int { return right + 3 }, 0, 51},
		"fewer":             {func(right int) int { return right - 1 }, 51, 0},
		"none":              {func(int) int { return 0 }, 50, 0},
		"at least":          {func(int) int { return 10_000 }, 0, 51},
		"negative":          {func(int) int { return -1 }, 51, 0},
		"another each time": {func(right int) int { lies++; return right + lies }, 0, 51},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			compared(t, simulator.Settings{}, func(t *testing.T, h *harness, from time.Time) {
				wrongCount(h, test.wrong)
				h.start()
				h.pass(10 * time.Minute)
				h.requireEachOnce(from)
				assert.Equal(t, test.unproven, requireEnded(t, h).Unproven)
				assert.Len(t, readings(h), test.readings)
				for start, times := range readings(h) {
					assert.Equal(t, 1, times, start)
				}
				assert.Empty(t, h.observed.seen().losses)
			})
		})
	}
}

// A count of 10,000 means at least so many: it proves nothing, and the pages do.
func TestHistoryIsNotProvenByACountOfTenThousand(t *testing.T) {
	compared(t, simulator.Settings{}, func(t *testing.T, h *harness, from time.Time) {
		h.settings.PageSize = 10_000
		h.add("many", from.Add(30*time.Hour+time.Minute), 9_997)
		wrongCount(h, func(right int) int { return min(right, 10_000) })
		h.start()
		h.pass(10 * time.Minute)
		h.requireEachOnce(from)
		assert.Zero(t, requireEnded(t, h).Unproven)
		assert.Len(t, readings(h), 1, "the hour of 10,000 events")
	})
}

func TestHistoryGoesOnWithoutAProofWhereCountsAreNotAnswered(t *testing.T) {
	tests := map[string]struct {
		effect simulator.Effect
		most   int
	}{
		"not there":   {simulator.Status(http.StatusNotFound, "no"), 2},
		"refused":     {simulator.Status(http.StatusBadRequest, "no"), 2},
		"unavailable": {simulator.Status(http.StatusServiceUnavailable, ""), 3},
		"no count":    {simulator.Body(`[]`), 2},
		"not allowed": {simulator.Status(http.StatusForbidden, ""), 3},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			compared(t, simulator.Settings{}, func(t *testing.T, h *harness, from time.Time) {
				h.api.Inject(simulator.Fault{When: asCount, Effect: test.effect})
				h.start()
				h.pass(10 * time.Minute)
				h.requireEachOnce(from)
				assert.Equal(t, 51, requireEnded(t, h).Unproven)
				asked, _ := counts(h)
				assert.LessOrEqual(t, asked, test.most)
				assert.Empty(t, h.observed.seen().failing)
			})
		})
	}
}

func TestHistoryGoesOnWhereAnHourCanNotBeReadAgain(t *testing.T) {
	compared(t, simulator.Settings{}, func(t *testing.T, h *harness, from time.Time) {
		wrongCount(h, func(right int) int { return right + 1 })
		h.api.Inject(simulator.Fault{
			When:   func(r simulator.Request) bool { return !r.Query.End.IsZero() && r.Query.Fields != nil },
			Effect: simulator.Status(http.StatusServiceUnavailable, ""),
		})
		h.start()
		h.pass(10 * time.Minute)
		h.requireEachOnce(from)
		assert.Equal(t, 51, requireEnded(t, h).Unproven)
		assert.Empty(t, h.observed.seen().failing, "what is not tried any more does not fail")
	})
}

// A restart in the middle goes on with what is not compared, and reads nothing twice.
func TestHistoryIsComparedAcrossRestarts(t *testing.T) {
	compared(t, simulator.Settings{}, func(t *testing.T, h *harness, from time.Time) {
		h.settings.BatchSize, h.settings.PageSize = 2, 5
		slow := func(poll.Batch) error { time.Sleep(time.Second); return nil }
		h.refuseWith(slow)
		for range 40 {
			h.start()
			h.pass(5 * time.Second)
			h.kill()
		}
		h.start()
		h.pass(5 * time.Minute)
		h.requireEachOnce(from)
		report := requireEnded(t, h)
		assert.Zero(t, report.Unproven)
		assert.Equal(t, 150, report.Events)
		assert.Empty(t, readings(h), "what was delivered before a restart is remembered until it is compared")
	})
}

// A restart while the rest is compared compares it, and tells the end.
func TestHistoryThatIsReadIsComparedAfterARestart(t *testing.T) {
	compared(t, simulator.Settings{}, func(t *testing.T, h *harness, from time.Time) {
		ofTheRest := func(r simulator.Request) bool {
			return asCount(r) && r.At.Sub(r.Query.End) < time.Hour && r.Query.End.Sub(r.Query.Start) < 40*time.Hour
		}
		h.api.Inject(simulator.Fault{When: ofTheRest, Effect: simulator.Hang()})
		h.start()
		h.pass(30 * time.Second)
		h.requireEachOnce(from)
		require.Empty(t, h.observed.seen().ended)
		h.kill()
		h.api.Heal()
		h.start()
		h.pass(time.Minute)
		assert.Zero(t, requireEnded(t, h).Unproven)
	})
}

// More ids than allowed make the stretches shorter.
func TestHistoryIsComparedHourByHourWhereTooManyIDsAreRemembered(t *testing.T) {
	compared(t, simulator.Settings{}, func(t *testing.T, h *harness, from time.Time) {
		h.settings.Audit.Budget = poll.NewBudget(2)
		h.settings.BatchSize, h.settings.PageSize = 1, 5
		most := 0
		h.refuseWith(func(poll.Batch) error {
			most = max(most, h.observed.seen().progress.Remembered)
			return nil
		})
		h.start()
		h.pass(10 * time.Minute)
		h.requireEachOnce(from)
		assert.Zero(t, requireEnded(t, h).Unproven)
		assert.Less(t, most, 15)
	})
}

// Where what is asked for changes, what was read before is not compared, and nothing of it comes again.
func TestHistoryIsNotComparedFromBeforeTheQueryChanged(t *testing.T) {
	compared(t, simulator.Settings{}, func(t *testing.T, h *harness, from time.Time) {
		h.settings.BatchSize, h.settings.PageSize = 2, 5
		h.refuseWith(func(poll.Batch) error { time.Sleep(time.Second); return nil })
		h.start()
		h.pass(30 * time.Second)
		h.kill()
		h.settings.Query = "another"
		h.start()
		h.pass(5 * time.Minute)
		h.requireEachOnce(from)
		assert.Positive(t, requireEnded(t, h).Unproven)
		assert.Empty(t, readings(h))
	})
}

func TestHistoryWithoutAnAuditIsNotCompared(t *testing.T) {
	compared(t, simulator.Settings{}, func(t *testing.T, h *harness, from time.Time) {
		h.settings.Audit = poll.AuditSettings{}
		h.start()
		h.pass(2 * time.Minute)
		h.requireEachOnce(from)
		assert.False(t, requireEnded(t, h).Compared)
		asked, _ := counts(h)
		assert.Zero(t, asked)
	})
}
