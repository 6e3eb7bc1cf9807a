// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"time"
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

// audit compares closed hours with what the API counts, again and again until they leave the depth.
type audit struct {
	comparison

	settings AuditSettings
	observer Observer
	due      time.Time
	depth    time.Duration
}

func newAudit(settings Settings, source Source, store Store, observer Observer, clock *clock, lane *lane) *audit {
	delivered := func(all hours) (sum int) {
		for hour := range all.each() {
			sum += store.Delivered(hour.from)
		}
		return sum
	}
	return &audit{comparison: newComparison(source, clock, lane, delivered), settings: settings.Audit, observer: observer}
}

// plan begins an audit where one is due: of the hours that are closed, and remembered whole. An hour that could
// not be read until then is given up.
func (a *audit) plan(f frontier, now time.Time) {
	if !a.settings.enabled() {
		return
	}
	if a.underWay() {
		a.forget(wholeFrom(f.From))
	}
	if a.stranded() || !a.reading.empty() && !now.Before(a.due) {
		a.observer.Audited(a.abandon(), a.state())
	}
	if now.Before(a.due) || a.underWay() {
		return
	}
	whole := f.auditable(a.settings.Depth)
	if whole.empty() {
		return
	}
	a.due, a.depth = now.Add(a.settings.Interval), f.depth
	a.begin(whole)
	a.lane.due = a.due
	for hour := range a.known {
		if hour.Before(whole.from) || !hour.Before(whole.to) {
			delete(a.known, hour)
		}
	}
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

// ask asks for a count, and begins to read an hour whose count differs. Where none is answered, the audit ends.
func (a *audit) ask(ctx context.Context, services []string) {
	report, err := a.step(ctx, services)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		report = a.abandon()
		if notThere(err) {
			a.due = time.Now().Add(countUnavailable)
			a.lane.due = a.due
			a.observer.Anomaly(AnomalyNoCount)
		}
	}
	if report.Verdict != "" {
		a.observer.Audited(report, a.state())
	}
}
