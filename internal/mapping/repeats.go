// SPDX-License-Identifier: Apache-2.0

package mapping

// repeats finds names that an object has twice, of which the last counts. Nearly no event has
// any, so the first reading only looks whether there may be some.
type repeats struct {
	// seen has the paths of the tree so far, by their id.
	seen [maxID / 64]uint64
	// maybeSeen is a Bloom filter of all others.
	maybeSeen [64]uint64
	// superseded has the offsets after names that the same object repeats later on. It is nil
	// in a first reading.
	superseded map[int]struct{}
	// found says that there may be such a name.
	found bool
}

// maxID bounds the ids of the tree.
const maxID = 1024

// rewind prepares for another reading of the same event.
func (r *repeats) rewind() {
	clear(r.seen[:])
	clear(r.maybeSeen[:])
	r.found = false
}

// note takes a path, which may have been there before.
func (r *repeats) note(n *node) {
	word, bit := &r.maybeSeen[n.hash>>6%64], n.hash%64
	if n.id != 0 {
		word, bit = &r.seen[n.id/64], uint64(n.id%64)
	}
	r.found = r.found || *word&(1<<bit) != 0
	*word |= 1 << bit
}

// skips says that the name that ends at the offset is repeated later on.
func (r *repeats) skips(offset int) bool {
	if r.superseded == nil {
		return false
	}
	_, skip := r.superseded[offset]
	return skip
}

// superseded returns the offsets after all names that the same object repeats later on, as
// deep as a walk goes.
func (r *reader) superseded() map[int]struct{} {
	offsets := make(map[int]struct{})
	r.rewind()
	r.collectSuperseded(r.next(), 0, offsets)
	return offsets
}

func (r *reader) collectSuperseded(token string, depth int, offsets map[int]struct{}) {
	// A walk goes into arrays of objects too, which adds a level for each object.
	if !opens(token) || depth > 2*maxDepth {
		r.skip(token)
		return
	}
	names := make(map[string]int)
	for next := r.next(); !closes(next); next = r.next() {
		if token == "{" {
			name, offset := r.string(next), r.cursor.Offset()
			if earlier, repeated := names[name]; repeated {
				offsets[earlier] = struct{}{}
			}
			names[name] = offset
			next = r.next()
		}
		r.collectSuperseded(next, depth+1, offsets)
	}
}
