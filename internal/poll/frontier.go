// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
)

// backfillSlice is the length of history that one query asks for.
const backfillSlice = 24 * time.Hour

// frontier is what is known of the API's time: up to where which lane has delivered everything. Its
// methods are pure: each returns another frontier, or a time.
type frontier struct {
	checkpoint.State

	// delay is L, the maximum event delay.
	delay time.Duration
	// depth is how far back hours are kept for the audit.
	depth time.Duration
}

// freshFrontier is that of a very first start at now, with history from start on where start is not
// zero. What happened less than L ago may still become visible, so history ends there. With
// historyFirst the live lanes begin at the history's start, oldest first, and there is no history beside
// them.
func freshFrontier(now, start time.Time, delay time.Duration, historyFirst bool) frontier {
	f := frontier{delay: delay, State: checkpoint.State{From: now, Watermark: now, Rescanned: now}}
	if start.IsZero() || !start.Before(now) {
		return f
	}
	f.From = start
	if historyFirst {
		f.Watermark, f.Rescanned = start, start
		return f
	}
	f.Watermark = later(start, now.Add(-delay).Truncate(time.Second))
	f.Backfill = checkpoint.Backfill{Start: start, Next: start, End: f.Watermark}
	return f
}

// tailStart is where a tail begins. The watermark may be ahead of the API's time by what a clock may be
// off, and the API refuses a start in the future.
func (f frontier) tailStart(now time.Time) time.Time {
	return later(f.From, earlier(f.Watermark, now))
}

// rescanStart is where a rescan begins: an event from then on may still become visible, or may have since
// the last rescan, whose date may have been ahead.
func (f frontier) rescanStart(now time.Time) time.Time {
	if f.Rescan.UnderWay() {
		return later(f.From, earlier(f.Rescan.Position, now))
	}
	return later(f.From, earlier(f.rescanNeeds(), now))
}

func (f frontier) rescanNeeds() time.Time {
	return earlier(f.Watermark, f.Rescanned.Add(-f.delay)).Add(-maxClockSkew)
}

// slice is the next slice of history, [start, end), or false where no history is left.
func (f frontier) slice() (start, end time.Time, pending bool) {
	start = f.Backfill.Next
	end = earlier(start.Truncate(time.Second).Add(backfillSlice), f.Backfill.End)
	return start, end, f.Backfill.Pending()
}

// advance moves a lane's start while its pass is under way: everything before position that was visible at
// asOf has been delivered.
func (f frontier) advance(kind PassKind, position, asOf time.Time) frontier {
	next, reached := f, earlier(position, asOf)
	switch kind {
	case Backfill:
		next.Backfill.Next = later(f.Backfill.Next, earlier(reached, f.Backfill.End))
	case Audit:
		return f // it reads again what is behind every lane
	case Rescan:
		next.Rescan = checkpoint.Rescan{AsOf: asOf, Position: later(f.Rescan.Position, reached)}
		next.Watermark = later(f.Watermark, reached)
	default:
		next.Watermark = later(f.Watermark, reached)
	}
	return next.forget()
}

// finish ends a pass: everything that was visible at asOf has been delivered, in history up to end.
func (f frontier) finish(kind PassKind, asOf, end time.Time) frontier {
	next := f
	switch kind {
	case Backfill:
		next.Backfill.Next = later(f.Backfill.Next, end)
	case Audit:
		return f
	case Rescan:
		next.Rescanned, next.Rescan = asOf, checkpoint.Rescan{}
		next.Watermark = later(f.Watermark, asOf)
	default:
		next.Watermark = later(f.Watermark, asOf)
	}
	return next.forget()
}

// forget moves From to the hour before which no live lane reads any more. With a rescan under way, that
// is what it and the next rescan will read.
func (f frontier) forget() frontier {
	f.From = later(f.From, f.edge())
	return f
}

func (f frontier) edge() time.Time {
	edge := f.unread()
	if f.depth > 0 {
		edge = earlier(edge, f.Rescanned.Add(-f.depth))
	}
	return edge.Truncate(time.Hour)
}

// unread is the time from which on the live lanes may still find what was not delivered: it may have become visible
// since they were there.
func (f frontier) unread() time.Time {
	if !f.Rescan.UnderWay() {
		return f.rescanNeeds()
	}
	next := earlier(f.Watermark, f.Rescan.AsOf.Add(-f.delay)).Add(-maxClockSkew)
	return earlier(f.Rescan.Position, next)
}

// auditable are the hours that can be compared with the API's count: a complete rescan is behind them, and
// everything that was delivered of them is remembered.
func (f frontier) auditable(depth time.Duration) hours {
	from := later(later(f.From, f.ComparableFrom), f.Rescanned.Add(-depth))
	if f.Backfill.Pending() {
		from = later(from, f.Backfill.End)
	}
	return hours{
		from: wholeFrom(from),
		to:   earlier(f.Watermark, f.Rescanned).Truncate(time.Hour),
	}
}

// ahead reports whether the watermark is further ahead of the API's latest possible time than clocks may
// be apart: the API's clock was set back, or the state belongs to another API.
func (f frontier) ahead(latest time.Time) bool {
	return f.Watermark.After(latest.Add(maxClockSkew))
}

// rewind goes back to the last L before the API's time. What is remembered stays, and so does From where
// it can be true. Where ids of the last L are forgotten already, their events come again: no event is
// lost.
func (f frontier) rewind(now time.Time) frontier {
	back := now.Add(-f.delay)
	if f.From.After(now) || f.From.Equal(f.edge()) && f.From.After(back) {
		f.From = back
	}
	f.Watermark = later(f.From, back)
	f.Rescanned = earlier(f.Rescanned, now)
	f.Rescan = checkpoint.Rescan{}
	return f
}

// losable is the time from which on events are lost that the API shows a lane no more.
func (f frontier) losable(kind PassKind) time.Time {
	if kind == Backfill {
		return f.Backfill.Next
	}
	return later(f.From, f.unread())
}

// clamp gives up what the API refuses to answer for, before edge, and returns the time of which events may be
// lost by it: none where to is not after from.
func (f frontier) clamp(kind PassKind, edge time.Time) (clamped frontier, from, to time.Time) {
	if kind == Audit {
		return f, edge, edge
	}
	if kind == Backfill {
		from, to = f.losable(kind), earlier(edge, f.Backfill.End)
		f.Backfill.Next = later(from, to)
		return f, from, to
	}
	from, to = f.losable(kind), edge
	f.Watermark, f.From = later(f.Watermark, edge), later(f.From, edge)
	if f.Rescan.UnderWay() {
		f.Rescan.Position = later(f.Rescan.Position, edge)
	}
	return f, from, to
}

// delayHoldsFrom is the time from which on a larger L holds, or zero where it holds for every event.
func (f frontier) delayHoldsFrom() time.Time {
	if f.MaxEventDelay == 0 || f.MaxEventDelay >= f.delay || !f.From.After(f.Rescanned.Add(-f.delay)) {
		return time.Time{}
	}
	return f.From
}
