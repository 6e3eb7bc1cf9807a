// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"slices"
	"time"
)

// liveShare is how many pages in a row live events get while another lane has something to read.
const liveShare = 4

// lanes decide whose page is read next. Live events come first, whenever a look for them is due; the
// others take turns in the time that is left, and get one page after liveShare pages of live events where
// no time is left.
type lanes struct {
	// proof compares what history has read, which waits for it.
	tail, rescan, history, proof, audit *lane

	rescanInterval time.Duration
	clock          *clock
	// streak counts the pages of live events since another lane had one.
	streak int
	// last is the lane beside the live one that had a page last.
	last *lane
}

func newLanes(settings Settings, clock *clock) *lanes {
	l := &lanes{
		tail:    newLane(Tail, settings, clock),
		rescan:  newLane(Rescan, settings, clock),
		history: newLane(Backfill, settings, clock),
		proof:   newLane(Backfill, settings, clock),
		audit:   newLane(Audit, settings, clock),

		rescanInterval: settings.RescanInterval,
		clock:          clock,
	}
	l.proof.light.allowed = settings.LightRescans
	return l
}

// live is the lane that brings live events.
func (l *lanes) live(f frontier, now time.Time) *lane {
	if l.covers(f, now) {
		return l.rescan
	}
	return l.tail
}

// covers reports whether the rescan under way brings new events at least as soon as a tail would: what it
// has left to read before the watermark is no longer than what is behind it. So after an outage one pass
// reads everything once. now is the API's time.
func (l *lanes) covers(f frontier, now time.Time) bool {
	if l.rescan.pass == nil || l.rescan.failing() {
		return false
	}
	position := l.rescan.pass.run.position
	return !position.After(now) && f.Watermark.Sub(position) <= now.Sub(f.Watermark)
}

// next returns the lane whose page is to be read now, or how long there is nothing to do.
func (l *lanes) next(live *lane, now time.Time) (due *lane, wait time.Duration) {
	other := l.other(live, now)
	switch {
	case live.ready(now) && (other == nil || l.streak < liveShare):
		l.streak++
		return live, 0
	case other != nil:
		l.streak, l.last = 0, other
		return other, 0
	}
	wait = min(live.wait(now), l.rescan.wait(now), l.tail.wait(now))
	for _, lane := range []*lane{l.past(), l.audit} {
		if lane.pass != nil || lane.asks || !lane.due.IsZero() {
			wait = min(wait, lane.wait(now))
		}
	}
	return nil, wait
}

// other is the lane beside live whose turn it is, or nil where none has anything to ask.
func (l *lanes) other(live *lane, now time.Time) (due *lane) {
	beside := []*lane{l.rescan, l.past(), l.audit}
	first := slices.Index(beside, l.last) + 1
	for n := range beside {
		if lane := beside[(first+n)%len(beside)]; lane != live && lane.ready(now) {
			return lane
		}
	}
	return nil
}

// past is the lane that reads history, or the one that compares it, which history waits for.
func (l *lanes) past() *lane {
	if l.proof.pass != nil || l.proof.asks {
		return l.proof
	}
	return l.history
}

// stays reports whether the page after one of a lane is, as far as is known now, the lane's too.
func (l *lanes) stays(current, live *lane, now time.Time) bool {
	if current == live {
		return l.streak < liveShare || l.other(live, now) == nil
	}
	return l.other(live, now) == current && !live.ready(now) && live.due.After(now)
}

// openRescan begins a rescan, or goes on with the one that was under way. One that goes on leaves what is
// dated ahead to the next.
func (l *lanes) openRescan(f frontier) {
	p := l.rescan.open(f.rescanStart(l.clock.earliest()), time.Time{})
	if f.Rescan.UnderWay() {
		p.asOf, p.bounded = f.Rescan.AsOf, true
	}
}

// rescanned sets when the next rescan is due: an interval after the API's time at the first page of the last.
func (l *lanes) rescanned(f frontier) {
	// The clock may stand in for the API's, and be behind the last rescan.
	since := max(0, l.clock.earliest().Sub(f.Rescanned))
	l.rescan.due = time.Now().Add(l.rescanInterval - since)
}

// postpone makes every lane wait after a first request that failed: no lane has been refused yet.
func (l *lanes) postpone(tries attempt) {
	for _, lane := range l.all() {
		lane.attempt.notBefore = tries.notBefore
	}
	l.tail.attempt = tries
}

func (l *lanes) all() []*lane { return []*lane{l.tail, l.rescan, l.history, l.proof, l.audit} }
