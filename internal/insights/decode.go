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

// splitter finds the elements of a page's array. Each element is read by itself, so that one
// may be nested as deeply as the decoder allows.
type splitter struct {
	body    []byte
	offset  int
	buffer  bytes.Buffer
	decoder jsontext.Decoder
	// texts holds the values that repeat from event to event once for a page.
	texts map[string]string
}

// splitPage returns the elements of the JSON array that body is. Raw values share memory with
// body. The reason is "" where body is one complete array and nothing else.
func splitPage(body []byte, limit int) (events []Event, reason string) {
	s := splitter{body: body, texts: make(map[string]string)}
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
		event, reason := s.element()
		if reason != "" {
			return nil, reason
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

func (s *splitter) skipSpace() {
	for s.offset < len(s.body) && isSpace(s.body[s.offset]) {
		s.offset++
	}
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

// element reads the value at the offset.
func (s *splitter) element() (Event, string) {
	s.skipSpace()
	s.reset(s.body[s.offset:])
	value, err := s.decoder.ReadValue()
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return Event{}, reasonTruncated
	case err != nil:
		return Event{}, reasonMalformed
	}
	end := s.offset + int(s.decoder.InputOffset())
	event := Event{Raw: json.RawMessage(s.body[end-len(value) : end : end])}
	s.offset = end
	s.envelope(&event)
	return event, ""
}

// reset makes the decoder read data, straight from it as it does with a bytes.Buffer. It
// takes what is no good JSON but may be sent: an event is evidence.
func (s *splitter) reset(data []byte) {
	s.buffer = *bytes.NewBuffer(data)
	s.decoder.Reset(&s.buffer, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
}

// envelope reads the event's named fields. Anything but a string leaves a field empty.
func (s *splitter) envelope(event *Event) {
	if jsontext.Value(event.Raw).Kind() != '{' {
		return
	}
	s.reset(event.Raw)
	if _, err := s.decoder.ReadToken(); err != nil {
		return
	}
	for s.decoder.PeekKind() == '"' {
		name, err := s.decoder.ReadValue()
		if err != nil {
			return
		}
		field := s.field(event, string(name))
		value, err := s.decoder.ReadValue()
		if err != nil {
			return
		}
		if field != nil {
			*field = s.text(value, field != &event.ID && field != &event.TimestampText)
		}
	}
	event.Timestamp = parseTimestamp(event.TimestampText)
}

func (*splitter) field(event *Event, name string) *string {
	switch name {
	case `"id"`:
		return &event.ID
	case `"timestamp"`:
		return &event.TimestampText
	case `"service"`:
		return &event.Service
	case `"event_type"`:
		return &event.EventType
	case `"organization"`:
		return &event.Organization
	default:
		return nil
	}
}

// text returns the string that value is, or "".
func (s *splitter) text(value jsontext.Value, repeats bool) string {
	if value.Kind() != '"' {
		return ""
	}
	if repeats {
		if text, found := s.texts[string(value)]; found {
			return text
		}
	}
	unquoted, err := jsontext.AppendUnquote(nil, value)
	if err != nil && len(unquoted) == 0 {
		return ""
	}
	text := string(unquoted)
	if repeats {
		s.texts[string(value)] = text
	}
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
