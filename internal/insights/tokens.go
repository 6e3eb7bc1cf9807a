// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"errors"
	"io"
	"math"
	"strings"
)

// errTrailing says that more than one value is there.
var errTrailing = errors.New("something follows the value")

// errTooLong says that lengths do not fit.
var errTooLong = errors.New("the value is longer than 4 GiB")

// Tokens says how long the tokens of a JSON value are, so that it need not be read as JSON
// again. It holds nothing of the value. The zero value is of no tokens.
type Tokens struct {
	// lengths has the bytes from the end of one token to the end of the next. 16 bits hold
	// nearly all: any other is 0, and its upper and its lower half.
	lengths []uint16
}

// Known says that there are tokens.
func (t Tokens) Known() bool { return len(t.lengths) > 0 }

// add appends a token.
func (t *Tokens) add(length int) {
	if length <= math.MaxUint16 {
		t.lengths = append(t.lengths, uint16(length)) //nolint:gosec // it was compared
		return
	}
	t.lengths = append(t.lengths, 0, uint16(length>>16), uint16(length)) //nolint:gosec // both halves
}

// Cursor goes over the tokens of a value.
type Cursor struct {
	text    string
	lengths []uint16
	// next is the index of the next token's length, and offset is where the last token ended.
	next, offset int
}

// Cursor returns a cursor before the first token of text, which has to be the value that the
// tokens were read from.
func (t Tokens) Cursor(text string) Cursor { return Cursor{text: text, lengths: t.lengths} }

// separators are what is between two tokens.
const separators = " \t\r\n,:"

// Next returns the next token as it stands in the text, or "" after the last: a name or a
// scalar, or the begin or the end of an object or an array. An array may be one token with
// all that is in it; see Tokenizer.
func (c *Cursor) Next() string {
	if c.next >= len(c.lengths) {
		return ""
	}
	length := int(c.lengths[c.next])
	c.next++
	if length == 0 {
		length = int(c.lengths[c.next])<<16 | int(c.lengths[c.next+1])
		c.next += 2
	}
	start := c.offset
	c.offset += length
	token := c.text[start:c.offset]
	if token[0] == ',' || token[0] == ':' {
		token = token[1:]
	}
	if token[0] <= ' ' {
		token = strings.TrimLeft(token, separators)
	}
	return token
}

// Offset is where the last token ends in the text.
func (c *Cursor) Offset() int { return c.offset }

// Tokenizer reads values. It is not safe for concurrent use.
type Tokenizer struct {
	// Whole asks for the tokens of all arrays. Without it an array within another one is one
	// token: of an event that is what nobody looks at.
	Whole  bool
	reader tokenReader
}

// Tokenize returns the tokens of the one JSON value that data is. They are valid until the next call.
// What is no good JSON but may be sent is taken: names that are repeated, and strings that are
// no valid text.
func (t *Tokenizer) Tokenize(data []byte) (Tokens, error) {
	if int64(len(data)) > math.MaxUint32 {
		return Tokens{}, errTooLong
	}
	t.reader.reset(data, lenient)
	// So that data can be freed.
	defer t.reader.reset(nil, lenient)
	if err := t.reader.value(t.Whole); err != nil {
		return Tokens{}, err
	}
	if _, err := t.reader.decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return Tokens{}, errTrailing
	}
	return t.reader.tokens, nil
}
