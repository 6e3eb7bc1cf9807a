// SPDX-License-Identifier: Apache-2.0

package mapping

import "strings"

// special takes a value whose field has a role. It reports false where the value is to be
// taken like any other.
func (w *walk) special(n *node, token string, depth int) (taken bool) {
	switch kind := token[0]; n.role {
	case roleBody:
		w.skip(token)
		return true
	case roleOrganization:
		return kind == '"' || kind == 'n'
	case roleTimestamp:
		if kind == '"' {
			// For the case that it can't be read.
			w.evidence.timestamp = w.string(token)
			return true
		}
	case roleNames:
		if kind == '[' || kind == '{' {
			w.names(n, token)
			return true
		}
	case roleActor:
		if kind == '[' {
			w.firstActor(n, depth)
			return true
		}
		if kind == '"' {
			w.actor(n, token)
			return true
		}
	case roleAgent:
		if kind == '"' {
			w.scalar(n.children["raw"], token)
			return true
		}
	}
	return false
}

// actor takes a text in place of the actor.
func (w *walk) actor(n *node, token string) {
	if isEmpty(token) {
		return
	}
	text := w.string(token)
	name := "username"
	if strings.Contains(text, "@") {
		name = "email"
	}
	w.add(n.children[name], textValue(text))
}

// firstActor takes the first element of an array that is not null as the actor. The others are
// left to the body.
func (w *walk) firstActor(n *node, depth int) {
	first := true
	for token := w.next(); token != "]"; token = w.next() {
		kind := token[0]
		switch {
		case first && kind == '{':
			w.object(n, depth)
		case first && kind == '"':
			w.actor(n, token)
		default:
			w.leave(token)
		}
		first = first && kind == 'n'
	}
}

// names keeps the name of each element of the arrays that are searched by name. The rest of an
// element is of any type, and often sensitive.
func (w *walk) names(n *node, token string) {
	start := len(w.found.texts)
	if token == "{" {
		w.name(n, token, start)
	} else {
		for token := w.next(); token != "]"; token = w.next() {
			w.name(n, token, start)
		}
	}
	if length := len(w.found.texts) - start; length > 0 {
		w.add(n, listValue(start, length))
	}
}

// name adds the name of an element to the list that begins at start.
func (w *walk) name(n *node, token string, start int) {
	var name string
	switch token[0] {
	case '{':
		name = w.nameOfObject(n)
	case '"':
		name = w.string(token)
	default:
		w.leave(token)
		return
	}
	switch {
	case name == "":
	case len(w.found.texts)-start == maxList || len(name) > maxText:
		w.found.dropped++
	default:
		w.found.texts = append(w.found.texts, name)
	}
}

// nameOfObject returns the member that names a change or a policy. Of a repeated one the last counts.
func (w *walk) nameOfObject(n *node) (name string) {
	wanted := "name"
	if n.slot == slotChangedFields {
		wanted = "field"
	}
	for token := w.next(); token != "}"; token = w.next() {
		found := w.string(token) == wanted
		token = w.next()
		if found && token[0] == '"' {
			name = w.string(token)
		}
		w.skip(token)
	}
	return name
}
