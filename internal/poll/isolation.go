// SPDX-License-Identifier: Apache-2.0

package poll

import "time"

const (
	// isolateFor is how long an event must keep the API from answering before it is passed by. An API that can't
	// show any event whole for a while must not cost events.
	isolateFor = time.Hour
	// maxIsolationPause is the longest pause between two looks.
	maxIsolationPause = 5 * time.Minute
)

// misses counts the failures of a lane that may come from what is on the page.
type misses struct {
	// bad are the answers since the last page that were no page, heavy the failures of pages that may be too
	// large.
	bad, heavy int
	// place is where a page of one event is not to be had although its id and timestamp are, since when, and how
	// often that was seen.
	place, since time.Time
	seen         int
}

// isolate finds out whether the one event of a page keeps the API from answering. Where the page failed a few times it
// asks for the event's id and timestamp. Where these are answered and the page still is not, again and again for an
// hour, it passes by the event. Where neither is answered it is no event's fault.
func (l *lane) isolate(now time.Time) {
	m, p := &l.misses, l.pass
	switch {
	case p.run.light():
		m.place = time.Time{}
		if !l.light.allowed {
			l.readWhole()
		}
	case m.heavy < isolateAfter:
	case !p.peekedAt.Equal(p.run.place()):
		p.peekedAt, p.missedAt = p.run.place(), time.Time{}
		l.begin(p.run.place())
	case !m.place.Equal(p.run.place()):
		m.place, m.since, m.seen = p.run.place(), now, 1
		l.pause(now)
	case m.seen < confirmations || now.Sub(m.since) < isolateFor:
		m.seen++
		l.pause(now)
	default:
		m.place = time.Time{}
		l.bypass(LossUnreadable)
	}
}

// mayBeToken reports whether the API may refuse the page for its token: the largest page, which needs none, was not
// asked for.
func (l *lane) mayBeToken() bool { return l.pass != nil && l.pass.run.token != nil && !l.pass.raised }

// pause ends the pass. The next looks again.
func (l *lane) pause(now time.Time) {
	l.misses.heavy = 0
	l.close()
	l.due = now.Add(min(time.Duration(l.misses.seen)*time.Minute, maxIsolationPause))
}
