// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// reader reads an event's tokens, as often as it is rewound.
type reader struct {
	// text and data are the event. Strings that need no unescaping are parts of text.
	text string
	data []byte
	// escapes says that there may be a string that needs unescaping.
	escapes bool
	buffer  bytes.Buffer
	decoder jsontext.Decoder
	options []jsontext.Options
}

// newReader returns a reader that takes what may be sent although it is no good JSON: an event
// is evidence.
func newReader() reader {
	return reader{options: []jsontext.Options{jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)}}
}

// take makes an event the one to be read. data and text are the same.
func (r *reader) take(text string, data []byte) {
	r.text, r.data, r.escapes = text, data, strings.IndexByte(text, '\\') >= 0
}

// rewind begins with the first token. The decoder reads a bytes.Buffer without a copy.
func (r *reader) rewind() {
	r.buffer = *bytes.NewBuffer(r.data)
	r.decoder.Reset(&r.buffer, r.options...)
}

// string returns the text of a JSON string that was read last.
func (r *reader) string(raw jsontext.Value) string {
	if r.escapes && bytes.IndexByte(raw, '\\') >= 0 {
		return unquote(raw)
	}
	literal := r.part(raw)
	return literal[1 : len(literal)-1]
}

// part returns the part of the event's text that was read last.
func (r *reader) part(raw jsontext.Value) string {
	end := int(r.decoder.InputOffset())
	return r.text[end-len(raw) : end]
}

// unquote unescapes a JSON string, with U+FFFD in place of what is no valid text.
func unquote(raw jsontext.Value) string {
	text, _ := jsontext.AppendUnquote(nil, raw)
	return strings.ToValidUTF8(string(text), "\uFFFD")
}
