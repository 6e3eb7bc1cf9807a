// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is how many names a path may have to become a key.
const maxDepth = 6

var errTrailing = errors.New("something follows the event")

// walk is one reading of an event's tokens. It is used again for the next event.
type walk struct {
	reader
	// scratch has a node for an unknown name at each depth.
	scratch             [maxDepth]node
	order               order
	repeats             repeats
	found               collection
	evidence            evidence
	eventNames, regions joined
}

// evidence is what decides about the record as a whole.
type evidence struct {
	success, tokenSuccess verdict
	// failed says that a field is not empty that only failures have.
	failed                      bool
	status, severity, timestamp string
}

// verdict is a bool that may be missing.
type verdict uint8

const (
	verdictNone verdict = iota
	verdictTrue
	verdictFalse
)

func verdictOf(truth bool) verdict {
	if truth {
		return verdictTrue
	}
	return verdictFalse
}

func newWalk() *walk {
	return &walk{
		reader: newReader(), found: collection{attributes: make([]attribute, 0, maxAttributes)},
		eventNames: make(joined), regions: make(joined),
	}
}

// read collects an event, and reports false for what is no JSON object and nothing else. data
// and text are the same.
func (w *walk) read(text string, data []byte) bool {
	w.take(text, data)
	w.repeats.reset()
	err := w.event()
	if errors.Is(err, errRepeated) {
		w.repeats.superseded = w.superseded()
		err = w.event()
	}
	return err == nil
}

// release forgets the event, so that its page can be freed.
func (w *walk) release() {
	w.take("", nil)
	w.rewind()
	w.found.release()
	w.repeats.superseded = nil
	w.evidence = evidence{}
	w.scratch = [maxDepth]node{}
}

func (w *walk) event() error {
	w.rewind()
	w.found.reset()
	w.evidence = evidence{}
	if w.decoder.PeekKind() != '{' {
		return errNoObject
	}
	if err := w.object(knownTree, 0); err != nil {
		return err
	}
	if _, err := w.decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return errTrailing
	}
	return nil
}

// object walks over the members of an object with as many names on the way to it as depth says.
func (w *walk) object(parent *node, depth int) error {
	if _, err := w.decoder.ReadToken(); err != nil {
		return err
	}
	kind := w.decoder.PeekKind()
	if kind != '}' && parent.role == roleFailure {
		w.evidence.failed = true
	}
	previous := parent
	for ; kind != '}'; kind = w.decoder.PeekKind() {
		raw, err := w.decoder.ReadValue()
		if err != nil {
			return err
		}
		if w.repeats.superseded != nil && w.repeats.skips(w.decoder.InputOffset()) {
			if err := w.decoder.SkipValue(); err != nil {
				return err
			}
			continue
		}
		child := w.order.child(parent, previous, w.string(raw), &w.scratch[depth])
		previous = child
		w.found.respelt = w.found.respelt || child.isRespelt()
		if !w.repeats.first(child) {
			return errRepeated
		}
		if err := w.member(child, depth+1); err != nil {
			return err
		}
	}
	_, err := w.decoder.ReadToken()
	return err
}

// member takes the value of a member.
func (w *walk) member(n *node, depth int) error {
	kind := w.decoder.PeekKind()
	if n.role != roleNone {
		if taken, err := w.special(n, kind, depth); taken || err != nil {
			return err
		}
	}
	switch {
	case kind == '{' && depth >= maxDepth:
		return w.leave()
	case kind == '{' && n.leaf:
		return w.object(n.below(), depth)
	case kind == '{':
		return w.object(n, depth)
	case kind == '[':
		return w.array(n)
	default:
		return w.scalar(n)
	}
}

// leave skips a value that is left to the body because of a cap, or because no attribute can
// hold it.
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

func (w *walk) scalar(n *node) error {
	raw, err := w.decoder.ReadValue()
	if err == nil && !isEmpty(raw) {
		w.add(n, w.value(raw))
	}
	return err
}

// array takes an array of texts. Any other is left to the body.
func (w *walk) array(n *node) error {
	if _, err := w.decoder.ReadToken(); err != nil {
		return err
	}
	start := len(w.found.texts)
	onlyTexts, empty := true, true
	for kind := w.decoder.PeekKind(); kind != ']'; kind = w.decoder.PeekKind() {
		raw, err := w.decoder.ReadValue()
		if err != nil {
			return err
		}
		empty = false
		onlyTexts = onlyTexts && kind == '"'
		// One more than the cap tells that there are too many.
		if onlyTexts && len(w.found.texts)-start <= maxList {
			w.found.texts = append(w.found.texts, w.string(raw))
		}
	}
	switch {
	case empty:
	case onlyTexts:
		w.add(n, listValue(start, len(w.found.texts)-start))
	default:
		w.found.dropped++
		w.evidence.failed = w.evidence.failed || n.role == roleFailure
	}
	_, err := w.decoder.ReadToken()
	return err
}

// value returns what a JSON scalar other than null is.
func (w *walk) value(raw jsontext.Value) value {
	switch raw.Kind() {
	case '"':
		return textValue(w.string(raw))
	case '0':
		return numberValue(w.part(raw))
	default:
		return boolValue(raw.Kind() == 't')
	}
}
