// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// lane is one of the readers that share an engine: the tail, the rescans, the history, or the audit. What one lane is
// refused, or halves, or waits for changes no other lane.
type lane struct {
	kind     PassKind
	services []string
	clock    *clock
	light    lightReading
	// whole and byID are the sizes of pages of whole events, and of ids and timestamps.
	whole, byID pageSize
	// due is when the next pass begins.
	due time.Time
	// pass is the one under way, or nil.
	pass    *pass
	attempt attempt
	// asks means that something is to be asked for that is no page.
	asks   bool
	misses misses
}

// lightReading asks for ids and timestamps until an event is met that was not delivered.
type lightReading struct {
	allowed bool
	// refusals are those of light pages of the pass.
	refusals int
}

func newLane(kind PassKind, settings Settings, clock *clock) *lane {
	return &lane{
		kind:     kind,
		services: settings.Services,
		clock:    clock,
		light:    lightReading{allowed: (kind == Rescan || kind == Audit) && settings.LightRescans},
		whole:    newPageSize(settings.PageSize),
		byID:     newPageSize(settings.PageSize),
	}
}

// open begins a pass over [start, end), without an end where end is zero.
func (l *lane) open(start, end time.Time) *pass {
	l.pass = &pass{kind: l.kind, end: end, bounded: l.kind == Tail}
	l.begin(start)
	return l.pass
}

// begin makes the pass ask from start on, in a run of its own. The API refuses a start in the future, so
// events that are dated ahead are read from now on.
func (l *lane) begin(start time.Time) {
	p := l.pass
	from := start
	start = earlier(start, l.clock.earliest())
	query := insights.Query{Services: l.services, Start: start, End: p.end, Limit: l.whole.limit}
	if p.partial != "" || p.missedAt.IsZero() && (l.light.allowed || !p.peekedAt.IsZero()) {
		query.Fields, query.Limit = lightFields(), l.byID.limit
	}
	p.run = newRun(query)
	p.run.from = from
}

// resume begins a run where nothing is missed, and reports whether that is any further. It is not where only
// time has gone on.
func (l *lane) resume() bool {
	p := l.pass
	before := p.run
	l.begin(before.position)
	further := p.run.query.Start.After(before.query.Start) && (!before.ahead() || !p.run.ahead())
	if further {
		p.raised = false
	}
	return further
}

// raise asks for the largest page once: it may be too large to be read.
func (l *lane) raise() bool {
	if l.pass.raised || !l.size().raise() {
		return false
	}
	l.pass.raised = true
	l.begin(l.pass.run.place())
	return true
}

// peek looks by ids only for the events that make a page too large: they may be delivered already. It
// reports false where that was done at this place, or the page is smaller by now.
func (l *lane) peek() bool {
	p := l.pass
	if l.whole.limit < l.whole.configured || p.run.light() || p.peekedAt.Equal(p.run.place()) {
		return false
	}
	p.peekedAt, p.missedAt = p.run.place(), time.Time{}
	l.begin(p.run.place())
	return true
}

// shrink asks for a page smaller than the run's, and reports false where that is of one event already. Good
// pages of the run, which it does not get past, may have raised the size meanwhile.
func (l *lane) shrink() bool {
	if !l.size().halve(l.pass.run.query.Limit) {
		return false
	}
	l.begin(l.pass.run.place())
	return true
}

// bypass asks for the ids and timestamps of the events that follow, and reports false where that was
// tried in vain.
func (l *lane) bypass(reason LossReason) bool {
	if l.pass.partial != "" {
		l.pass.partial = ""
		l.begin(l.pass.run.place())
		return false
	}
	l.pass.partial = reason
	l.begin(l.pass.run.place())
	return true
}

// passed ends a bypass. The page was small for the sake of one event.
func (l *lane) passed() {
	l.pass.partial, l.pass.skipTo = "", time.Time{}
	l.whole = newPageSize(l.whole.configured)
}

// readWhole makes a light pass read whole events from where it is.
func (l *lane) readWhole() {
	l.pass.missedAt, l.pass.partial, l.pass.raised = l.pass.run.position, "", false
	l.begin(l.pass.run.place())
}

// refuseLight makes the lane read whole events from here on where it asked for ids and timestamps, and reports
// whether it did. A refusal may be the token's, so those of a token count only when they go on. A pass that
// can't fetch an event whole has no other way.
func (l *lane) refuseLight(observer Observer) bool {
	if !l.pass.run.light() || l.pass.partial != "" {
		return false
	}
	if l.light.refusals++; l.pass.run.token != nil && l.light.refusals < confirmations {
		return false
	}
	observer.Anomaly(AnomalyNotLight)
	l.light.allowed = false
	l.readWhole()
	return true
}

// size is that of the pages of the run under way.
func (l *lane) size() *pageSize {
	if l.pass.run.light() {
		return &l.byID
	}
	return &l.whole
}

// succeeded counts a good page.
func (l *lane) succeeded() {
	l.misses.bad, l.misses.heavy = 0, 0
	l.size().succeeded()
}

// close ends the pass.
func (l *lane) close() {
	l.pass, l.light.refusals = nil, 0
	l.whole.restore()
	l.byID.restore()
}

// overtaken ends the pass where another lane has delivered everything up to a time further than it is. What
// it would read again may be forgotten.
func (l *lane) overtaken(by time.Time) {
	if l.pass != nil && l.pass.run.position.Before(by) {
		l.close()
	}
}

func (l *lane) failing() bool { return l.attempt.consecutive > 0 }

// ready reports whether a page of the lane may be asked for.
func (l *lane) ready(now time.Time) bool {
	return (l.pass != nil || l.asks) && !l.attempt.notBefore.After(now)
}

// wait is how long the lane has nothing to ask, where its next pass is due by itself.
func (l *lane) wait(now time.Time) time.Duration {
	if l.pass != nil || l.asks {
		return l.attempt.notBefore.Sub(now)
	}
	return later(l.due, l.attempt.notBefore).Sub(now)
}
