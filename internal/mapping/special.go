// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"slices"
	"strings"
)

// actionDeny is what a policy says that denied, in any case.
const actionDeny = "DENY"

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
	case roleCountry:
		return w.countryName(n, token)
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
	w.found.actions = w.found.actions[:0]
	if token == "{" {
		w.name(n, token, start)
	} else {
		for token := w.next(); token != "]"; token = w.next() {
			w.name(n, token, start)
		}
	}
	length := len(w.found.texts) - start
	if length == 0 {
		return
	}
	names := listValue(start, length)
	w.add(n, names)
	if n.slot == slotPolicyNames {
		w.found.addActions(names)
	}
}

// name adds the name of an element to the list that begins at start.
func (w *walk) name(n *node, token string, start int) {
	var name, action string
	switch token[0] {
	case '{':
		name, action = w.nameOfObject(n)
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
		w.found.actions = append(w.found.actions, action)
	}
}

// nameOfObject returns the member that names a change or a policy, and what the policy did. Of a
// repeated one the last counts.
func (w *walk) nameOfObject(n *node) (name, action string) {
	if n.slot == slotChangedFields {
		return w.textMember("field"), ""
	}
	for token := w.next(); token != "}"; token = w.next() {
		member := w.string(token)
		token = w.next()
		switch {
		case member == "name" && token[0] == '"':
			name = w.string(token)
		case member == "metadata" && token == "{":
			action = w.textMember("action")
			continue
		}
		w.skip(token)
	}
	w.evidence.denied = w.evidence.denied || strings.EqualFold(action, actionDeny)
	return name, action
}

// textMember goes to the end of an object, and returns the text of one of its members.
func (w *walk) textMember(wanted string) (text string) {
	for token := w.next(); token != "}"; token = w.next() {
		found := w.string(token) == wanted
		token = w.next()
		if found && token[0] == '"' {
			text = w.string(token)
		}
		w.skip(token)
	}
	return text
}

// addActions sets what the policies did, in the order of their names, where these have the slot. It
// leaves out a list of which no element says anything.
func (c *collection) addActions(names value) {
	if !c.has(slotPolicyNames) || c.slots[slotPolicyNames].value != names {
		return
	}
	c.filled &^= 1 << slotPolicyActions
	if !slices.ContainsFunc(c.actions, func(action string) bool { return action != "" }) {
		return
	}
	start := len(c.texts)
	c.texts = append(c.texts, c.actions...)
	c.derive(slotPolicyActions, listValue(start, len(c.actions)))
}

// countryName takes a country that is not a code of two letters, and keeps it off the code's key.
func (w *walk) countryName(n *node, token string) (taken bool) {
	if opens(token) || isEmpty(token) {
		return false
	}
	v := w.value(token)
	if isCountryCode(v.text) {
		return false
	}
	w.found.misfit(n, v)
	return true
}

func isCountryCode(text string) bool {
	return len(text) == 2 && isLetter(text[0]) && isLetter(text[1])
}

func isLetter(b byte) bool { return isUpper(b) || isLower(b) }
