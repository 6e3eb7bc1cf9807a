// SPDX-License-Identifier: Apache-2.0

package checkpoint

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"slices"
	"time"
)

const (
	segmentVersion = 1
	// segmentHeader is version, lane, oldest and newest; segmentTrailer is the checksum.
	segmentHeader  = 1 + 1 + 8 + 8
	segmentTrailer = 4
)

// segment is the ids of one commit, sorted, with the span of their timestamps.
type segment struct {
	number         uint64
	lane           Lane
	oldest, newest int64 // Unix milliseconds
	ids            []ID
}

// newSegment makes a segment of entries, which must not be empty.
func newSegment(number uint64, lane Lane, entries []Entry) segment {
	s := segment{number: number, lane: lane, ids: make([]ID, len(entries))}
	for i, entry := range entries {
		milli := entry.Time.UnixMilli()
		if i == 0 {
			s.oldest, s.newest = milli, milli
		}
		s.oldest, s.newest = min(s.oldest, milli), max(s.newest, milli)
		s.ids[i] = entry.ID
	}
	slices.SortFunc(s.ids, compareIDs)
	return s
}

func compareIDs(a, b ID) int { return bytes.Compare(a[:], b[:]) }

func (s *segment) contains(id ID) bool {
	_, found := slices.BinarySearchFunc(s.ids, id, compareIDs)
	return found
}

// covers says whether an event of that time can be in the segment.
func (s *segment) covers(milli int64) bool {
	return s.oldest <= milli && milli <= s.newest
}

// needed says whether a reader may still meet an event of the segment. Ids are kept for the
// whole second of an edge, since nothing documents that the API honours a fraction in start_time.
func (s *segment) needed(state State) bool {
	if s.newest >= wholeSecond(state.From) {
		return true
	}
	return s.lane == History && state.Backfill.Pending() && s.newest >= wholeSecond(state.Backfill.Next)
}

func wholeSecond(t time.Time) int64 {
	return t.Unix() * 1000
}

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
func decodeSegment(number uint64, data []byte) (segment, bool) {
	idBytes := len(data) - segmentHeader - segmentTrailer
	if idBytes < 0 || idBytes%len(ID{}) != 0 || data[0] != segmentVersion {
		return damagedSegment(number), false
	}
	body, trailer := data[:len(data)-segmentTrailer], data[len(data)-segmentTrailer:]
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(trailer) {
		return damagedSegment(number), false
	}
	s := segment{
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

func damagedSegment(number uint64) segment {
	return segment{number: number, oldest: math.MaxInt64, newest: math.MinInt64}
}
