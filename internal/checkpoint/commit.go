// SPDX-License-Identifier: Apache-2.0

package checkpoint

import (
	"container/list"
	"context"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

const (
	// sparseAfter is how many missing segments are tolerated before those that are still
	// needed move to the end, so that a state's range of numbers stays short.
	sparseAfter = 64
	// mergeFactor segments of fewer than mergeFactor ids become one, and so do as many of fewer
	// than mergeBelow: where batches are small an id is written about three times.
	mergeFactor = 16
	mergeBelow  = mergeFactor * mergeFactor
)

// Delivered is what one commit adds: the events of one accepted batch.
type Delivered struct {
	Lane    Lane
	Entries []Entry
	// AsOf is the API's time. What is dated after it gets a segment of its own, so that it
	// does not keep the others.
	AsOf time.Time
}

// change is what a commit does to the segments.
type change struct {
	// dropped are forgotten, merged are the last ones and become a part of the first that is added.
	dropped, merged []*segment
	// moved is added under another number, or nil.
	moved *segment
	// added are in the order of their numbers.
	added       []*segment
	first, next uint64
}

// Commit stores state and adds the delivered events. After an error nothing has changed here,
// and the same commit may be tried again, also where the storage has applied it.
func (s *Store) Commit(ctx context.Context, state State, delivered Delivered) error {
	c := s.plan(state, delivered)
	operations, err := s.operations(state, c)
	if err != nil {
		return err
	}
	if err := s.client.Batch(ctx, operations...); err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	s.first, s.next = c.first, c.next
	s.seen.drop(c.gone()...)
	s.seen.keep(c.added...)
	return nil
}

func (s *Store) plan(state State, delivered Delivered) *change {
	c := &change{dropped: s.seen.past(state), next: s.next}
	until, after := split(delivered.Entries, delivered.AsOf)
	if len(until) > 0 {
		c.merged = s.seen.mergeable(state, delivered, len(until))
		c.add(newSegment(delivered.Lane, until, c.merged))
	}
	if len(after) > 0 {
		c.add(newSegment(delivered.Lane, after, nil))
	}
	kept := s.seen.order.Len() - len(c.dropped) - len(c.merged)
	first := firstNeeded(s.seen.order.Front(), state)
	// A segment that merges must not move as well. The next commit may move what is still far away.
	if first != nil && len(c.merged) == 0 && c.next-first.number > uint64(2*kept+sparseAfter) { //nolint:gosec // a length
		c.moved = first
		c.add(first.copied())
		first = firstNeeded(first.element.Next(), state)
	}
	switch {
	case first != nil:
		c.first = first.number
	case len(c.added) > 0:
		c.first = c.added[0].number
	default:
		c.first = c.next
	}
	return c
}

// add gives a segment its number. Those of the merged ones come first, so that no number is
// missing afterwards; there are more of them than a commit adds segments. The first is written
// over with all that the merged ones hold, before anything else is: a batch that is torn keeps it.
func (c *change) add(added *segment) {
	added.number = c.next
	if i := len(c.added); i < len(c.merged) {
		added.number = c.merged[i].number
	}
	c.added = append(c.added, added)
	c.next = added.number + 1
}

// firstNeeded returns the first segment from element on that is not forgotten, or nil. Where that is
// a merged one, its number is that of the first that is added.
func firstNeeded(element *list.Element, state State) *segment {
	for ; element != nil; element = element.Next() {
		if candidate := element.Value.(*segment); candidate.needed(state) {
			return candidate
		}
	}
	return nil
}

// gone are the segments that are in memory no more.
func (c *change) gone() []*segment {
	gone := slices.Concat(c.dropped, c.merged)
	if c.moved != nil {
		gone = append(gone, c.moved)
	}
	return gone
}

// operations are ordered for a storage whose batches are not atomic: ids, state, removals. The
// record keeps the range that includes what this commit removes: a batch that is torn before the
// removals is cleaned up after the next start.
func (s *Store) operations(state State, c *change) ([]*storage.Operation, error) {
	record, err := encodeState(content{State: state, First: s.first, Next: max(s.next, c.next)})
	if err != nil {
		return nil, err
	}
	gone := c.gone()
	operations := make([]*storage.Operation, 0, len(c.added)+1+len(gone))
	for _, segment := range c.added {
		operations = append(operations, storage.SetOperation(s.segmentKey(segment.number), segment.encode()))
	}
	operations = append(operations, storage.SetOperation(s.stateKey(), record))
	for _, segment := range gone {
		if !slices.ContainsFunc(c.added, segment.sameNumber) {
			operations = append(operations, storage.DeleteOperation(s.segmentKey(segment.number)))
		}
	}
	return operations, nil
}

// split returns the entries that are not dated after limit, and those that are.
func split(entries []Entry, limit time.Time) (until, after []Entry) {
	isAfter := func(e Entry) bool { return e.Time.After(limit) }
	if !slices.ContainsFunc(entries, isAfter) {
		return entries, nil
	}
	for _, entry := range entries {
		if isAfter(entry) {
			after = append(after, entry)
		} else {
			until = append(until, entry)
		}
	}
	return until, after
}
