// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

func asInterval(r simulator.Request) bool { return strings.HasSuffix(r.Path, "/interval") }

func intervals(h *harness) (asked int) {
	for _, request := range h.api.Requests() {
		if asInterval(request) {
			asked++
		}
	}
	return asked
}

// shortDay runs a test with a day of history of which one event is shown after its page was read.
func shortDay(t *testing.T, settings simulator.Settings, run func(t *testing.T, h *harness, from time.Time)) {
	t.Helper()
	bubble(t, settings, func(t *testing.T, h *harness) {
		h.pass(100 * time.Hour)
		h.settings.Audit = poll.AuditSettings{Interval: time.Hour, Depth: time.Minute}
		h.settings.History = poll.History{Lookback: 24 * time.Hour}
		h.settings.BatchSize = 1
		h.refuseWith(func(b poll.Batch) error {
			if b.Delivery == poll.DeliveryHistory {
				time.Sleep(time.Second)
			}
			return nil
		})
		from := time.Now().Add(-24*time.Hour + 5*time.Second)
		for hour := range 24 {
			h.add(fmt.Sprint("past-", hour), from.Add(time.Duration(hour)*time.Hour), 2)
		}
		h.api.Add(simulator.Event{Service: "sso", ID: "shown late", Time: from.Add(7 * time.Hour), Visible: time.Now().Add(30 * time.Second)})
		run(t, h, from)
	})
}

func TestShortHourOfADayIsFoundByOneAnswer(t *testing.T) {
	for name, effect := range map[string]simulator.Effect{
		"as documented":     {},
		"a bare array":      simulator.BucketsBelow(""),
		"below another key": simulator.BucketsBelow("timestamp"),
		"numbers are strings": {Alter: func(a *simulator.Answer) {
			a.Body = regexp.MustCompile(`"(key|doc_count)":(\d+)`).ReplaceAll(a.Body, []byte(`"$1":"$2"`))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			shortDay(t, simulator.Settings{EndExclusive: name == "a bare array"}, func(t *testing.T, h *harness, from time.Time) {
				h.api.Inject(simulator.Fault{When: asInterval, Effect: effect})
				h.start()
				h.pass(10 * time.Minute)
				h.requireEachOnce(from)
				assert.Zero(t, requireEnded(t, h).Unproven)
				asked, _ := counts(h)
				assert.Equal(t, 1, intervals(h))
				assert.LessOrEqual(t, asked, 5, "all of it, the first hour, the rest, and the short hour before and after its pages")
				assert.Len(t, readings(h), 1)
			})
		})
	}
}

// An answer that is none, or that is not what is counted, is replaced by counts, and asked for again after a day.
func TestWrongIntervalsAreReplacedByCounts(t *testing.T) {
	moved := false
	for name, effect := range map[string]simulator.Effect{
		"not there":         simulator.Status(http.StatusNotFound, "no"),
		"unavailable":       simulator.Status(http.StatusServiceUnavailable, ""),
		"no answer":         simulator.Hang(),
		"a page":            simulator.HTML(),
		"no data":           simulator.Body(`{"buckets":[]}`),
		"null":              simulator.Body(`null`),
		"more":              simulator.Counts(func(right int) int { return right + 1 }),
		"fewer":             simulator.Counts(func(right int) int { return right - 1 }),
		"behind":            simulator.Behind(24 * time.Hour),
		"another time":      {Query: func(q *simulator.Query) { q.Start = q.Start.Add(-3 * time.Hour) }},
		"buckets of a week": {Query: func(q *simulator.Query) { q.Interval = "w" }},
		"buckets of a day":  {Query: func(q *simulator.Query) { q.Interval = "d" }},
		// The sum is right, and the hour that is short looks equal.
		"in the wrong hour": simulator.Counts(func(right int) int {
			switch {
			case right == 3:
				moved = true
				return 2
			case moved:
				moved = false
				return right + 1
			default:
				return right
			}
		}),
	} {
		t.Run(name, func(t *testing.T) {
			shortDay(t, simulator.Settings{}, func(t *testing.T, h *harness, from time.Time) {
				h.api.Inject(simulator.Fault{When: asInterval, Effect: effect})
				h.start()
				h.pass(10 * time.Minute)
				h.requireEachOnce(from)
				assert.Zero(t, requireEnded(t, h).Unproven)
				assert.LessOrEqual(t, intervals(h), 3, "one question, in three tries")
				for start, times := range readings(h) {
					assert.Equal(t, 1, times, start)
				}
				assert.Empty(t, h.observed.seen().failing)
			})
		})
	}
}

// The audit's day is one count and one answer of each hour where something differs, and not again before a day where
// that is wrong.
func TestAuditAsksForEachHourOnceADayWhereThatIsWrong(t *testing.T) {
	for name, test := range map[string]struct {
		effect simulator.Effect
		most   int
	}{
		"it is right":   {simulator.Effect{}, 24},
		"it is refused": {simulator.Status(http.StatusNotFound, "no"), 2},
	} {
		t.Run(name, func(t *testing.T) {
			audited(t, simulator.Settings{}, func(t *testing.T, h *harness, from time.Time) {
				h.api.Inject(simulator.Fault{When: asInterval, Effect: test.effect})
				for range 24 {
					at := time.Now().Add(-90 * time.Minute)
					h.api.Add(simulator.Event{Service: "sso", ID: at.String(), Time: at, Visible: time.Now()})
					h.pass(time.Hour)
				}
				h.pass(2 * time.Hour)
				h.requireEachOnce(from)
				assert.LessOrEqual(t, intervals(h), test.most)
				assert.Positive(t, intervals(h))
			})
		})
	}
}
