// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// maxAhead is how far after asOf a bounded pass reads.
const maxAhead = maxClockSkew

// pass is one reading of the events from a start on, or of [start, end) where it has an end. It is a
// sequence of runs, each from where the one before had delivered everything.
type pass struct {
	kind PassKind
	end  time.Time
	run  *run
	// asOf is the API's time at the first page, or the earliest that a later page told.
	asOf time.Time
	// bounded passes end once they are further than maxAhead after asOf: what is dated later is left to a
	// rescan.
	bounded bool
	// missedAt is the position at which a light page showed an event that was not delivered. The pass
	// reads whole events until it is further. It is zero where the pass may be light.
	missedAt time.Time
	// peekedAt is the position at which the pass last looked by ids only whether what makes its page too large
	// was delivered.
	peekedAt time.Time
	// partial is why the next event can't be fetched whole, or "". The pass looks for its id and timestamp.
	partial LossReason
	// skipTo is where the pass goes on behind events that can't be fetched whole, or zero while none was met:
	// the end of their millisecond.
	skipTo time.Time
	// restarted means that a token was refused, and none has been accepted since.
	restarted bool
	// raised means that the largest page was asked for since the pass got any further.
	raised bool
	// renewed are entries of delivered events that would be forgotten while the API still shows them.
	renewed []checkpoint.Entry
}

// opened takes the time of a page. Everything that was visible at asOf and is still ahead of the position
// will be on the pages to come, so the earliest counts.
func (p *pass) opened(at time.Time) {
	if p.asOf.IsZero() || at.Before(p.asOf) {
		p.asOf = at
	}
}

// entry is how a delivered event is remembered. One that has no time, or was met outside of the run's
// time, is remembered by when it was met, since its own time does not tell who meets it again.
func (p *pass) entry(event insights.Event, id checkpoint.ID) checkpoint.Entry {
	if p.run.dated(event) {
		return checkpoint.Entry{ID: id, Time: event.Timestamp}
	}
	return checkpoint.Entry{ID: id, Time: later(p.asOf, p.run.query.Start), Stray: true}
}

// renew remembers an event for longer that has no time by which it would leave the passes: each of them
// meets it. The rescans are often enough for it.
func (p *pass) renew(event insights.Event, id checkpoint.ID) {
	if p.kind == Rescan && !p.run.dated(event) {
		p.renewed = append(p.renewed, p.entry(event, id))
	}
}

// beyond reports whether a bounded pass has read far enough.
func (p *pass) beyond() bool {
	return p.bounded && p.run.position.After(p.asOf.Add(maxAhead))
}

// mayBeLight reports whether the pass, which reads whole events, is past the one that it had to read whole.
func (p *pass) mayBeLight(delivered int) bool {
	return !p.missedAt.IsZero() && delivered == 0 && p.run.position.After(p.missedAt)
}

// skips reports whether an event that was not delivered is to be delivered by its id and timestamp: it may
// be the one that can't be fetched whole, or shares its millisecond, and by time alone nothing leads between
// the two. Whatever is later than the run's start is read whole first, from its own millisecond on or from
// where it was missed. An event without a time is delivered in this way wherever it is.
func (p *pass) skips(event insights.Event) bool {
	if p.partial == "" || !p.run.ordered {
		return false
	}
	if !p.run.dated(event) {
		return true
	}
	at := event.Timestamp.Truncate(time.Millisecond)
	if p.skipTo.IsZero() {
		if at.After(p.run.query.Start) && !at.Equal(p.missedAt) {
			return false
		}
		p.skipTo = at.Add(time.Millisecond)
	}
	return p.skipTo.Equal(at.Add(time.Millisecond))
}

// skipped reports whether the pass may go on behind what it skips: no more of it follows.
func (p *pass) skipped(last bool) bool {
	return !p.skipTo.IsZero() && (last || !p.run.position.Before(p.skipTo))
}
