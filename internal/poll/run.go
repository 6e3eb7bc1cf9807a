// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"encoding/json"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// run is one chain of pages. The API documents that a token goes with the query that it came from, to the
// letter, so whatever changes the query begins another run.
type run struct {
	query insights.Query
	// token continues the run behind the page before; nil asks for its first page.
	token json.RawMessage
	// tokens and firstIDs are what identified the pages until now: one that comes again means that
	// paging runs in a circle.
	tokens   map[string]struct{}
	firstIDs map[checkpoint.ID]struct{}
	// position: every event before it has been delivered. It advances while the pages are ordered.
	position time.Time
	ordered  bool
	// from is where the run was to begin. Where that is ahead of the API's time it begins at that time.
	from time.Time
}

func newRun(query insights.Query) *run {
	return &run{
		query:    query,
		tokens:   make(map[string]struct{}),
		firstIDs: make(map[checkpoint.ID]struct{}),
		position: query.Start,
		from:     query.Start,
		ordered:  true,
	}
}

// next is the query of the next page.
func (r *run) next() insights.Query {
	query := r.query
	query.SearchAfter = r.token
	return query
}

func (r *run) ahead() bool { return r.from.After(r.query.Start) }

// place is where the run is. Ahead of the API's time it stays where it is although each run begins later.
func (r *run) place() time.Time { return later(r.from, r.position) }

// light reports whether the run asks for ids and timestamps only.
func (r *run) light() bool { return len(r.query.Fields) > 0 }

// repeats reports whether a page can't be new, since its token or its first event came before.
func (r *run) repeats(page *insights.Page) bool {
	if page.Token != nil {
		if r.hasToken(page.Token) {
			return true
		}
		r.tokens[string(page.Token)] = struct{}{}
	}
	if len(page.Events) == 0 {
		return false
	}
	first := identify(page.Events[0])
	_, found := r.firstIDs[first]
	r.firstIDs[first] = struct{}{}
	return found
}

func (r *run) hasToken(token json.RawMessage) bool {
	_, found := r.tokens[string(token)]
	return found
}

// dated reports whether an event's time tells where the run is: it has one, and the run asked for it. An
// API whose end is inclusive shows the events of the end as well.
func (r *run) dated(event insights.Event) bool {
	at := event.Timestamp
	return !at.IsZero() && !at.Before(r.query.Start) && (r.query.End.IsZero() || !at.After(r.query.End))
}

// excludes reports whether an event is left to the run that begins at this one's end: it is of the end's
// millisecond.
func (r *run) excludes(event insights.Event) bool {
	end := r.query.End
	return !end.IsZero() && !event.Timestamp.Before(end) && event.Timestamp.Before(end.Add(time.Millisecond))
}

// inspect looks at a page's order before anything of it is delivered.
func (r *run) inspect(page *insights.Page) {
	last := r.position
	for _, event := range page.Events {
		if !r.dated(event) {
			continue
		}
		at := event.Timestamp.Truncate(time.Millisecond)
		if at.Before(last) {
			// The pages before it may have looked ordered, each by itself.
			r.ordered, r.position = false, r.query.Start
			return
		}
		last = at
	}
}

// passed moves the position to an event that is delivered, in the order of the pages.
func (r *run) passed(event insights.Event) {
	if r.ordered && r.dated(event) {
		r.position = later(r.position, event.Timestamp.Truncate(time.Millisecond))
	}
}
