// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"iter"
	"math/bits"
	"slices"

	"go.opentelemetry.io/collector/pdata/xpdata"
)

const (
	// maxAttributes, maxText, maxList and maxSize are what every backend takes: Loki refuses a
	// record with more than 128 attributes or 64 KiB of them. Texts and the size are in bytes.
	maxAttributes = 100
	maxText       = 4096
	maxList       = 64
	maxSize       = 48 << 10
	// maxOverhead is more than an attribute's key and value have beside the event's text.
	maxOverhead = 2 * maxKey
)

// The suffixes of keys for values of another type than the field's.
const (
	suffixText   = "_text"
	suffixList   = "_list"
	suffixObject = "_object"
)

// collection is what becomes attributes. It is used again for the next event.
type collection struct {
	// filled has a bit for each slot that has a value.
	filled uint64
	slots  [slotCount]filled
	// attributes has room for maxAttributes.
	attributes []attribute
	// texts has the texts of all lists.
	texts []string
	// actions are those of the policies whose names were collected last.
	actions []string
	// curated says that no other attributes than the slots are asked for.
	curated bool
	// respelt says that a known field came under another name, and may have any known key.
	respelt bool
	// dropped counts what is left to the body because of a cap, or a conflict, or its type.
	dropped int
	// builder adds attributes without a search for their keys.
	builder xpdata.MapBuilder
}

// filled is a slot's value, and the field that it came from with the rank that it had.
type filled struct {
	value value
	from  *node
	rank  uint8
}

// attribute is a value with the key that the rule gave it.
type attribute struct {
	key   string
	value value
	// known and exact are the node's.
	known, exact bool
}

// reset prepares the collection for another event. Values stay where nothing reads them.
func (c *collection) reset() {
	c.filled, c.attributes, c.texts, c.dropped, c.respelt = 0, c.attributes[:0], c.texts[:0], 0, false
}

// release forgets all values, so that their events can be freed.
func (c *collection) release() {
	c.reset()
	clear(c.slots[:])
	clear(c.attributes[:cap(c.attributes)])
	clear(c.texts[:cap(c.texts)])
	clear(c.actions[:cap(c.actions)])
}

func (c *collection) has(s slot) bool { return c.filled&(1<<s) != 0 }

// all returns the slots that have a value, in the order in which they are written.
func (c *collection) all() iter.Seq[slot] {
	return func(yield func(slot) bool) {
		for left := c.filled; left != 0; left &= left - 1 {
			if !yield(slot(bits.TrailingZeros64(left))) { //nolint:gosec // at most 63
				return
			}
		}
	}
}

// text returns the text of a slot, or "" where it has no value.
func (c *collection) text(s slot) string {
	if !c.has(s) {
		return ""
	}
	return c.slots[s].value.text
}

// set writes field by field: a copy of the whole would cost more while garbage is collected.
func (c *collection) set(s slot, v value, from *node, rank uint8) {
	at := &c.slots[s]
	at.value, at.from, at.rank = v, from, rank
	c.filled |= 1 << s
}

// derive sets a slot that no field fills.
func (c *collection) derive(s slot, v value) { c.set(s, v, nil, 0) }

// add takes a value of a field: into its slot, or under its key.
func (w *walk) add(n *node, v value) {
	if n.role == roleFailure {
		w.evidence.failed = true
	}
	if n.kind == kindStrings && v.kind != kindStrings {
		w.found.texts = append(w.found.texts, v.text)
		v = listValue(len(w.found.texts)-1, 1)
	}
	converted, fits := v.as(n.kind)
	if !fits {
		w.found.misfit(n, v)
		return
	}
	w.note(n, converted)
	if n.slot != slotNone {
		w.found.fill(n, converted)
		return
	}
	w.found.append(&attribute{key: n.path(), value: converted, known: n.known, exact: n.exact}, n.alone)
}

