// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// special takes a value whose field decides more than an attribute. It reports whether the
// value was consumed.
func (w *walk) special(known *field, depth int, exact bool) (taken bool, err error) {
	kind := w.decoder.PeekKind()
	switch known.role {
	case roleBody:
		return true, w.decoder.SkipValue()
	case roleChanges, rolePolicies:
		if kind != '[' {
			return false, nil
		}
		return true, w.names(known)
	case roleErrorChain:
		return kind == '[', w.errorChain(kind)
	case roleActor, roleAgent:
		if kind == '{' {
			return false, nil
		}
		return true, w.inPlaceOfObject(known, depth, exact)
	case roleOrganization:
		if kind == '"' || kind == 'n' {
			return true, w.decoder.SkipValue()
		}
		return false, nil
	case roleTimestamp:
		return kind == '"', w.timestamp(kind)
	default:
		return false, nil
	}
}

// names keeps the name of each element of the arrays that are searched by name: the rest of
// them is of any type, and often sensitive.
func (w *walk) names(known *field) error {
	raw, err := w.decoder.ReadValue()
	if err != nil {
		return err
	}
	member, list := "field", &w.found.facts.changedFields
	if known.role == rolePolicies {
		member, list = "name", &w.found.facts.policyNames
	}
	*list = nil
	each(raw, func(element jsontext.Value) bool {
		if name := memberText(element, member); name != "" {
			if len(*list) == maxList || len(name) > maxText {
				w.found.dropped++
				return len(*list) < maxList
			}
			*list = append(*list, name)
		}
		return true
	})
	return nil
}

// memberText returns a text member of an object, or "".
func memberText(raw jsontext.Value, name string) (text string) {
	if raw.Kind() != '{' {
		return ""
	}
	decoder := jsontext.NewDecoder(bytes.NewBuffer(raw), lenient()...)
	if _, err := decoder.ReadToken(); err != nil {
		return ""
	}
	for decoder.PeekKind() == '"' {
		token, err := decoder.ReadToken()
		if err != nil {
			return text
		}
		wanted := token.String() == name
		value, err := decoder.ReadValue()
		if err != nil {
			return text
		}
		if wanted && value.Kind() == '"' {
			text = unquote(value)
		}
	}
	return text
}

func (w *walk) errorChain(kind jsontext.Kind) error {
	if kind != '[' {
		return nil
	}
	raw, err := w.decoder.ReadValue()
	if err == nil && !isEmpty(raw) {
		w.found.facts.errorChain = true
		w.found.dropped++
	}
	return err
}

func (w *walk) timestamp(kind jsontext.Kind) error {
	if kind != '"' {
		return nil
	}
	raw, err := w.decoder.ReadValue()
	if err == nil {
		w.found.facts.timestampText = w.string(raw)
	}
	return err
}

// inPlaceOfObject takes what the API's documents show, or may send, where an object is the rule:
// an array of actors, of which the first is taken, or a text.
func (w *walk) inPlaceOfObject(known *field, depth int, exact bool) error {
	raw, err := w.decoder.ReadValue()
	if err != nil {
		return err
	}
	switch {
	case isEmpty(raw):
		return nil
	case raw.Kind() == '"' && known.role == roleAgent:
		w.fill(slotAgentOriginal, textValue(w.string(raw)))
		return nil
	case raw.Kind() == '"':
		w.fill(actorSlot(w.string(raw)), textValue(w.string(raw)))
		return nil
	case raw.Kind() == '[' && known.role == roleActor:
		return w.firstActor(raw, depth, exact)
	default:
		w.found.dropped++
		return nil
	}
}

func actorSlot(text string) slot {
	if strings.ContainsRune(text, '@') {
		return slotUserEmail
	}
	return slotUserName
}

// fill sets a slot from a text that stands in the place of an object.
func (w *walk) fill(target slot, v value) {
	if v.tooLong() {
		w.found.dropped++
		return
	}
	w.found.slots[target] = filled{value: v, field: &field{slot: target, kind: kindString}}
}

// firstActor walks over the first element of an array as if it stood alone. The others are
// left to the body.
func (w *walk) firstActor(raw jsontext.Value, depth int, exact bool) error {
	var first jsontext.Value
	count := 0
	each(raw, func(element jsontext.Value) bool {
		if count++; count == 1 {
			first = element.Clone()
		}
		return true
	})
	w.found.dropped += count - 1
	if first.Kind() != '{' {
		if first.Kind() == '"' && !isEmpty(first) {
			text := unquote(first)
			w.fill(actorSlot(text), textValue(text))
		} else if !isEmpty(first) {
			w.found.dropped++
		}
		return nil
	}
	inner := walk{text: string(first), path: w.path, key: w.key, found: w.found}
	inner.buffer = *bytes.NewBuffer(first)
	inner.decoder.Reset(&inner.buffer, lenient()...)
	err := inner.object(depth, exact)
	w.found = inner.found
	return err
}
