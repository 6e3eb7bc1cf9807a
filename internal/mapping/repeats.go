// SPDX-License-Identifier: Apache-2.0

package mapping

import "errors"

// errRepeated says that the event may have a name twice in one object, and has to be read
// again with care.
var errRepeated = errors.New("a name is repeated")

// errNoObject says that the event is another JSON value, or none.
var errNoObject = errors.New("the event is no object")

// repeats finds names that an object has twice, of which the last counts. Nearly no event has
// any, so the first reading only looks whether there may be some.
type repeats struct {
	// seen has the paths of the tree so far, by their id.
	seen [maxID / 64]uint64
	// maybeSeen is a Bloom filter of all others.
	maybeSeen [64]uint64
	// superseded has the offsets after names that the same object repeats later on. It is nil
	// in a first reading.
	superseded map[int64]struct{}
}

// maxID bounds the ids of the tree.
const maxID = 1024

// reset prepares for another event.
func (r *repeats) reset() {
	clear(r.seen[:])
	clear(r.maybeSeen[:])
	r.superseded = nil
}

// first reports false where a path may have been seen before.
func (r *repeats) first(n *node) bool {
	if r.superseded != nil {
		return true
	}
	word, bit := &r.maybeSeen[n.hash>>6%64], n.hash%64
	if n.id != 0 {
		word, bit = &r.seen[n.id/64], uint64(n.id%64)
	}
	seen := *word&(1<<bit) != 0
	*word |= 1 << bit
	return !seen
}

// skips says that the name that ends at the offset is repeated later on.
func (r *repeats) skips(offset int64) bool {
	if r.superseded == nil {
		return false
	}
	_, skip := r.superseded[offset]
	return skip
}

// superseded returns the offsets after all names that the same object repeats later on, as
// deep as a walk goes.
func (r *reader) superseded() map[int64]struct{} {
	offsets := make(map[int64]struct{})
	r.rewind()
	// What is broken is found by the walk as well.
	_ = r.collectSuperseded(0, offsets)
	return offsets
}

func (r *reader) collectSuperseded(depth int, offsets map[int64]struct{}) error {
	kind := r.decoder.PeekKind()
	// A walk goes into arrays of objects too, which adds a level for each object.
	if kind != '{' && kind != '[' || depth > 2*maxDepth {
		return r.decoder.SkipValue()
	}
	if _, err := r.decoder.ReadToken(); err != nil {
		return err
	}
	names := make(map[string]int64)
	for next := r.decoder.PeekKind(); next != '}' && next != ']'; next = r.decoder.PeekKind() {
		if kind == '{' {
			raw, err := r.decoder.ReadValue()
			if err != nil {
				return err
			}
			name, offset := r.string(raw), r.decoder.InputOffset()
			if earlier, repeated := names[name]; repeated {
				offsets[earlier] = struct{}{}
			}
			names[name] = offset
		}
		if err := r.collectSuperseded(depth+1, offsets); err != nil {
			return err
		}
	}
	_, err := r.decoder.ReadToken()
	return err
}
