// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
)

// HistoryProgress is how far history is read. It is zero where there is none.
type HistoryProgress struct {
	// Share is the part that is done, 0 to 1: of the events where the API has counted them, and else of the time.
	Share float64
	// Events is how many were delivered, Counted how many there are by the API's count, or 0.
	Events, Counted int
	// Left is how long the rest takes at the pace since the start; 0 where that is not known.
	Left     time.Duration
	From, To time.Time
	// Unproven is how many hours were left without a proof that all of their events were delivered. None is proven
	// where nothing is compared, and none is left.
	Unproven int
}

// HistoryReport is what came of the history when all of it was read and compared.
type HistoryReport struct {
	From, To time.Time
	// Events is how many were delivered.
	Events int
	// Hours is how many there are, Unproven how many of them without a proof that all of their events were delivered.
	Hours, Unproven int
	// Compared is false where no hour was to be compared.
	Compared bool
}

// history is a range of the past: what of it is read, compared and proven. Its methods are pure.
type history struct{ checkpoint.Backfill }

// comparing settles from where on history is compared: from its start, or from the first hour of which whatever was
// delivered is remembered. whole is false where some ids are not, or where something else was asked for.
func (b history) comparing(enabled, whole bool) history {
	switch {
	case !b.unfinished():
	case !enabled:
		b.Compared = time.Time{}
	case b.Start.IsZero(), !whole, b.Compared.IsZero() && b.Next.After(b.Start):
		b.Compared = earlier(wholeFrom(later(b.Next, b.Compared)), b.End)
	case b.Compared.IsZero():
		b.Compared = b.Start
	}
	if b.Start.IsZero() {
		b.Start = b.Next
	}
	return b
}

// unfinished reports whether some of history is to be read or to be compared.
func (b history) unfinished() bool { return b.Pending() || b.Uncompared() }

// stretch is the history that was read and not compared, whole hours but for its start and its end.
func (b history) stretch() hours {
	switch {
	case !b.Uncompared():
		return hours{}
	case b.Pending():
		return hours{b.Compared, b.Next.Truncate(time.Hour)}
	default:
		return hours{b.Compared, b.End}
	}
}

// compared takes that history was compared up to a time, and how many hours of it were proven.
func (b history) compared(to time.Time, proven int) history {
	b.Compared = later(b.Compared, to)
	b.Proven += proven
	return b
}

// took counts what was delivered of history, by whatever lane.
func (b history) took(delivered []checkpoint.Entry) history {
	if !b.unfinished() {
		return b
	}
	for _, entry := range delivered {
		if entry.Stray || entry.Time.Before(b.Start) || !entry.Time.Before(b.End) {
			continue
		}
		b.Delivered++
		if !entry.Time.Before(b.End.Truncate(time.Hour)) {
			b.Last++
		}
	}
	return b
}

// ended is what came of history.
func (b history) ended() HistoryReport {
	return HistoryReport{
		From: b.Start, To: b.End, Events: b.Delivered,
		Hours: hours{b.Start, b.End}.number(), Unproven: b.unproven(), Compared: !b.Compared.IsZero(),
	}
}

// unproven is how many hours of history were left without a proof.
func (b history) unproven() int {
	return max(0, hours{b.Start, b.Compared}.number()-b.Proven)
}

// share is the part of history that is read. A count that is too small, or that means "at least", is none.
func (b history) share() float64 {
	switch {
	case !b.Pending():
		return 1
	case b.Counted > b.Delivered && b.Counted != countCapped:
		return float64(b.Delivered) / float64(b.Counted)
	default:
		return float64(b.Next.Sub(b.Start)) / float64(b.End.Sub(b.Start))
	}
}

// historyPace is how fast history is read.
type historyPace struct {
	since time.Time
	share float64
}

// progress is how far history is at a local time, by the pace since it was first asked.
func (p *historyPace) progress(b history, now time.Time) HistoryProgress {
	if !b.Start.Before(b.End) {
		return HistoryProgress{}
	}
	came := HistoryProgress{Share: b.share(), Events: b.Delivered, Counted: b.Counted, From: b.Start, To: b.End, Unproven: b.unproven()}
	if p.since.IsZero() || came.Share < p.share {
		p.since, p.share = now, came.Share
	}
	if gained := came.Share - p.share; gained > 0 {
		came.Left = time.Duration(float64(now.Sub(p.since)) * (1 - came.Share) / gained)
	}
	return came
}
