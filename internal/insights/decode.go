// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"bytes"
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
)

// errNoName says that another value is in the place of a name.
var errNoName = errors.New("a name is no string")

// splitter finds the elements of a page's array. Each element is read by itself, so that one
// may be nested as deeply as the decoder allows.
type splitter struct {
	body    []byte
	offset  int
	buffer  bytes.Buffer
	decoder jsontext.Decoder
	// texts holds the values that repeat from event to event once for a page.
	texts map[string]string
	// id and timestamp are an event's own values as JSON, and scratch is for their texts.
	id, timestamp jsontext.Value
	scratch       []byte
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
	s.texts = make(map[string]string)
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

// element reads the value at the offset.
func (s *splitter) element() (Event, string) {
	s.reset(s.body[s.offset:])
	var event Event
	err := s.event(&event)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return Event{}, reasonTruncated
	case err != nil:
		return Event{}, reasonMalformed
	}
	end := s.offset + int(s.decoder.InputOffset())
	event.Raw = json.RawMessage(s.body[s.offset:end:end])
	s.offset = end
	return event, ""
}

// reset makes the decoder read data, straight from it as it does with a bytes.Buffer. It
// takes what is no good JSON but may be sent: an event is evidence.
func (s *splitter) reset(data []byte) {
	s.buffer = *bytes.NewBuffer(data)
	s.decoder.Reset(&s.buffer, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
}

// event reads a value of any kind, and of an object the event's named fields. Anything but a
// string leaves a field empty; of a repeated one the last counts.
func (s *splitter) event(event *Event) error {
	if s.decoder.PeekKind() != '{' {
		_, err := s.decoder.ReadValue()
		return err
	}
	if _, err := s.decoder.ReadToken(); err != nil {
		return err
	}
	s.id, s.timestamp = nil, nil
	for kind := s.decoder.PeekKind(); kind != '}'; kind = s.decoder.PeekKind() {
		if kind != '"' && kind != jsontext.KindInvalid {
			return errNoName
		}
		name, err := s.decoder.ReadValue()
		if err != nil {
			return err
		}
		own, repeating := s.field(event, name)
		value, err := s.decoder.ReadValue()
		switch {
		case err != nil:
			return err
		case own != nil:
			*own = value
		case repeating != nil:
			*repeating = s.repeated(value)
		}
	}
	s.identity(event)
	_, err := s.decoder.ReadToken()
	return err
}

// field returns where the value of a field belongs: of one that each event has of its own, and
// of one that repeats from event to event.
func (s *splitter) field(event *Event, name jsontext.Value) (own *jsontext.Value, repeating *string) {
	switch string(name) {
	case `"id"`:
		return &s.id, nil
	case `"timestamp"`:
		return &s.timestamp, nil
	case `"service"`:
		return nil, &event.Service
	case `"event_type"`:
		return nil, &event.EventType
	case `"organization"`:
		return nil, &event.Organization
	default:
		return nil, nil
	}
}

// identity sets the id and the timestamp, which share one allocation.
func (s *splitter) identity(event *Event) {
	s.scratch = appendText(s.scratch[:0], s.id)
	length := len(s.scratch)
	s.scratch = appendText(s.scratch, s.timestamp)
	text := string(s.scratch)
	event.ID, event.TimestampText = text[:length], text[length:]
	event.Timestamp = parseTimestamp(event.TimestampText)
}

// repeated returns the string that value is, or "", once for a page.
func (s *splitter) repeated(value jsontext.Value) string {
	if text, found := s.texts[string(value)]; found {
		return text
	}
	text := string(appendText(nil, value))
	s.texts[string(value)] = text
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

// parseTimestamp reads RFC 3339 with up to nine digits of a second; the zone may be missing
// and is UTC then. It returns the zero time for anything else.
func parseTimestamp(text string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}
