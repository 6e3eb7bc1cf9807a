// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// maxStructure is the depth to which a structured body nests: receivers of OTLP refuse much
// deeper ones. What lies deeper is the JSON text.
const maxStructure = 32

func toValidUTF8(raw []byte) string { return strings.ToValidUTF8(string(raw), "\uFFFD") }

// structure writes an event, which has been read without an error before, as a map.
func structure(data []byte, body pcommon.Value) {
	decoder := jsontext.NewDecoder(bytes.NewBuffer(data), lenient()...)
	structureValue(decoder, body, 0)
}

func structureValue(decoder *jsontext.Decoder, target pcommon.Value, depth int) {
	kind := decoder.PeekKind()
	if depth < maxStructure && kind == '{' {
		structureObject(decoder, target.SetEmptyMap(), depth)
		return
	}
	if depth < maxStructure && kind == '[' {
		structureArray(decoder, target.SetEmptySlice(), depth)
		return
	}
	raw, err := decoder.ReadValue()
	if err != nil {
		return
	}
	switch kind {
	case '"':
		target.SetStr(unquote(raw))
	case '{', '[':
		target.SetStr(string(raw))
	default:
		setScalar(target, raw)
	}
}

func setScalar(target pcommon.Value, raw jsontext.Value) {
	v, found := scalarValue(raw, "")
	switch {
	case !found:
	case v.kind == kindBool:
		target.SetBool(v.truth)
	case v.kind == kindInt:
		target.SetInt(v.number)
	case v.kind == kindDouble:
		target.SetDouble(v.double)
	default:
		target.SetStr(v.text)
	}
}

func structureObject(decoder *jsontext.Decoder, target pcommon.Map, depth int) {
	if _, err := decoder.ReadToken(); err != nil {
		return
	}
	seen := make(map[string]struct{})
	for decoder.PeekKind() == '"' {
		raw, err := decoder.ReadValue()
		if err != nil {
			return
		}
		name := unquote(raw)
		if _, repeated := seen[name]; !repeated {
			seen[name] = struct{}{}
			structureValue(decoder, target.PutEmpty(name), depth+1)
			continue
		}
		value, _ := target.Get(name)
		structureValue(decoder, value, depth+1)
	}
	_, _ = decoder.ReadToken()
}

func structureArray(decoder *jsontext.Decoder, target pcommon.Slice, depth int) {
	if _, err := decoder.ReadToken(); err != nil {
		return
	}
	for kind := decoder.PeekKind(); kind != ']' && kind != 0; kind = decoder.PeekKind() {
		structureValue(decoder, target.AppendEmpty(), depth+1)
	}
	_, _ = decoder.ReadToken()
}
