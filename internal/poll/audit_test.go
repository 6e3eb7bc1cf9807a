// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

func asCount(r simulator.Request) bool { return strings.HasSuffix(r.Path, "/count") }

// counts returns the requests for counts, and how many of the others continue over an hour that has an end.
func counts(h *harness) (asked, read int) {
	for _, request := range h.api.Requests() {
		switch {
		case asCount(request):
			asked++
		case !request.Query.End.IsZero():
			read++
		}
	}
	return asked, read
}

// audited runs a test with an engine that audits each hour, after five hours of ten events each.
func audited(t *testing.T, settings simulator.Settings, run func(t *testing.T, h *harness, from time.Time)) {
	t.Helper()
	bubble(t, settings, func(t *testing.T, h *harness) {
		h.settings.Audit = poll.AuditSettings{Interval: time.Hour, Depth: 12 * time.Hour}
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		for hour := range 5 {
			for n := range 10 {
				h.add(fmt.Sprintf("%d-%d", hour, n), time.Now(), 1)
				h.pass(6 * time.Minute)
			}
		}
		run(t, h, from)
	})
}

// wrongCount makes the API answer a count that is wrong.
func wrongCount(h *harness, count func(right int) int) {
	h.api.Inject(simulator.Fault{When: asCount, Effect: simulator.Effect{Alter: func(a *simulator.Answer) {
		var right int
		if _, err := fmt.Sscanf(string(a.Body), `{"count":%d}`, &right); err == nil {
			a.Body = fmt.Appendf(nil, `{"count":%d}`, count(right))
		}
	}}})
}

func TestAuditProvesClosedHoursByOneCount(t *testing.T) {
	for name, settings := range map[string]simulator.Settings{"inclusive": {}, "exclusive": {EndExclusive: true}} {
		t.Run(name, func(t *testing.T) {
			audited(t, settings, func(t *testing.T, h *harness, from time.Time) {
				asked, read := counts(h)
				h.pass(time.Hour)
				after, _ := counts(h)
				assert.Equal(t, asked+1, after, "an hour has one count")
				assert.Zero(t, read)
				state := h.observed.seen().audit
				assert.Equal(t, state.Counted, state.Delivered)
				assert.Zero(t, state.Missing)
				assert.WithinDuration(t, time.Now(), state.ProvenTo, 130*time.Minute)
				h.requireEachOnce(from)
			})
		})
	}
}

// An event that is found later than max_event_delay is not promised. The audit finds it.
func TestFault_C2_AuditDeliversWhatBecameVisibleTooLate(t *testing.T) {
	audited(t, simulator.Settings{}, func(t *testing.T, h *harness, from time.Time) {
		for n := range 3 {
			at := from.Add(time.Duration(n)*time.Hour + 7*time.Minute)
			h.api.Add(simulator.Event{Service: "sso", ID: fmt.Sprint("late-", n), Time: at, Visible: time.Now()})
		}
		h.pass(2 * time.Hour)
		h.requireEachOnce(from)
		seen := h.observed.seen()
		assert.Zero(t, seen.audit.Missing)
		short := slices.DeleteFunc(slices.Clone(seen.audits), func(r poll.AuditReport) bool { return r.Verdict != poll.VerdictShort })
		assert.Len(t, short, 3)
		late := 0
		for _, page := range seen.pages {
			late += page.Late
		}
		assert.Equal(t, 3, late)
	})
}

// Whatever a count says, nothing is lost, nothing comes twice, and an hour is read once for it at most.
func TestFault_E25_WrongCountsCostRequestsOnly(t *testing.T) {
	tests := map[string]func(int) int{
		"more": func(right int) int { return right + 3 }, "fewer": func(right int) int { return right / 2 },
		"capped": func(int) int { return 10_000 }, "none": func(int) int { return 0 }, "negative": func(int) int { return -1 },
	}
	for name, wrong := range tests {
		t.Run(name, func(t *testing.T) {
			audited(t, simulator.Settings{}, func(t *testing.T, h *harness, from time.Time) {
				before := h.observed.seen().progress.Watermark
				wrongCount(h, wrong)
				for n := range 30 {
					h.add(fmt.Sprint("live-", n), time.Now(), 1)
					h.pass(10 * time.Minute)
				}
				h.requireEachOnce(from)
				_, read := counts(h)
				assert.LessOrEqual(t, read, 12, "each of the hours is read once at most")
				assert.Empty(t, h.observed.seen().losses)
				assert.WithinDuration(t, before.Add(5*time.Hour), h.observed.seen().progress.Watermark, time.Minute)
			})
		})
	}
}

func TestFault_E25_CountThatChangesEachTimeReadsAnHourOnceAnAudit(t *testing.T) {
	audited(t, simulator.Settings{}, func(t *testing.T, h *harness, from time.Time) {
		lies := 0
		wrongCount(h, func(right int) int { lies++; return right + lies })
		h.pass(time.Hour)
		_, read := counts(h)
		assert.LessOrEqual(t, read, 6)
		h.requireEachOnce(from)
	})
}

