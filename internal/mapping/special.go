// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// special takes a value whose field has a role. It reports false where the value is to be
// taken like any other.
func (w *walk) special(n *node, kind jsontext.Kind, depth int) (taken bool, err error) {
	switch n.role {
	case roleBody:
		return true, w.decoder.SkipValue()
	case roleOrganization:
		if kind == '"' {
			return true, w.decoder.SkipValue()
		}
	case roleTimestamp:
		if kind == '"' {
			return true, w.timestamp()
		}
	case roleNames:
		if kind == '[' || kind == '{' {
			return true, w.names(n, kind)
		}
	case roleActor:
		if kind == '[' {
			return true, w.firstActor(n, depth)
		}
		if kind == '"' {
			return true, w.actor(n)
		}
	case roleAgent:
		if kind == '"' {
			return true, w.scalar(n.children["raw"])
		}
	}
	return false, nil
}

// timestamp keeps the text of the event's time, for the case that it can't be read.
func (w *walk) timestamp() error {
	raw, err := w.decoder.ReadValue()
	if err == nil {
		w.evidence.timestamp = w.string(raw)
	}
	return err
}

// actor takes a text in place of the actor.
func (w *walk) actor(n *node) error {
	raw, err := w.decoder.ReadValue()
	if err != nil || isEmpty(raw) {
		return err
	}
	text := w.string(raw)
	name := "username"
	if strings.Contains(text, "@") {
		name = "email"
	}
	w.add(n.children[name], textValue(text))
	return nil
}

// firstActor takes the first element of an array that is not null as the actor. The others are
// left to the body.
func (w *walk) firstActor(n *node, depth int) error {
	if _, err := w.decoder.ReadToken(); err != nil {
		return err
	}
	for first := true; ; {
		var err error
		kind := w.decoder.PeekKind()
		switch {
		case kind == ']':
			_, err = w.decoder.ReadToken()
			return err
		case first && kind == '{':
			err = w.object(n, depth)
		case first && kind == '"':
			err = w.actor(n)
		default:
			err = w.leave()
		}
		if err != nil {
			return err
		}
		first = first && kind == 'n'
	}
}

// names keeps the name of each element of the arrays that are searched by name. The rest of an
// element is of any type, and often sensitive.
func (w *walk) names(n *node, kind jsontext.Kind) error {
	start := len(w.found.texts)
	if kind == '{' {
		if err := w.name(n, kind, start); err != nil {
			return err
		}
	} else if err := w.namesOfArray(n, start); err != nil {
		return err
	}
	if length := len(w.found.texts) - start; length > 0 {
		w.add(n, listValue(start, length))
	}
	return nil
}

func (w *walk) namesOfArray(n *node, start int) error {
	if _, err := w.decoder.ReadToken(); err != nil {
		return err
	}
	for kind := w.decoder.PeekKind(); kind != ']'; kind = w.decoder.PeekKind() {
		if err := w.name(n, kind, start); err != nil {
			return err
		}
	}
	_, err := w.decoder.ReadToken()
	return err
}

// name adds the name of an element to the list that begins at start.
func (w *walk) name(n *node, kind jsontext.Kind, start int) error {
	var name string
	switch kind {
	case '{':
		found, err := w.nameOfObject(n)
		if err != nil {
			return err
		}
		name = found
	case '"':
		raw, err := w.decoder.ReadValue()
		if err != nil {
			return err
		}
		name = w.string(raw)
	default:
		return w.leave()
	}
	switch {
	case name == "":
	case len(w.found.texts)-start == maxList || len(name) > maxText:
		w.found.dropped++
	default:
		w.found.texts = append(w.found.texts, name)
	}
	return nil
}

// nameOfObject returns the member that names a change or a policy. Of a repeated one the last counts.
func (w *walk) nameOfObject(n *node) (name string, err error) {
	if _, err := w.decoder.ReadToken(); err != nil {
		return "", err
	}
	wanted := "name"
	if n.slot == slotChangedFields {
		wanted = "field"
	}
	for w.decoder.PeekKind() != '}' {
		raw, err := w.decoder.ReadValue()
		if err != nil {
			return "", err
		}
		found := w.string(raw) == wanted
		if raw, err = w.decoder.ReadValue(); err != nil {
			return "", err
		}
		if found && raw.Kind() == '"' {
			name = w.string(raw)
		}
	}
	_, err = w.decoder.ReadToken()
	return name, err
}
