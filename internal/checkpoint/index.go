// SPDX-License-Identifier: Apache-2.0

package checkpoint

import (
	"hash/maphash"
	"math/bits"
	"slices"
)

const (
	// tags tell one id in 255 from another.
	tags = 255
	// leastIndex is the number of entries of an index of nothing.
	leastIndex = 64
)

// place is a segment's slot and the position of an id in it. In a segment of more than
// positions ids it is that of the first of several. There are places in a million segments: of more,
// ids of some would come again.
type place uint32

const (
	positionBits = 12
	positions    = 1 << positionBits
)

// placeOf is where the index has the id at i of a segment.
func placeOf(ids []ID, slot uint32, i int) place {
	return place(slot<<positionBits | uint32(i>>shift(ids))) //nolint:gosec // below positions
}

func (p place) slot() uint32 { return uint32(p >> positionBits) }

// has says whether the id is in that place of a segment's ids. There may be none, where the index
// tells of a segment that is gone.
func (p place) has(ids []ID, id ID) bool {
	shift := shift(ids)
	first := int(p&(positions-1)) << shift
	if shift == 0 {
		return first < len(ids) && ids[first] == id
	}
	first = min(first, len(ids))
	_, found := slices.BinarySearchFunc(ids[first:min(first+1<<shift, len(ids))], id, compareIDs)
	return found
}

// shift is 0 where every id has a position of its own.
func shift(ids []ID) int { return bits.Len(uint(max(len(ids)-1, 0)) >> positionBits) }

// index tells where an id may be: an open-addressing table of five bytes an entry. Its entries are
// hints, since the segments have the ids. So what is removed may stay until the index is made
// anew, and costs at most a look in vain.
type index struct {
	seed maphash.Seed
	// tags are 0 where there is no entry.
	tags   []uint8
	places []place
	used   int
}

// newIndex has room for so many ids and a fifth more.
func newIndex(ids int) index {
	size := max(leastIndex, ids/5*7)
	return index{seed: maphash.MakeSeed(), tags: make([]uint8, size), places: make([]place, size)}
}

// crowded says that with so many more ids looking for one takes too long.
func (x *index) crowded(added int) bool { return x.used+added > len(x.tags)/8*7 }

func (x *index) add(id ID, at place) {
	entry, tag := x.first(id)
	for x.tags[entry] != 0 {
		entry = x.after(entry)
	}
	x.tags[entry], x.places[entry] = tag, at
	x.used++
}

// first is where the entries of an id begin, and the tag that they have. The first that is empty
// ends them.
func (x *index) first(id ID) (entry int, tag uint8) {
	hash := maphash.Bytes(x.seed, id[:])
	high, _ := bits.Mul64(hash, uint64(len(x.tags)))
	return int(high), uint8(hash%tags) + 1 //nolint:gosec // below the length of a slice
}

func (x *index) after(entry int) int {
	if entry++; entry < len(x.tags) {
		return entry
	}
	return 0
}
