// SPDX-License-Identifier: Apache-2.0

package mapping

import "strings"

// add takes a value of the current path: into its slot, or under its key.
func (w *walk) add(known *field, v value, exact bool) {
	if known == nil {
		w.addUnknown(v, exact)
		return
	}
	converted, ok := v.as(known.kind)
	if !ok {
		// A known key never changes its type: what does not fit is kept as text under a key of its own.
		w.addMisfit(known, v)
		return
	}
	w.note(known.role, converted)
	if known.slot == slotNone {
		w.append(known.key, converted, exact)
		return
	}
	w.addToSlot(known, converted)
}

// addMisfit keeps a value of another type than its key's. The rule's key is free where the
// field has a curated one.
func (w *walk) addMisfit(known *field, v value) {
	key := known.key + "_text"
	if known.slot != slotNone && known.key != slotKeys[known.slot].key {
		key = known.key
	}
	w.append(key, textValue(v.string()), true)
}

func (w *walk) addUnknown(v value, exact bool) {
	if len(w.key) == 0 || len(w.key) > maxKey {
		w.found.dropped++
		return
	}
	key := string(w.key)
	if _, object := knownObjects[string(w.path)]; object {
		if v.kind == kindStrings {
			w.found.dropped++
			return
		}
		key += "_text"
		v = textValue(v.string())
	}
	w.append(key, v, exact)
}

// addToSlot keeps the value of the lowest rank; another one that differs goes under its own key.
func (w *walk) addToSlot(known *field, v value) {
	if v.tooLong() {
		w.found.dropped++
		return
	}
	current := &w.found.slots[known.slot]
	switch {
	case current.field == nil, current.rank == known.rank:
		*current = filled{value: v, field: known, rank: known.rank}
	case known.rank < current.rank:
		w.demote(*current, v)
		*current = filled{value: v, field: known, rank: known.rank}
	default:
		w.demote(filled{value: v, field: known}, current.value)
	}
}

func (w *walk) demote(loser filled, winner value) {
	if loser.value.string() != winner.string() {
		w.append(loser.field.key, textValue(loser.value.string()), true)
	}
}

// note keeps what decides about the outcome and the severity.
func (w *walk) note(role role, v value) {
	facts := &w.found.facts
	switch role {
	case roleSuccess:
		facts.success = &v.truth
	case roleSSOSuccess:
		facts.ssoSuccess = &v.truth
	case roleStatus:
		facts.status = v.text
	case roleSeverity:
		facts.severity = v.text
	}
}

// append adds an attribute. Of two with one key the one whose names were not changed stays,
// else the last. A key that is a prefix of another, up to a dot, is left to the body: backends
// that nest keys would refuse the record.
func (w *walk) append(key string, v value, exact bool) {
	if v.tooLong() {
		w.found.dropped++
		return
	}
	for i := range w.found.attributes {
		present := &w.found.attributes[i]
		if present.key == key {
			if present.exact == exact {
				present.value = v
				return
			}
			w.found.dropped++
			if exact {
				*present = attribute{key: key, value: v, exact: exact}
			}
			return
		}
		if nests(present.key, key) || nests(key, present.key) {
			w.found.dropped++
			if exact && !present.exact {
				*present = attribute{key: key, value: v, exact: exact}
			}
			return
		}
	}
	if len(w.found.attributes) >= maxAttributes {
		w.found.dropped++
		return
	}
	w.found.attributes = append(w.found.attributes, attribute{key: key, value: v, exact: exact})
}

// nests says that inner lies below outer.
func nests(outer, inner string) bool {
	return len(outer) < len(inner) && inner[len(outer)] == '.' && strings.HasPrefix(inner, outer)
}
