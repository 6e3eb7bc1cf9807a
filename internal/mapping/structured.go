// SPDX-License-Identifier: Apache-2.0

package mapping

import "go.opentelemetry.io/collector/pdata/pcommon"

const (
	// maxStructure is the depth to which a structured body nests. What lies deeper is its JSON
	// text: a level is three of protobuf, and many receivers of OTLP take no more than 100.
	maxStructure = 30
	// maxOrdered is how many names an object has in the order of the event. A map of the
	// pipeline looks through all its names for each that is added.
	maxOrdered = 256
)

// structure writes the event, whose tokens are whole, as a map.
func (r *reader) structure(body pcommon.Value) {
	r.rewind()
	r.structureValue(body, r.next(), 0)
}

func (r *reader) structureValue(target pcommon.Value, token string, depth int) {
	switch {
	case opens(token) && depth >= maxStructure:
		start := r.cursor.Offset() - len(token)
		r.skip(token)
		target.SetStr(r.text[start:r.cursor.Offset()])
	case token == "{":
		r.structureObject(target.SetEmptyMap(), depth)
	case token == "[":
		r.structureArray(target.SetEmptySlice(), depth)
	case token[0] == '"':
		target.SetStr(r.string(token))
	case token == "true", token == "false":
		target.SetBool(token == "true")
	case token != "null":
		structureNumber(target, numberValue(token))
	}
}

func structureNumber(target pcommon.Value, number value) {
	switch number.kind {
	case kindInt:
		target.SetInt(number.number())
	case kindDouble:
		target.SetDouble(number.double())
	default:
		target.SetStr(number.text)
	}
}

// structureObject writes the members of an object. Of a repeated name the last counts.
func (r *reader) structureObject(target pcommon.Map, depth int) {
	var wide map[string]any
	for token := r.next(); token != "}"; token = r.next() {
		name := r.string(token)
		if wide == nil && target.Len() == maxOrdered {
			wide = target.AsRaw()
		}
		if wide == nil {
			r.structureValue(target.PutEmpty(name), r.next(), depth+1)
			continue
		}
		member := pcommon.NewValueEmpty()
		r.structureValue(member, r.next(), depth+1)
		wide[name] = member.AsRaw()
	}
	if wide != nil {
		// The types are those that AsRaw returned, so that there can be no error.
		_ = target.FromRaw(wide)
	}
}

func (r *reader) structureArray(target pcommon.Slice, depth int) {
	for token := r.next(); token != "]"; token = r.next() {
		r.structureValue(target.AppendEmpty(), token, depth+1)
	}
}
