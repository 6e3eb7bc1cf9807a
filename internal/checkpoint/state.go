// SPDX-License-Identifier: Apache-2.0

package checkpoint

import "time"

// State is where the engine of one organization stands. All times are the API's. They are stored
// in UTC, to the nanosecond.
type State struct {
	// From is the time before which no rescan starts: the ids of earlier hours are forgotten.
	From time.Time `json:"from"`
	// Watermark w: every event from From on with a timestamp before w that was visible when w
	// was set has been delivered.
	Watermark time.Time `json:"watermark"`
	// Rescanned r is the API's time at the first page of the last complete rescan.
	Rescanned time.Time `json:"rescanned"`
	// Rescan is the rescan under way. A restart goes on there.
	Rescan Rescan `json:"rescan,omitzero"`
	// Backfill is the history that is still to come.
	Backfill Backfill `json:"backfill,omitzero"`
	// MaxEventDelay is the configured delay that the state was made with, to tell that it was changed.
	MaxEventDelay time.Duration `json:"max_event_delay,omitzero"`
	// ComparableFrom is the time from which the ids of an hour are all that was delivered of it: what was asked
	// before was something else, or some of it is not remembered by its hour.
	ComparableFrom time.Time `json:"comparable_from,omitzero"`
	// Query is a fingerprint of the endpoint and the services, to tell that they were changed.
	Query string `json:"query,omitempty"`
	// Newest is the time of the newest event that was delivered, or of the first start.
	Newest time.Time `json:"newest,omitzero"`
	// Notes are what is kept beside the times; nil where there is nothing.
	Notes *Notes `json:"notes,omitempty"`
}

// Rescan is how far a rescan has come: everything before Position that was visible at AsOf has
// been delivered.
type Rescan struct {
	AsOf     time.Time `json:"as_of"`
	Position time.Time `json:"position"`
}

// UnderWay says whether a rescan has begun and is not complete.
func (r Rescan) UnderWay() bool { return !r.AsOf.IsZero() }

// Backfill is a range of history, [Next, End). It is read when Next is not before End.
type Backfill struct {
	Next time.Time `json:"next"`
	End  time.Time `json:"end"`
	// Start is where history began.
	Start time.Time `json:"start,omitzero"`
	// Compared is the time up to which what was delivered was compared with the API's counts. What is from then
	// on is remembered. Zero is no comparison.
	Compared time.Time `json:"compared,omitzero"`
	// Proven counts the hours before Compared of which everything was delivered.
	Proven int `json:"proven,omitzero"`
	// Counted is how many events the API counted of all of it before it was read; 0 is not known.
	Counted int `json:"counted,omitzero"`
	// Delivered counts the delivered events of [Start, End), and Last those of them from the hour on in which
	// it ends.
	Delivered int `json:"delivered,omitzero"`
	Last      int `json:"last,omitzero"`
}

// Pending says whether history is still to come.
func (b Backfill) Pending() bool { return b.Next.Before(b.End) }

// Uncompared says whether some of it is to be compared, now or when it has come.
func (b Backfill) Uncompared() bool { return !b.Compared.IsZero() && b.Compared.Before(b.End) }

// keeps is the time from which on ids of history are needed, since they are to come or to be compared.
func (b Backfill) keeps() (from time.Time, needed bool) {
	from = b.Next
	if !b.Compared.IsZero() && b.Compared.Before(from) {
		from = b.Compared
	}
	return from, from.Before(b.End)
}

// needs says whether a reader may still meet an event of the span.
func (s State) needs(of span) bool {
	if of.last() >= hourOf(s.From) {
		return true
	}
	// The next complete rescan renews what was met since the last, however long ago that was.
	if of.kind == stray && of.last() >= hourOf(s.Rescanned) {
		return true
	}
	from, needed := s.Backfill.keeps()
	if !needed || of.last() < hourOf(from) {
		return false
	}
	// Format 1 kept what history delivered without regard to its end.
	return of.kind == migrated || of.kind == dated && of.first <= hourOf(s.Backfill.End)
}

// spanAt is where an id of that time is remembered.
func (s State) spanAt(k kind, at time.Time) span {
	now := max(hourOf(s.Watermark), hourOf(s.Rescanned), hourOf(s.Rescan.AsOf))
	return spanOf(k, hourOf(at), widthOf(hourOf(at)-now))
}

func (s State) inUTC() State {
	s.From, s.Watermark, s.Rescanned = s.From.UTC(), s.Watermark.UTC(), s.Rescanned.UTC()
	s.ComparableFrom, s.Newest = s.ComparableFrom.UTC(), s.Newest.UTC()
	s.Rescan = Rescan{AsOf: s.Rescan.AsOf.UTC(), Position: s.Rescan.Position.UTC()}
	s.Backfill.Next, s.Backfill.End = s.Backfill.Next.UTC(), s.Backfill.End.UTC()
	s.Backfill.Start, s.Backfill.Compared = s.Backfill.Start.UTC(), s.Backfill.Compared.UTC()
	return s
}
