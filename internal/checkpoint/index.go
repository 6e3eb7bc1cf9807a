// SPDX-License-Identifier: Apache-2.0

package checkpoint

import (
	"hash/maphash"
	"math/bits"
)

const (
	// tags tell one id in 255 from another.
	tags = 255
	// leastIndex is the number of entries of an index of nothing.
	leastIndex = 64
)

// place is a segment's slot and the position of an id in it. In a segment of more than
// positions ids it is that of the first of several.
type place uint32

const (
	positionBits = 12
	positions    = 1 << positionBits
)

func (p place) slot() uint32  { return uint32(p >> positionBits) }
func (p place) position() int { return int(p & (positions - 1)) }

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
