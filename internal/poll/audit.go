// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

const (
	// countCapped is a count that means "at least".
	countCapped = 10_000
	// countUnavailable is how long the API is not asked again that does not answer counts.
	countUnavailable = 24 * time.Hour
)

// AuditSettings are how what was delivered is compared with what the API counts.
type AuditSettings struct {
	// Interval is the time between two audits.
	Interval time.Duration
	// Depth is how far back hours are compared; 0 is no audit.
	Depth time.Duration
	// Budget bounds the ids that are kept for it; nil is no bound.
	Budget *Budget
}

func (s AuditSettings) enabled() bool { return s.Depth > 0 && s.Interval > 0 }

// Verdict is what a comparison says of an hour.
type Verdict string

const (
	// VerdictComplete: everything that the API has was delivered.
	VerdictComplete Verdict = "complete"
	// VerdictShort: the API counts more than was delivered. The hour is read again.
	VerdictShort Verdict = "short"
	// VerdictSurplus: the API counts fewer than were delivered.
	VerdictSurplus Verdict = "surplus"
	// VerdictUnknown: the API did not answer, or only that there are at least 10,000.
	VerdictUnknown Verdict = "unknown"
)

// hours are whole hours of events' time, [from, to).
type hours struct{ from, to time.Time }

func (h hours) single() bool { return h.to.Sub(h.from) == time.Hour }

// halves cuts at an hour.
func (h hours) halves() (first, second hours) {
	middle := h.from.Add(h.to.Sub(h.from) / 2).Truncate(time.Hour)
	return hours{h.from, middle}, hours{middle, h.to}
}

// audited is what is known of an hour.
type audited struct {
	verdict         Verdict
	counted, ledger int
	// read means that the hour's pages were read to their end since, so that they prove it.
	read bool
}

// audit asks for counts of closed hours, range by range, and finds the hours that differ. It moves nothing:
// what a count says costs requests and no event.
type audit struct {
	settings AuditSettings
	source   Source
	observer Observer
	clock    *clock
	lane     *lane
	// delivered returns how many events of an hour are remembered as delivered.
	delivered func(hour time.Time) int

	due     time.Time
	depth   time.Duration
	waiting []hours
	known   map[time.Time]audited
	// reading is the hour that the lane's pass reads, justRead the one whose pages it has read.
	reading, justRead time.Time
}

func newAudit(settings Settings, source Source, store Store, observer Observer, clock *clock, lane *lane) *audit {
	return &audit{
		settings: settings.Audit, source: source, observer: observer, clock: clock, lane: lane,
		delivered: store.Delivered, known: make(map[time.Time]audited),
	}
}

// plan begins an audit where one is due: of the hours that are closed, and remembered whole. An hour that could
// not be read until then is given up.
func (a *audit) plan(f frontier, now time.Time) {
	if !a.settings.enabled() {
		return
	}
	if !a.reading.IsZero() && (a.lane.pass == nil || !now.Before(a.due)) {
		a.abandon(false)
	}
	if now.Before(a.due) || len(a.waiting) > 0 || !a.reading.IsZero() {
		return
	}
	whole := f.auditable(a.settings.Depth)
	if !whole.from.Before(whole.to) {
		return
	}
	a.due, a.depth = now.Add(a.settings.Interval), f.depth
	a.waiting = []hours{whole}
	a.lane.due, a.lane.asks = a.due, true
	for hour := range a.known {
		if hour.Before(whole.from) || !hour.Before(whole.to) {
			delete(a.known, hour)
		}
	}
}

// asks reports whether a count is to be asked for.
func (a *audit) asks() bool { return len(a.waiting) > 0 && a.reading.IsZero() }

// query counts the next hours. It ends a millisecond before the hour after, since it is not documented
// whether an end is inclusive.
func (a *audit) query(services []string) insights.Query {
	next := a.waiting[len(a.waiting)-1]
	return insights.Query{Services: services, Start: next.from, End: next.to.Add(-time.Millisecond)}
}

// answered takes a count, and returns what it says of hours, if anything. Where it returns an hour, that is to
// be read.
func (a *audit) answered(count int) (report AuditReport, read time.Time) {
	asked := a.waiting[len(a.waiting)-1]
	a.waiting = a.waiting[:len(a.waiting)-1]
	ledger := a.ledger(asked)
	switch {
	case count == ledger && count != countCapped:
		for hour := asked.from; hour.Before(asked.to); hour = hour.Add(time.Hour) {
			known := a.known[hour]
			delivered := a.delivered(hour)
			a.known[hour] = audited{verdict: VerdictComplete, counted: delivered, ledger: delivered, read: known.read}
			report.Hours++
		}
		report.Verdict = VerdictComplete
	case !asked.single():
		first, second := asked.halves()
		a.waiting = append(a.waiting, second, first)
	default:
		report, read = a.differs(asked.from, count, ledger)
	}
	return report, read
}

