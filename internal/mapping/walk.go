// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	// maxDepth is how many names a path may have to become a key.
	maxDepth = 6
	// maxAttributes, maxText and maxList are what every backend takes: Loki refuses a line with
	// more than 128 attributes or 64 KiB of them.
	maxAttributes = 100
	maxText       = 4096
	maxList       = 64
)

var errTrailing = errors.New("something follows the event")

// walk is one reading of an event's tokens.
type walk struct {
	// text is the event; values that need no unescaping are parts of it.
	text    string
	buffer  bytes.Buffer
	decoder jsontext.Decoder
	// path is the names on the way to the current value, as the table knows them; key is what
	// the rule makes of them, and empty where a name leaves nothing.
	path, key []byte
	found     found
}

// found is what a walk collects.
type found struct {
	slots      [slotCount]filled
	attributes []attribute
	facts      facts
	// dropped counts what is left to the body because of a cap or a conflict.
	dropped int
}

// filled is a slot's value and the field that it came from.
type filled struct {
	value value
	field *field
	rank  uint8
}

// attribute is a value with the key that the rule gave it.
type attribute struct {
	key   string
	value value
	// exact says that no name was changed on the way to the key.
	exact bool
}

// facts are what decides about the record as a whole.
type facts struct {
	success, ssoSuccess        *bool
	status, severity           string
	errorChain                 bool
	timestampText              string
	changedFields, policyNames []string
}

// lenient takes what JumpCloud may send although it is no good JSON.
func lenient() []jsontext.Options {
	return []jsontext.Options{jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)}
}

// reset prepares the walk over another event. It is false for what is no JSON object.
func (w *walk) reset(text string, data []byte) bool {
	w.text = text
	w.buffer = *bytes.NewBuffer(data)
	w.decoder.Reset(&w.buffer, lenient()...)
	w.path, w.key = w.path[:0], append(w.key[:0], keyPrefix[:len(keyPrefix)-1]...)
	w.found = found{attributes: w.found.attributes[:0]}
	return w.decoder.PeekKind() == '{'
}

// event walks over the event. An error says that it is no JSON object and nothing else.
func (w *walk) event() error {
	if err := w.object(0, true); err != nil {
		return err
	}
	if _, err := w.decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return errTrailing
	}
	return nil
}

// object walks over the members of an object at the given depth. exact says that no name on
// the way to it was changed.
func (w *walk) object(depth int, exact bool) error {
	if _, err := w.decoder.ReadToken(); err != nil {
		return err
	}
	for w.decoder.PeekKind() != '}' {
		raw, err := w.decoder.ReadValue()
		if err != nil {
			return err
		}
		name := w.string(raw)
		pathLength, keyLength := len(w.path), len(w.key)
		same := w.enter(name, depth)
		if err := w.member(depth+1, exact && same); err != nil {
			return err
		}
		w.path, w.key = w.path[:pathLength], w.key[:keyLength]
	}
	_, err := w.decoder.ReadToken()
	return err
}

// enter adds a name to the path and the key, and reports whether it stands in the key as it is.
// What the API's documents spell in two ways, or nest in itself, has one path.
func (w *walk) enter(name string, depth int) (exact bool) {
	if depth == 0 {
		switch name {
		case "user_agent":
			name = "useragent"
		case "Geoip":
			name = "geoip"
		}
	}
	if depth == 1 && (name == "geoip" || name == "useragent") && string(w.path) == name && w.decoder.PeekKind() == '{' {
		return true
	}
	if len(w.path) > 0 {
		w.path = append(w.path, '.')
	}
	w.path = append(w.path, name...)
	segment := snakeCase(name)
	if _, reserved := reservedNames[segment]; reserved && depth == 0 {
		segment = "raw_" + segment
	}
	if segment == "" || len(w.key) == 0 {
		w.key = w.key[:0]
		return false
	}
	w.key = append(w.key, '.')
	w.key = append(w.key, segment...)
	return segment == name
}

// member takes the value of the member that was entered.
func (w *walk) member(depth int, exact bool) error {
	known := w.known()
	if known != nil && known.role != roleNone {
		if taken, err := w.special(known, depth, exact); taken || err != nil {
			return err
		}
	}
	switch w.decoder.PeekKind() {
	case '{':
		if depth < maxDepth && (known == nil || known.role == roleActor || known.role == roleAgent) {
			return w.object(depth, exact)
		}
		return w.leave()
	case '[':
		return w.array(known, exact)
	default:
		return w.scalar(known, exact)
	}
}

func (w *walk) known() *field { return knownFields[string(w.path)] }

// leave skips a value that is left to the body because of a cap.
func (w *walk) leave() error {
	raw, err := w.decoder.ReadValue()
	if err == nil && !isEmpty(raw) {
		w.found.dropped++
	}
	return err
}

// isEmpty is true for null, "", {} and [], which have no attribute.
func isEmpty(raw jsontext.Value) bool {
	switch raw.Kind() {
	case 'n':
		return true
	case '"':
		return len(raw) == 2
	case '{', '[':
		return len(bytes.TrimSpace(raw[1:len(raw)-1])) == 0
	default:
		return false
	}
}

func (w *walk) array(known *field, exact bool) error {
	raw, err := w.decoder.ReadValue()
	if err != nil {
		return err
	}
	texts, ok := stringsOf(raw)
	switch {
	case isEmpty(raw):
	case !ok || known != nil && known.kind != kindStrings:
		w.found.dropped++
	default:
		w.add(known, value{kind: kindStrings, list: texts}, exact)
	}
	return nil
}

func (w *walk) scalar(known *field, exact bool) error {
	raw, err := w.decoder.ReadValue()
	if err != nil {
		return err
	}
	if v, ok := scalarValue(raw, w.string(raw)); ok {
		w.add(known, v, exact)
	}
	return nil
}

// string returns the text of a JSON string, as a part of the event's where nothing is escaped.
func (w *walk) string(raw jsontext.Value) string {
	if raw.Kind() != '"' {
		return ""
	}
	if bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		end := int(w.decoder.InputOffset())
		return w.text[end-len(raw)+1 : end-1]
	}
	return unquote(raw)
}

// unquote replaces what is no valid text by U+FFFD.
func unquote(raw jsontext.Value) string {
	text, _ := jsontext.AppendUnquote(nil, raw)
	return strings.ToValidUTF8(string(text), "\uFFFD")
}

// stringsOf returns the elements of an array that has only strings.
func stringsOf(raw jsontext.Value) (texts []string, ok bool) {
	ok = true
	each(raw, func(element jsontext.Value) bool {
		if ok = element.Kind() == '"'; ok {
			texts = append(texts, unquote(element))
		}
		return ok && len(texts) <= maxList
	})
	return texts, ok && len(texts) <= maxList
}

// each visits the elements of an array until visit says no.
func each(raw jsontext.Value, visit func(jsontext.Value) bool) {
	decoder := jsontext.NewDecoder(bytes.NewBuffer(raw), lenient()...)
	if _, err := decoder.ReadToken(); err != nil {
		return
	}
	for decoder.PeekKind() != ']' {
		element, err := decoder.ReadValue()
		if err != nil || !visit(element) {
			return
		}
	}
}