// note keeps what decides about the outcome, the severity and the device.
func (w *walk) note(n *node, v value) {
	switch n.role {
	case roleSuccess:
		w.evidence.success = verdictOf(v.truth())
	case roleTokenSuccess:
		w.evidence.tokenSuccess = verdictOf(v.truth())
	case roleStatus:
		w.evidence.status = v.text
	case roleSeverity:
		w.evidence.severity = v.text
	case rolePriority:
		w.evidence.priority = v.text
	case roleServerTimestamp:
		w.evidence.serverTimestamp = v.text
	case roleResourceType:
		w.evidence.resourceType = v.text
	case roleSystemName, roleClientHost, roleClientName, roleResourceHost:
		if device := &w.evidence.devices[n.role-roleSystemName]; *device == "" || n.rank == 0 {
			*device = v.text
		}
	}
}

// misfit keeps a value that can't have its key, because of its type or because another has it:
// a list under a key of its own, any other as text.
func (c *collection) misfit(n *node, v value) {
	if v.kind == kindStrings {
		c.append(&attribute{key: n.path() + suffixList, value: v}, false)
		return
	}
	c.append(&attribute{key: n.textKey(), value: textValue(v.text), known: n.slot != slotNone}, false)
}

// fill gives a slot the value of the lowest rank. Another one that differs goes under its own key.
func (c *collection) fill(n *node, v value) {
	if v.tooLong(c.texts) {
		c.dropped++
		return
	}
	if !c.has(n.slot) {
		c.set(n.slot, v, n.usual, n.rank)
		return
	}
	next := filled{value: v, from: n.usual, rank: n.rank}
	if current := c.slots[n.slot]; next.rank < current.rank {
		c.slots[n.slot], next = next, current
	}
	if !next.value.equal(c.slots[n.slot].value) {
		c.misfit(next.from, next.value)
	}
}

// vacate empties a slot whose value turned out to belong under its own key.
func (c *collection) vacate(s slot) {
	c.filled &^= 1 << s
	c.misfit(c.slots[s].from, c.slots[s].value)
}

// append adds an attribute. alone says that no other key of the tables can be in its way.
func (c *collection) append(a *attribute, alone bool) {
	if c.curated {
		return
	}
	if a.key == "" || a.value.tooLong(c.texts) {
		c.dropped++
		return
	}
	if (!alone || c.respelt) && !c.makeWay(a) {
		return
	}
	if len(c.attributes) == maxAttributes && !c.evict(a.known) {
		c.dropped++
		return
	}
	c.attributes = c.attributes[:len(c.attributes)+1]
	at := &c.attributes[len(c.attributes)-1]
	at.key, at.value, at.known, at.exact = a.key, a.value, a.known, a.exact
}

// drop counts a value that is left to the body, unless nobody asked for its key.
func (c *collection) drop(curated bool) {
	if curated || !c.curated {
		c.dropped++
	}
}

// makeWay makes room for a key, and reports false where another stays in its place. Of two with one
// key, or with one key below the other's, which backends that nest keys refuse, the one whose
// names are not changed stays, else the first.
func (c *collection) makeWay(a *attribute) bool {
	conflict := false
	for i := range c.attributes {
		present := &c.attributes[i]
		if present.key != a.key && !nests(present.key, a.key) && !nests(a.key, present.key) {
			continue
		}
		if present.key == a.key && present.value.equal(a.value) {
			present.exact = present.exact || a.exact
			return false
		}
		if present.exact || !a.exact {
			c.dropped++
			return false
		}
		conflict = true
	}
	if conflict {
		c.yield(a.key)
	}
	return true
}

// yield removes what is in the way of a key.
func (c *collection) yield(key string) {
	before := len(c.attributes)
	c.attributes = slices.DeleteFunc(c.attributes, func(a attribute) bool {
		return !a.exact && (a.key == key || nests(a.key, key) || nests(key, a.key))
	})
	c.dropped += before - len(c.attributes)
}

// evict makes room for a known key by leaving the last unknown one to the body.
func (c *collection) evict(known bool) bool {
	if !known {
		return false
	}
	for i, a := range slices.Backward(c.attributes) {
		if !a.known {
			c.attributes = slices.Delete(c.attributes, i, i+1)
			c.dropped++
			return true
		}
	}
	return false
}