// differs judges an hour whose count is not what was delivered.
func (a *audit) differs(hour time.Time, count, ledger int) (report AuditReport, read time.Time) {
	known := a.known[hour]
	next := audited{counted: count, ledger: ledger, read: known.read}
	defer func() { a.justRead = time.Time{} }()
	switch {
	case count < ledger && count != countCapped:
		next.verdict = VerdictSurplus
	case hour.Equal(a.justRead), known.read && known.counted == count && known.ledger == ledger:
		// Its pages were read, and what they showed is delivered: the count is wrong, or too coarse.
		next.verdict = VerdictComplete
	case count == countCapped && ledger >= countCapped:
		next.verdict, read = VerdictUnknown, hour
	default:
		next.verdict, read = VerdictShort, hour
	}
	a.known[hour] = next
	a.reading = read
	return AuditReport{Verdict: next.verdict, Hours: 1, From: hour, Counted: count, Delivered: ledger}, read
}

// wasRead takes that the hour's pages were read to their end: what they showed is delivered.
func (a *audit) wasRead() {
	hour := a.reading
	a.reading, a.justRead = time.Time{}, hour
	known := a.known[hour]
	known.read, known.ledger = true, a.delivered(hour)
	a.known[hour] = known
	a.waiting = append(a.waiting, hours{hour, hour.Add(time.Hour)})
	a.lane.asks = true
}

func (a *audit) ledger(asked hours) (sum int) {
	for hour := asked.from; hour.Before(asked.to); hour = hour.Add(time.Hour) {
		sum += a.delivered(hour)
	}
	return sum
}

// state sums up what is known of the hours.
func (a *audit) state() AuditState {
	s, proven := AuditState{Depth: a.depth}, true
	for hour := a.oldest(); len(a.known) > 0 && proven; hour = hour.Add(time.Hour) {
		known, found := a.known[hour]
		if proven = found && known.verdict == VerdictComplete; proven {
			s.ProvenTo = hour.Add(time.Hour)
		}
	}
	for _, known := range a.known {
		s.Delivered += known.ledger
		s.Counted += known.counted
		if known.verdict == VerdictShort {
			s.Missing += max(0, known.counted-known.ledger)
		}
	}
	return s
}

func (a *audit) oldest() (oldest time.Time) {
	for hour := range a.known {
		if oldest.IsZero() || hour.Before(oldest) {
			oldest = hour
		}
	}
	return oldest
}

// step asks for a count, and begins to read an hour whose count differs.
func (a *audit) step(ctx context.Context, services []string) {
	counted, clock, err := a.source.Count(ctx, a.query(services))
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		a.clock.observeFailure(err)
		a.abandon(notThere(err))
		return
	}
	a.clock.observe(clock)
	report, read := a.answered(int(counted))
	if report.Verdict != "" {
		a.observer.Audited(report, a.state())
	}
	if !read.IsZero() {
		a.lane.open(read, read.Add(time.Hour))
	}
	a.lane.asks = a.asks()
}

// abandon ends an audit whose count, or whose pages, were not to be had.
func (a *audit) abandon(unavailable bool) {
	report := AuditReport{Verdict: VerdictUnknown}
	for _, left := range a.waiting {
		report.Hours += int(left.to.Sub(left.from) / time.Hour)
	}
	if !a.reading.IsZero() {
		report.Hours++
	}
	a.waiting, a.reading, a.lane.pass, a.lane.asks = nil, time.Time{}, nil, false
	if unavailable {
		a.due = time.Now().Add(countUnavailable)
		a.lane.due = a.due
		a.observer.Anomaly(AnomalyNoCount)
	}
	a.observer.Audited(report, a.state())
}

// notThere reports whether an error is an API's that does not answer counts at all.
func notThere(err error) bool {
	if _, ok := errors.AsType[*insights.ResponseError](err); ok {
		return true
	}
	status, ok := errors.AsType[*insights.StatusError](err)
	if !ok {
		return false
	}
	switch status.StatusCode {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotImplemented:
		return true
	default:
		return false
	}
}
