// SPDX-License-Identifier: Apache-2.0

package mapping

// maxDepth is how many names a path may have to become a key.
const maxDepth = 6

// walk is one reading of an event's tokens. It is used again for the next event.
type walk struct {
	reader
	// scratch has a node for an unknown name at each depth.
	scratch [maxDepth]node
	order   order
	repeats repeats
	findings
	// partial says that the walk has met an array whose tokens it has to know.
	partial bool
}

// findings are what a walk has found of an event, from which the record follows.
type findings struct {
	found               collection
	evidence            evidence
	eventNames, regions joined
}

// evidence is what decides about the record as a whole.
type evidence struct {
	success, tokenSuccess verdict
	// failed says that a field is not empty that only failures have.
	failed bool
	// denied says that a policy denied.
	denied                     bool
	status, severity, priority string
	timestamp, serverTimestamp string
	// devices are the names of devices, by how far their role is from the first.
	devices      [roleResourceHost - roleSystemName + 1]string
	resourceType string
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

func newWalk(curated bool) *walk {
	return &walk{findings: findings{
		found:      collection{attributes: make([]attribute, 0, maxAttributes), curated: curated},
		eventNames: make(joined), regions: make(joined),
	}}
}

// read collects the event that was taken, and reports false for what is no JSON object and
// nothing else. whole asks for the tokens of all arrays.
func (w *walk) read(whole bool) bool {
	w.repeats.superseded = nil
	if !w.tokenize(whole) || !w.event() {
		return false
	}
	if w.partial {
		w.tokenize(true)
		w.event()
	}
	if w.repeats.found {
		w.repeats.superseded = w.superseded()
		w.event()
	}
	return true
}

// release forgets the event, so that its page can be freed.
func (w *walk) release() {
	w.reader.release()
	w.found.release()
	w.repeats.superseded = nil
	w.evidence = evidence{}
	w.scratch = [maxDepth]node{}
}

// event goes over the event once. It reports false for what is no object.
func (w *walk) event() bool {
	w.rewind()
	w.repeats.rewind()
	w.found.reset()
	w.evidence = evidence{}
	w.partial = false
	if w.next() != "{" {
		return false
	}
	w.object(knownTree, 0)
	return true
}

// object goes over the members of an object with as many names on the way to it as depth says.
func (w *walk) object(parent *node, depth int) {
	name := w.next()
	if name != "}" && parent.role == roleFailure {
		w.evidence.failed = true
	}
	previous := parent
	for ; name != "}"; name = w.next() {
		if w.repeats.skips(w.cursor.Offset()) {
			w.skip(w.next())
			continue
		}
		child := w.order.child(parent, previous, w.string(name), &w.scratch[depth])
		previous = child
		w.found.respelt = w.found.respelt || child.isOther()
		w.repeats.note(child)
		w.member(child, w.next(), depth+1)
	}
}

// member takes the value of a member, which begins with a token.
func (w *walk) member(n *node, token string, depth int) {
	if isArray(token) {
		w.partial = true
		return
	}
	if n.role != roleNone && w.special(n, token, depth) {
		return
	}
	switch {
	case token == "{" && depth >= maxDepth:
		w.leave(token)
	case token == "{" && n.leaf:
		w.object(n.below(), depth)
	case token == "{":
		w.object(n, depth)
	case token == "[":
		w.array(n)
	default:
		w.scalar(n, token)
	}
}

// leave skips a value that is left to the body because of a cap, or because no attribute can
// hold it.
func (w *walk) leave(token string) {
	if !w.skip(token) && !w.found.curated {
		w.found.dropped++
	}
}

func (w *walk) scalar(n *node, token string) {
	if !isEmpty(token) {
		w.add(n, w.value(token))
	}
}

// array takes an array of texts. Any other is left to the body.
func (w *walk) array(n *node) {
	start := len(w.found.texts)
	onlyTexts, empty := true, true
	for token := w.next(); token != "]"; token = w.next() {
		empty = false
		onlyTexts = onlyTexts && token[0] == '"'
		if !onlyTexts {
			w.skip(token)
			continue
		}
		// One more than the cap tells that there are too many.
		if len(w.found.texts)-start <= maxList {
			w.found.texts = append(w.found.texts, w.string(token))
		}
	}
	switch {
	case empty:
	case onlyTexts:
		w.add(n, listValue(start, len(w.found.texts)-start))
	default:
		w.evidence.failed = w.evidence.failed || n.role == roleFailure
		w.found.drop(n.slot != slotNone)
	}
}

// value returns what a JSON scalar other than null is.
func (w *walk) value(token string) value {
	switch token[0] {
	case '"':
		return textValue(w.string(token))
	case 't', 'f':
		return boolValue(token[0] == 't')
	default:
		return numberValue(token)
	}
}
