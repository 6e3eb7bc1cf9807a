// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Reasons of a ResponseError.
const (
	reasonStatus      = "the status is none that carries one"
	reasonNoArray     = "the body is no JSON array"
	reasonMalformed   = "the JSON of the body is broken"
	reasonTruncated   = "the body ends before the array does"
	reasonTrailing    = "something follows the array"
	reasonCount       = "X-Result-Count is not the number of events"
	reasonTooMany     = "there are more events than were asked for"
	reasonCountAnswer = "the body is no count"
	reasonIntervals   = "the body has no buckets of hours"
)

// tokensChunk is how many lengths of tokens are allocated at once.
const tokensChunk = 32 << 10

// splitter finds the elements of a page's array. Each element is read by itself, so that one
// may be nested as deeply as the decoder allows.
type splitter struct {
	body   []byte
	offset int
	reader tokenReader
	// tokens is what is left of the memory for the tokens of the page's events.
	tokens []uint16
	// id, timestamp and organization are an event's values as JSON, and scratch is for their texts.
	id, timestamp, organization jsontext.Value
	scratch                     []byte
	// organizations holds the text of each organization once for a page.
	organizations map[string]string
	// next returns what follows body, which is a page's chunk: it begins with the rest that it
	// is given, and there may be none.
	next func(rest []byte) (chunk []byte, found bool)
}

// DecodePage returns the events of the body of a page, at most limit of them. Their raw values
// share memory with body. The error is a *ResponseError where body is anything but one complete
// array, or has more elements.
func DecodePage(body []byte, limit int) ([]Event, error) {
	s := splitter{body: body, next: func([]byte) ([]byte, bool) { return nil, false }}
	events, reason := s.split(limit, 0)
	if reason != "" {
		return nil, &ResponseError{Reason: reason}
	}
	return events, nil
}

// split returns the elements of the JSON array that the body is. Raw values share memory with
// its chunks. The reason is "" where it is one complete array and nothing else. There is room
// for as many events as are expected, if that is known.
func (s *splitter) split(limit, expected int) (events []Event, reason string) {
	s.organizations = make(map[string]string)
	s.skipSpace()
	if !s.take('[') {
		return nil, reasonNoArray
	}
	s.skipSpace()
	if s.take(']') {
		return nil, s.end()
	}
	for {
		if len(events) == limit {
			return nil, reasonTooMany
		}
		event, reason := s.whole()
		if reason != "" {
			return nil, reason
		}
		if events == nil {
			if expected == 0 {
				// As many as there are if all are like the first.
				expected = len(s.body)/len(event.Raw) + 1
			}
			events = make([]Event, 0, min(limit, expected))
		}
		events = append(events, event)
		s.skipSpace()
		switch {
		case s.take(']'):
			return events, s.end()
		case s.take(','):
		case s.offset >= len(s.body):
			return nil, reasonTruncated
		default:
			return nil, reasonMalformed
		}
	}
}

// skipSpace moves to the next byte that is no space, or to the end of the last chunk.
func (s *splitter) skipSpace() {
	for {
		for s.offset < len(s.body) && isSpace(s.body[s.offset]) {
			s.offset++
		}
		if s.offset < len(s.body) || !s.more(s.offset) {
			return
		}
	}
}

