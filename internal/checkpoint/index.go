// SPDX-License-Identifier: Apache-2.0

package checkpoint

import (
	"hash/maphash"
	"math/bits"
	"slices"
)

// bucketSize entries fill a line of the processor's cache.
const bucketSize = 12

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

// index tells where an id may be: an open-addressing table with 5.3 bytes for an entry. Its entries are
// hints, since the segments have the ids. So what is removed may stay until the index is made
// anew, and costs at most a look in vain.
type index struct {
	seed    maphash.Seed
	buckets []bucket
	used    int
}

// bucket holds the entries of the ids whose bucket it is, and what did not fit into the one before.
type bucket struct {
	used uint32
	// tags are a byte of each id's hash.
	tags   [bucketSize]uint8
	places [bucketSize]place
}

// newIndex has room for so many ids and a fifth more.
func newIndex(ids int) index {
	return index{seed: maphash.MakeSeed(), buckets: make([]bucket, ids*7/5/bucketSize+1)}
}

// crowded says that with so many more ids looking for one takes too long.
func (x *index) crowded(added int) bool { return x.used+added > len(x.buckets)*bucketSize/8*7 }

func (x *index) add(id ID, at place) {
	number, tag := x.first(id)
	for x.buckets[number].used == bucketSize {
		number = x.after(number)
	}
	b := &x.buckets[number]
	b.tags[b.used], b.places[b.used] = tag, at
	b.used++
	x.used++
}

// first is the number of the bucket of an id, and the tag that its entries have. The first bucket
// that is not full is the last that may have one.
func (x *index) first(id ID) (number int, tag uint8) {
	hash := maphash.Bytes(x.seed, id[:])
	high, _ := bits.Mul64(hash, uint64(len(x.buckets)))
	return int(high), uint8(hash) //nolint:gosec // below the length of a slice, and a part of the hash
}

func (x *index) after(number int) int {
	if number++; number < len(x.buckets) {
		return number
	}
	return 0
}
