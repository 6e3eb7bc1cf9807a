// SPDX-License-Identifier: Apache-2.0

package checkpoint

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// segmentFull is how many ids close a segment: the next ones get a new one.
const segmentFull = 128

// change is what a commit does to the spans.
type change struct {
	added     map[span][]ID
	forgotten []span
}

// Commit stores state and remembers the delivered events. One whose time no reader can reach by
// that state is not remembered. After an error nothing has changed here, and the same commit may be
// tried again, also where the storage has applied it.
func (s *Store) Commit(ctx context.Context, state State, delivered []Entry) error {
	c := s.plan(state, delivered)
	operations, err := s.operations(state, c)
	if err != nil {
		return err
	}
	if err := s.client.Batch(ctx, operations...); err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	s.apply(state, c)
	return nil
}

func (s *Store) plan(state State, delivered []Entry) change {
	c := change{added: make(map[span][]ID)}
	for of := range s.spans {
		if !state.needs(of) {
			c.forgotten = append(c.forgotten, of)
		}
	}
	// The same commit is the same operations, in the same order.
	slices.SortFunc(c.forgotten, compareSpans)
	add := func(of span, id ID) {
		if state.needs(of) && !s.keeps(of, id) {
			c.added[of] = append(c.added[of], id)
		}
	}
	for _, entry := range delivered {
		k := dated
		if entry.Stray {
			k = stray
		}
		add(state.spanAt(k, entry.Time), entry.ID)
	}
	if s.version == 1 {
		for _, id := range slices.SortedFunc(maps.Keys(s.migrated), compareIDs) {
			add(spanOf(migrated, s.migrated[id], 1), id)
		}
	}
	return c
}

// keeps says that adding the id would change nothing.
func (l *ledger) keeps(of span, id ID) bool {
	if of.kind == stray {
		last, found := l.strays[id]
		return found && last >= of.last()
	}
	return l.remembers(of, id)
}

// operations are ordered for a storage whose batches are not atomic: the new spans and gaps, ids, state,
// removals. The record names what this commit removes as well: where a batch is torn, the first commit
// after the next start removes it again.
func (s *Store) operations(state State, c change) ([]*storage.Operation, error) {
	var operations []*storage.Operation
	after := content{State: state, Format1: s.format1, Segments: make(map[span]int, len(s.spans)+len(c.added))}
	for of, known := range s.spans {
		after.Segments[of] = known.segments
	}
	if s.version == Version && (s.opens(c) || s.loses(state)) {
		before := content{State: s.state, Format1: s.format1, Segments: maps.Clone(after.Segments)}
		before.State.Notes = state.Notes
		for of := range c.added {
			before.Segments[of] += 0
		}
		record, err := before.encode()
		if err != nil {
			return nil, err
		}
		operations = append(operations, storage.SetOperation(s.stateKey(), record))
	}
	for _, of := range slices.SortedFunc(maps.Keys(c.added), compareSpans) {
		number, ids := s.segment(of, c.added[of])
		after.Segments[of] = number + 1
		operations = append(operations, storage.SetOperation(s.segmentKey(of, number), encodeSegment(of, ids)))
	}
	record, err := after.encode()
	if err != nil {
		return nil, err
	}
	operations = append(operations, storage.SetOperation(s.stateKey(), record))
	for _, key := range s.removed(c) {
		operations = append(operations, storage.DeleteOperation(key))
	}
	return operations, nil
}

// loses says that a commit may give events up: their gap is stored before their ids.
func (l *ledger) loses(state State) bool {
	return state.Notes != l.state.Notes && len(state.Gaps()) > 0
}

// opens says that a span is new.
func (l *ledger) opens(c change) bool {
	for of := range c.added {
		if l.spans[of] == nil {
			return true
		}
	}
	return false
}

// segment is the one that added ids are written to, and all that it will hold.
func (l *ledger) segment(of span, added []ID) (number int, ids []ID) {
	known := l.spans[of]
	switch {
	case known == nil:
		return 0, added
	case len(known.tail) > 0:
		return known.segments - 1, slices.Concat(known.tail, added)
	default:
		return known.segments, added
	}
}

// removed has the keys that a torn batch may have left one past a span's segments as well.
func (s *Store) removed(c change) []string {
	keys := slices.Concat(s.damaged, s.format1Keys(s.format1))
	for _, of := range c.forgotten {
		for number := range s.spans[of].segments + 1 {
			keys = append(keys, s.segmentKey(of, number))
		}
	}
	return keys
}

func (l *ledger) apply(state State, c change) {
	for _, of := range c.forgotten {
		delete(l.spans, of)
		l.recent = nil
		switch of.kind {
		case stray:
			l.strays.forget(of.last())
		case migrated:
			l.migrated.forget(of.last())
		}
	}
	for of, added := range c.added {
		number, ids := l.segment(of, added)
		l.keep(of, number, ids, added)
	}
	l.version, l.state = Version, state
	l.format1, l.damaged = numbers{}, nil
}

// keep remembers what a segment has, and the new ones of that.
func (l *ledger) keep(of span, number int, ids, added []ID) {
	known := l.spans[of]
	if known == nil {
		known = &stored{}
		l.spans[of] = known
		l.ahead = l.ahead || of.width > 1
	}
	known.segments, known.tail = number+1, nil
	if len(ids) < segmentFull {
		known.tail = slices.Clip(ids)
	}
	for _, id := range added {
		switch of.kind {
		case dated:
			if known.ids == nil {
				known.ids = make(map[ID]struct{})
			}
			known.ids[id] = struct{}{}
		case stray:
			l.strays.keep(id, of.last())
		case migrated:
			l.migrated.keep(id, of.last())
		}
	}
}

// forget removes the ids that are kept for that hour as the last.
func (l lasts) forget(last hour) {
	maps.DeleteFunc(l, func(_ ID, kept hour) bool { return kept == last })
}

func compareIDs(a, b ID) int { return bytes.Compare(a[:], b[:]) }

func compareSpans(a, b span) int {
	return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.width, b.width), cmp.Compare(a.kind, b.kind))
}