// A count of 10,000 means at least so many: it proves nothing, and the pages do.
func TestFault_E25_AuditBelievesNoCountOfTenThousand(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.Audit = poll.AuditSettings{Interval: time.Hour, Depth: 12 * time.Hour}
		h.settings.PageSize = 10_000
		h.start()
		h.pass(15 * time.Second)
		h.pass(time.Hour)
		from := time.Now()
		h.add("many", from, 10_000)
		h.pass(time.Minute)
		h.api.Add(simulator.Event{Service: "sso", ID: "missed", Time: from, Visible: from.Add(time.Hour + 50*time.Minute)})
		wrongCount(h, func(right int) int { return min(right, 10_000) })
		h.pass(4 * time.Hour)
		h.requireEachOnce(from)
		assert.Zero(t, h.observed.seen().audit.Missing)
		assert.WithinDuration(t, time.Now(), h.observed.seen().audit.ProvenTo, 130*time.Minute, "by its pages")
	})
}

func TestFault_E25_AuditIsOffForADayWhereCountsAreNotAnswered(t *testing.T) {
	for _, status := range []int{http.StatusNotFound, http.StatusBadRequest} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				h.settings.Audit = poll.AuditSettings{Interval: time.Hour, Depth: 12 * time.Hour}
				h.api.Inject(simulator.Fault{When: asCount, Effect: simulator.Status(status, "no")})
				h.start()
				h.pass(23 * time.Hour)
				asked, _ := counts(h)
				assert.Equal(t, 1, asked)
				assert.Contains(t, h.observed.seen().anomalies, poll.AnomalyNoCount)
				assert.Empty(t, h.observed.seen().failures)
				h.api.Heal()
				h.pass(5 * time.Hour)
				assert.WithinDuration(t, time.Now(), h.observed.seen().audit.ProvenTo, 130*time.Minute)
			})
		})
	}
}

func TestFault_E25_AuditThatFailsHoldsNoLiveEventBack(t *testing.T) {
	audited(t, simulator.Settings{}, func(t *testing.T, h *harness, from time.Time) {
		wrongCount(h, func(right int) int { return right + 1 })
		h.api.Inject(simulator.Fault{When: func(r simulator.Request) bool { return !r.Query.End.IsZero() }, Effect: simulator.Status(http.StatusServiceUnavailable, "")})
		h.pass(3 * time.Hour)
		for n := range 60 {
			h.add(fmt.Sprint("live-", n), time.Now(), 1)
			h.pass(10 * time.Second)
		}
		h.pass(12 * time.Second)
		h.requireEachOnce(from)
		assert.NotContains(t, h.observed.seen().failing, poll.ConditionTail)
	})
}

// Hours are not comparable from before what was asked changed, or before ids were lost.
func TestAuditBeginsAnewWhereTheQueryChanged(t *testing.T) {
	audited(t, simulator.Settings{}, func(t *testing.T, h *harness, from time.Time) {
		h.kill()
		h.settings.Services, h.settings.Query = []string{"directory", "sso"}, "fewer"
		h.api.Add(simulator.Event{Service: "directory", ID: "of before", Time: from.Add(time.Minute), Visible: time.Now()})
		h.start()
		h.pass(4 * time.Hour)
		assert.Zero(t, h.deliveredTimes("of before"))
		require.NotEmpty(t, h.observed.seen().audits)
	})
}

// More ids than allowed shorten the depth, and never L.
func TestAuditsShareABudgetOfIDs(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.Audit = poll.AuditSettings{Interval: time.Hour, Depth: 12 * time.Hour, Budget: poll.NewBudget(1000)}
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		for n := range 12 * 12 {
			h.add(strconv.Itoa(n), time.Now(), 30)
			h.pass(5 * time.Minute)
		}
		h.requireEachOnce(from)
		assert.Less(t, h.observed.seen().progress.Remembered, 1000+2*360)
		told := 0
		for _, anomaly := range h.observed.seen().anomalies {
			if anomaly == poll.AnomalyDepthShortened {
				told++
			}
		}
		assert.Equal(t, 1, told)
		late := time.Now().Add(-9 * time.Minute)
		h.api.Add(simulator.Event{Service: "sso", ID: "late", Time: late, Visible: time.Now()})
		h.pass(2 * time.Minute)
		h.requireEachOnce(from)
	})
}

// An audit begins before a rescan that lets its oldest hour go. The events of that hour are not known any more, so a
// count of it must not have them delivered again.
func TestAuditOfAnHourThatIsForgottenMeanwhileRepeatsNothing(t *testing.T) {
	for offset := time.Duration(0); offset < 4*time.Second; offset += 500 * time.Millisecond {
		t.Run(offset.String(), func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				h.settings.RescanInterval, h.settings.MaxEventDelay = time.Hour, 30*time.Minute
				h.settings.Audit = poll.AuditSettings{Interval: time.Hour, Depth: 3 * time.Hour}
				h.pass(offset)
				h.start()
				h.pass(15 * time.Second)
				from := time.Now()
				for n := range 100 {
					h.add(fmt.Sprint("event-", n), time.Now(), 1)
					h.pass(6 * time.Minute)
				}
				h.requireEachOnce(from)
				_, read := counts(h)
				assert.Zero(t, read, "no hour differs")
			})
		})
	}
}
