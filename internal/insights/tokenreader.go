// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// lenient takes what is no good JSON but may be sent: an event is evidence. strict takes
// repeated names only: looking for them would cost much.
var (
	strict  = []jsontext.Options{jsontext.AllowDuplicateNames(true)}
	lenient = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
)

// tokenReader reads a value token by token, and notes them.
type tokenReader struct {
	data    []byte
	buffer  bytes.Buffer
	decoder jsontext.Decoder
	tokens  Tokens
	// start and end are where the last token was read.
	start, end int
}

// reset makes the decoder read data, straight from it as it does with a bytes.Buffer.
func (r *tokenReader) reset(data []byte, options []jsontext.Options) {
	r.data, r.start, r.end = data, 0, 0
	r.tokens.lengths = r.tokens.lengths[:0]
	r.buffer = *bytes.NewBuffer(data)
	r.decoder.Reset(&r.buffer, options...)
}

// token reads one token, and returns its last byte: of a bracket that is the token, and a
// bracket is the last byte of no other.
func (r *tokenReader) token() (last byte, err error) {
	if _, err := r.decoder.ReadToken(); err != nil {
		return 0, err
	}
	r.note()
	return r.data[r.end-1], nil
}

// note takes what the decoder has just read.
func (r *tokenReader) note() {
	r.start, r.end = r.end, int(r.decoder.InputOffset())
	r.tokens.add(r.end - r.start)
}

// last returns the token that was read last.
func (r *tokenReader) last() []byte {
	token := r.data[r.start:r.end]
	if token[0] == ',' || token[0] == ':' {
		token = token[1:]
	}
	if token[0] <= ' ' {
		token = bytes.TrimLeft(token, separators)
	}
	return token
}

// value reads a value with all that is in it. An array within an array is one token unless
// whole is asked for.
func (r *tokenReader) value(whole bool) error {
	depth, arrays := 0, 0
	for {
		if arrays > 0 && !whole && r.decoder.PeekKind() == '[' {
			if _, err := r.decoder.ReadValue(); err != nil {
				return err
			}
			r.note()
			continue
		}
		last, err := r.token()
		if err != nil {
			return err
		}
		switch last {
		case '[':
			depth, arrays = depth+1, arrays+1
		case ']':
			depth, arrays = depth-1, arrays-1
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}
