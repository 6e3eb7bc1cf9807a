// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// pass is one reading of the events from start on, or of [start, end) where it has an end.
type pass struct {
	kind       PassKind
	start, end time.Time
	// asOf is the API's time at the first page, or the earliest that a later page told.
	asOf time.Time
	// token continues the pass behind the page before; nil begins at start.
	token json.RawMessage
	// position: every event before it has been delivered. It advances while the order holds.
	position time.Time
	ordered  bool
	// tokens and heads are what identified the pages since start: one that comes again means
	// that paging runs in a circle.
	tokens map[string]struct{}
	heads  map[checkpoint.ID]struct{}
	// restarted says that a token was refused, and none has been accepted since.
	restarted bool
	// raised says that the largest page was asked for since the pass got any further.
	raised bool
	// renewed are entries of delivered events that would be forgotten while the API still shows them.
	renewed []checkpoint.Entry
	// bypass asks for the id and the timestamp of a single event that can't be fetched whole.
	bypass LossReason
	// bad counts the answers since the last page that were none.
	bad     int
	attempt attempt
}

func newPass(kind PassKind, start, end time.Time) *pass {
	p := &pass{kind: kind, end: end, ordered: true}
	p.begin(start)
	return p
}

func (p *pass) condition() Condition { return Condition(p.kind) }

func (p *pass) delivery() Delivery {
	switch p.kind {
	case Rescan:
		return DeliveryLate
	case Backfill:
		return DeliveryHistory
	default:
		return DeliveryLive
	}
}

// begin makes the pass ask from start on. What it knows of the order and the time stays.
func (p *pass) begin(start time.Time) {
	p.start, p.token = start, nil
	p.position = later(p.position, start)
	p.tokens = make(map[string]struct{})
	p.heads = make(map[checkpoint.ID]struct{})
}

// resume begins again where nothing is missed. It reports whether that is any further.
func (p *pass) resume() bool {
	further := p.position.After(p.start)
	if further {
		p.raised = false
	}
	p.begin(p.position)
	return further
}

// raise asks for the largest page once: it may be too large to be read.
func (p *pass) raise(size *pageSize) bool {
	if p.raised {
		return false
	}
	p.raised = true
	return size.raise()
}

// opened takes the time of a page's answer. Everything that was visible at asOf and is still
// ahead of the position will be on the pages to come, so the earliest counts.
func (p *pass) opened(at time.Time) {
	if p.asOf.IsZero() || at.Before(p.asOf) {
		p.asOf = at
	}
}

// dated says that the event's time tells where the pass is: it has one, and it was asked for.
func (p *pass) dated(event insights.Event) bool {
	return !event.Timestamp.IsZero() && !event.Timestamp.Before(p.start)
}

// remember adds the entries by which an event is remembered. One that is not in the pass's time, or has
// none, is remembered by the pass's as well, or it would be forgotten and come again.
func (p *pass) remember(entries []checkpoint.Entry, event insights.Event, id checkpoint.ID) []checkpoint.Entry {
	if !event.Timestamp.IsZero() {
		entries = append(entries, checkpoint.Entry{ID: id, Time: event.Timestamp})
	}
	if !p.dated(event) {
		entries = append(entries, checkpoint.Entry{ID: id, Time: p.met()})
	}
	return entries
}

// met is the time by which an event is remembered that has none of its own. What is before the start
// is forgotten, and asOf may be where an answer does not tell the API's time.
func (p *pass) met() time.Time { return later(p.asOf, p.start) }

// renew remembers an event for longer that has no time by which it would leave the passes: it is
// met by each of them. The rescans are often enough for it.
func (p *pass) renew(event insights.Event, id checkpoint.ID) {
	if p.kind == Rescan && !p.dated(event) {
		p.renewed = append(p.renewed, checkpoint.Entry{ID: id, Time: p.met()})
	}
}

// inspect looks at a page's order before anything of it is delivered. Once a page is out of
// order the position stays for the rest of the pass.
func (p *pass) inspect(page *insights.Page) {
	last := p.position
	for _, event := range page.Events {
		if !p.dated(event) {
			continue
		}
		at := event.Timestamp.Truncate(time.Millisecond)
		if at.Before(last) {
			p.ordered = false
			return
		}
		last = at
	}
}

// passed moves the position to an event that is delivered, in the order of the pages.
func (p *pass) passed(event insights.Event) {
	if p.ordered && p.dated(event) {
		p.position = event.Timestamp.Truncate(time.Millisecond)
	}
}

// reached is how far the kept start may advance while the pass is under way.
func (p *pass) reached() time.Time { return earlier(p.position, p.asOf) }

// excludes says that the event is left to the pass that begins at this one's end.
func (p *pass) excludes(event insights.Event) bool {
	return !p.end.IsZero() && !event.Timestamp.Before(p.end)
}

// repeats says that the page can't be new: its token or its first event came before.
func (p *pass) repeats(page *insights.Page) bool {
	if page.Token != nil {
		if p.came(page.Token) {
			return true
		}
		p.tokens[string(page.Token)] = struct{}{}
	}
	if len(page.Events) == 0 {
		return false
	}
	head := identify(page.Events[0])
	_, found := p.heads[head]
	p.heads[head] = struct{}{}
	return found
}

// came says that a page with this token came before.
func (p *pass) came(token json.RawMessage) bool {
	_, found := p.tokens[string(token)]
	return found
}

func (p *pass) lane() checkpoint.Lane {
	if p.kind == Backfill {
		return checkpoint.History
	}
	return checkpoint.Live
}

func isNull(raw json.RawMessage) bool {
	return bytes.Equal(bytes.TrimSpace(raw), []byte("null"))
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
