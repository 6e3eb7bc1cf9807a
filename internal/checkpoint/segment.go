// SPDX-License-Identifier: Apache-2.0

package checkpoint

import (
	"cmp"
	"container/list"
	"encoding/binary"
	"hash/crc32"
	"math"
	"slices"
)

const (
	segmentVersion = 1
	// segmentHeader is version, lane, oldest and newest; segmentTrailer is the checksum.
	segmentHeader  = 1 + 1 + 8 + 8
	segmentTrailer = 4
)

// segment is the ids of one commit, or of several small ones, sorted, with the span of their
// timestamps.
type segment struct {
	number         uint64
	lane           Lane
	oldest, newest int64 // Unix milliseconds
	ids            []ID

	// slot, position and element are the segment's places in what is seen.
	slot     uint32
	position int
	element  *list.Element
}

// newSegment makes a segment of entries, which must not be empty, and of the segments that it
// takes the place of.
func newSegment(lane Lane, entries []Entry, merged []*segment) *segment {
	s := &segment{lane: lane, oldest: math.MaxInt64, newest: math.MinInt64}
	size := len(entries)
	for _, part := range merged {
		size += len(part.ids)
	}
	s.ids = make([]ID, 0, size)
	for _, entry := range entries {
		milli := entry.Time.UnixMilli()
		s.oldest, s.newest = min(s.oldest, milli), max(s.newest, milli)
		s.ids = append(s.ids, entry.ID)
	}
	for _, part := range merged {
		s.oldest, s.newest = min(s.oldest, part.oldest), max(s.newest, part.newest)
		s.ids = append(s.ids, part.ids...)
	}
	slices.SortFunc(s.ids, compareIDs)
	s.ids = slices.Compact(s.ids)
	return s
}

// copied is the segment before it has a number and a place.
func (s *segment) copied() *segment {
	return &segment{lane: s.lane, oldest: s.oldest, newest: s.newest, ids: s.ids}
}

func (s *segment) sameNumber(other *segment) bool { return s.number == other.number }

func compareIDs(a, b ID) int {
	if order := cmp.Compare(binary.BigEndian.Uint64(a[:]), binary.BigEndian.Uint64(b[:])); order != 0 {
		return order
	}
	return cmp.Compare(binary.BigEndian.Uint64(a[8:]), binary.BigEndian.Uint64(b[8:]))
}

// needed says whether a reader may still meet an event of the segment.
func (s *segment) needed(state State) bool { return s.newest >= state.edge(s.lane) }

func (s *segment) encode() []byte {
	data := make([]byte, 0, segmentHeader+len(s.ids)*len(ID{})+segmentTrailer)
	data = append(data, segmentVersion, byte(s.lane))
	data = binary.BigEndian.AppendUint64(data, uint64(s.oldest)) //nolint:gosec // the bits of a signed time are kept
	data = binary.BigEndian.AppendUint64(data, uint64(s.newest)) //nolint:gosec // the bits of a signed time are kept
	for _, id := range s.ids {
		data = append(data, id[:]...)
	}
	return binary.BigEndian.AppendUint32(data, crc32.Checksum(data, castagnoli))
}

// decodeSegment reports false for anything that encode did not write. The segment has no ids
// then and is not needed, so that the next commit removes it.
func decodeSegment(number uint64, data []byte) (*segment, bool) {
	idBytes := len(data) - segmentHeader - segmentTrailer
	if idBytes < 0 || idBytes%len(ID{}) != 0 || data[0] != segmentVersion {
		return damagedSegment(number), false
	}
	body, trailer := data[:len(data)-segmentTrailer], data[len(data)-segmentTrailer:]
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(trailer) {
		return damagedSegment(number), false
	}
	s := &segment{
		number: number,
		lane:   Lane(body[1]),
		oldest: int64(binary.BigEndian.Uint64(body[2:])),  //nolint:gosec // the bits of a signed time were kept
		newest: int64(binary.BigEndian.Uint64(body[10:])), //nolint:gosec // the bits of a signed time were kept
		ids:    make([]ID, idBytes/len(ID{})),
	}
	for i := range s.ids {
		copy(s.ids[i][:], body[segmentHeader+i*len(ID{}):])
	}
	return s, true
}

func damagedSegment(number uint64) *segment {
	return &segment{number: number, oldest: math.MaxInt64, newest: math.MinInt64}
}
