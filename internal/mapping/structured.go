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

// structure writes the event, which has been read without an error before, as a map.
func (r *reader) structure(body pcommon.Value) {
	r.rewind()
	r.structureValue(body, 0)
}

func (r *reader) structureValue(target pcommon.Value, depth int) {
	kind := r.decoder.PeekKind()
	if depth < maxStructure && kind == '{' {
		r.structureObject(target.SetEmptyMap(), depth)
		return
	}
	if depth < maxStructure && kind == '[' {
		r.structureArray(target.SetEmptySlice(), depth)
		return
	}
	raw, err := r.decoder.ReadValue()
	if err != nil {
		return
	}
	switch kind {
	case '"':
		target.SetStr(r.string(raw))
	case '{', '[':
		target.SetStr(r.part(raw))
	case '0':
		structureNumber(target, numberValue(r.part(raw)))
	case 't', 'f':
		target.SetBool(kind == 't')
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
	if _, err := r.decoder.ReadToken(); err != nil {
		return
	}
	var wide map[string]any
	for r.decoder.PeekKind() == '"' {
		raw, err := r.decoder.ReadValue()
		if err != nil {
			return
		}
		name := r.string(raw)
		if wide == nil && target.Len() == maxOrdered {
			wide = target.AsRaw()
		}
		if wide == nil {
			r.structureValue(target.PutEmpty(name), depth+1)
			continue
		}
		member := pcommon.NewValueEmpty()
		r.structureValue(member, depth+1)
		wide[name] = member.AsRaw()
	}
	if wide != nil {
		// The types are those that AsRaw returned, so that there can be no error.
		_ = target.FromRaw(wide)
	}
	_, _ = r.decoder.ReadToken()
}

func (r *reader) structureArray(target pcommon.Slice, depth int) {
	if _, err := r.decoder.ReadToken(); err != nil {
		return
	}
	for kind := r.decoder.PeekKind(); kind != ']' && kind != 0; kind = r.decoder.PeekKind() {
		r.structureValue(target.AppendEmpty(), depth+1)
	}
	_, _ = r.decoder.ReadToken()
}