// more goes on with the next chunk, which begins with what is left from an offset on.
func (s *splitter) more(from int) bool {
	chunk, found := s.next(s.body[from:])
	if found {
		s.body, s.offset = chunk, 0
	}
	return found
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

func (s *splitter) take(b byte) bool {
	if s.offset < len(s.body) && s.body[s.offset] == b {
		s.offset++
		return true
	}
	return false
}

func (s *splitter) end() (reason string) {
	s.skipSpace()
	if s.offset < len(s.body) {
		return reasonTrailing
	}
	return ""
}

// null reports whether all that is left is the value null.
func (s *splitter) null() bool {
	event, reason := s.whole()
	return reason == "" && string(event.Raw) == "null" && s.end() == ""
}

// whole reads the value at the offset. One that reaches the end of the chunk is read again with
// the next: it may go on there.
func (s *splitter) whole() (Event, string) {
	s.skipSpace()
	for {
		begin := s.offset
		event, reason := s.element()
		cut := reason == reasonTruncated || reason == "" && s.offset == len(s.body)
		if !cut || !s.more(begin) {
			return event, reason
		}
	}
}

// element reads the value at the offset. Most are valid as they stand, and their tokens are kept.
func (s *splitter) element() (Event, string) {
	var event Event
	err := s.event(&event, strict)
	if err == nil {
		event.Tokens = s.keep(s.reader.tokens)
	} else if !isCut(err) {
		event = Event{}
		err = s.event(&event, lenient)
	}
	switch {
	case isCut(err):
		return Event{}, reasonTruncated
	case err != nil:
		return Event{}, reasonMalformed
	}
	end := s.offset + s.reader.end
	event.Raw = json.RawMessage(s.body[s.offset:end:end])
	s.offset = end
	return event, ""
}

// isCut says that what was read is good and ends too early.
func isCut(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) }

// keep copies tokens, many events' into one piece of memory.
func (s *splitter) keep(tokens Tokens) Tokens {
	if len(tokens.lengths) > cap(s.tokens)-len(s.tokens) {
		s.tokens = make([]uint16, 0, max(tokensChunk, len(tokens.lengths)))
	}
	start := len(s.tokens)
	s.tokens = append(s.tokens, tokens.lengths...)
	return Tokens{lengths: s.tokens[start:len(s.tokens):len(s.tokens)]}
}

// event reads a value of any kind, and of an object the event's named fields. Anything but a
// string leaves a field empty; of a repeated one the last counts.
func (s *splitter) event(event *Event, options []jsontext.Options) error {
	s.reader.reset(s.body[s.offset:], options)
	if s.reader.decoder.PeekKind() != '{' {
		return s.reader.value(false)
	}
	if _, err := s.reader.token(); err != nil {
		return err
	}
	s.id, s.timestamp, s.organization = nil, nil, nil
	for {
		last, err := s.reader.token()
		if err != nil {
			return err
		}
		if last == '}' {
			s.identity(event)
			return nil
		}
		field := s.field(s.reader.last())
		if err := s.reader.value(false); err != nil {
			return err
		}
		if field != nil {
			*field = s.reader.last()
		}
	}
}

// field returns where the value of a field belongs, or nil where it is not needed.
func (s *splitter) field(name jsontext.Value) *jsontext.Value {
	switch string(name) {
	case `"id"`:
		return &s.id
	case `"timestamp"`:
		return &s.timestamp
	case `"organization"`:
		return &s.organization
	default:
		return nil
	}
}

// identity sets the event's named fields. Its id and its timestamp share one allocation.
func (s *splitter) identity(event *Event) {
	s.scratch = appendText(s.scratch[:0], s.id)
	length := len(s.scratch)
	s.scratch = appendText(s.scratch, s.timestamp)
	text := string(s.scratch)
	event.ID, event.TimestampText = text[:length], text[length:]
	event.Timestamp = ParseTimestamp(event.TimestampText)
	event.Organization = s.organizationText()
}

func (s *splitter) organizationText() string {
	if text, found := s.organizations[string(s.organization)]; found {
		return text
	}
	text := string(appendText(nil, s.organization))
	s.organizations[string(s.organization)] = text
	return text
}

// appendText appends the string that value is, or nothing.
func appendText(text []byte, value jsontext.Value) []byte {
	if value.Kind() != '"' {
		return text
	}
	// An error is about invalid UTF-8, in place of which U+FFFD was appended.
	text, _ = jsontext.AppendUnquote(text, value)
	return text
}

// ParseTimestamp reads RFC 3339 with up to nine digits of a second; the zone may be missing
// and is UTC then. It returns the zero time for anything else.
func ParseTimestamp(text string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}
