// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// reader goes over an event's tokens, as often as it is rewound.
type reader struct {
	// text and data are the event. Strings that need no unescaping are parts of text.
	text string
	data []byte
	// escapes says that there may be a string that needs unescaping.
	escapes bool
	// tokens are the event's, and whole says that none of them is an array.
	tokens    insights.Tokens
	whole     bool
	cursor    insights.Cursor
	tokenizer insights.Tokenizer
}

// take makes an event the one to be read. Its text is a copy, with U+FFFD in place of what is no
// UTF-8: a text of OTLP has to be valid.
func (r *reader) take(event *insights.Event) {
	r.data, r.tokens, r.whole = event.Raw, event.Tokens, false
	r.text = string(event.Raw)
	if !r.tokens.Known() && !utf8.ValidString(r.text) {
		r.text = strings.ToValidUTF8(r.text, "\uFFFD")
		r.data = []byte(r.text)
	}
	r.escapes = strings.IndexByte(r.text, '\\') >= 0
}

// tokenize makes sure of the event's tokens, and with whole of those in all arrays. It reports
// false for what is not one JSON value.
func (r *reader) tokenize(whole bool) bool {
	if r.tokens.Known() && (r.whole || !whole) {
		return true
	}
	r.tokenizer.Whole, r.whole = whole, whole
	var err error
	r.tokens, err = r.tokenizer.Tokenize(r.data)
	return err == nil
}

// release forgets the event, so that its page can be freed.
func (r *reader) release() {
	r.text, r.data, r.tokens, r.cursor = "", nil, insights.Tokens{}, insights.Cursor{}
}

// rewind goes before the first token.
func (r *reader) rewind() { r.cursor = r.tokens.Cursor(r.text) }

// next returns the next token.
func (r *reader) next() string { return r.cursor.Next() }

// opens says that a token begins an object or an array.
func opens(token string) bool { return token == "{" || token == "[" }

// closes says that a token ends an object or an array.
func closes(token string) bool { return token == "}" || token == "]" }

// isArray says that a token is an array with all that is in it.
func isArray(token string) bool { return len(token) > 1 && token[0] == '[' }

// skip goes to the end of the value that begins with a token, and says whether it is empty.
func (r *reader) skip(token string) (empty bool) {
	if !opens(token) {
		return isEmpty(token)
	}
	token = r.next()
	empty = closes(token)
	for depth := 1; ; token = r.next() {
		switch {
		case opens(token):
			depth++
		case closes(token):
			depth--
		}
		if depth == 0 {
			return empty
		}
	}
}

// isEmpty is true for null, "" and [], which have no attribute.
func isEmpty(token string) bool {
	switch token[0] {
	case 'n':
		return true
	case '"':
		return len(token) == 2
	case '[':
		return strings.TrimSpace(token[1:len(token)-1]) == ""
	default:
		return false
	}
}

// string returns the text of a JSON string.
func (r *reader) string(token string) string {
	if r.escapes && strings.IndexByte(token, '\\') >= 0 {
		return unquote(token)
	}
	return token[1 : len(token)-1]
}

// unquote unescapes a JSON string, with U+FFFD in place of what is no valid text.
func unquote(token string) string {
	text, _ := jsontext.AppendUnquote(nil, token)
	return string(bytes.ToValidUTF8(text, []byte("\uFFFD")))
}
