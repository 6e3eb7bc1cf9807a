// SPDX-License-Identifier: Apache-2.0

package checkpoint

import (
	"container/heap"
	"container/list"
	"slices"
)

// seen is what is remembered, in memory: 16 bytes an id in sorted segments, and six to eight in an
// index of them. What adding and removing take depends on what is added and removed.
type seen struct {
	// order is the segments by their numbers.
	order *list.List
	// slots are the ids of the segments as the index names them, from 1 on. Those in free are nil.
	slots [][]ID
	free  []uint32
	index index
	// live and history are the segments of a lane by when they are forgotten.
	live, history expiry
	ids           int
}

func newSeen() *seen {
	s := &seen{order: list.New()}
	s.reindex()
	return s
}

func (s *seen) contains(id ID) bool {
	for number, tag := s.index.first(id); ; number = s.index.after(number) {
		b := &s.index.buckets[number]
		for i, other := range b.tags[:b.used] {
			if other == tag && b.places[i].has(s.slots[b.places[i].slot()], id) {
				return true
			}
		}
		if b.used < bucketSize {
			return false
		}
	}
}

// keep takes segments in the order of their numbers, none of them before one that is kept.
func (s *seen) keep(added ...*segment) {
	ids := 0
	for _, segment := range added {
		segment.element = s.order.PushBack(segment)
		heap.Push(s.lane(segment.lane), segment)
		ids += len(segment.ids)
	}
	s.ids += ids
	if s.index.crowded(ids) {
		s.reindex()
		return
	}
	for _, segment := range added {
		s.assign(segment)
	}
}

// drop takes each segment once.
func (s *seen) drop(dropped ...*segment) {
	for _, segment := range dropped {
		s.order.Remove(segment.element)
		heap.Remove(s.lane(segment.lane), segment.position)
		s.slots[segment.slot] = nil
		s.free = append(s.free, segment.slot)
		s.ids -= len(segment.ids)
	}
	if s.index.used > 4*(s.ids+bucketSize) {
		s.reindex()
	}
}

// reindex forgets what the index has of segments that are gone.
func (s *seen) reindex() {
	s.index = newIndex(s.ids)
	s.slots, s.free = make([][]ID, 1, s.order.Len()+1), nil
	for element := s.order.Front(); element != nil; element = element.Next() {
		s.assign(element.Value.(*segment))
	}
}

func (s *seen) assign(added *segment) {
	if last := len(s.free) - 1; last >= 0 {
		added.slot, s.free = s.free[last], s.free[:last]
		s.slots[added.slot] = added.ids
	} else {
		added.slot = uint32(len(s.slots)) //nolint:gosec // a length
		s.slots = append(s.slots, added.ids)
	}
	for i, id := range added.ids {
		s.index.add(id, placeOf(added.ids, added.slot, i))
	}
}

func (s *seen) lane(lane Lane) *expiry {
	if lane == History {
		return &s.history
	}
	return &s.live
}

// past returns the segments that no reader can meet any more.
func (s *seen) past(state State) []*segment {
	return s.history.before(state.edge(History), 0, s.live.before(state.edge(Live), 0, nil))
}

// mergeable returns the last segments, in order, that become one with so many ids that are added.
// Either there are none or mergeFactor-1 at least. None of them is dated after AsOf, since that
// would keep the others. Those that are past are passed over.
func (s *seen) mergeable(state State, delivered Delivered, added int) (merged []*segment) {
	element, asOf := s.order.Back(), delivered.AsOf.UnixMilli()
	for below := mergeFactor; below <= mergeBelow; below *= mergeFactor {
		if added >= below {
			continue
		}
		var run []*segment
		for ; element != nil && len(run) < mergeFactor-1; element = element.Prev() {
			candidate := element.Value.(*segment)
			if !candidate.needed(state) {
				continue
			}
			if candidate.lane != delivered.Lane || candidate.newest > asOf || len(candidate.ids) >= below {
				break
			}
			run = append(run, candidate)
		}
		if len(run) < mergeFactor-1 {
			break
		}
		merged = append(merged, run...)
	}
	slices.Reverse(merged)
	return merged
}
