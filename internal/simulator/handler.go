// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Answer is what the API is about to send.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// ServeHTTP implements http.Handler.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	if s.settings.Latency > 0 && !wait(r, s.settings.Latency) {
		return
	}
	request := Request{At: s.settings.Now(), Path: r.URL.Path, APIKey: r.Header.Get("X-Api-Key")}
	request.Organization, request.Query, _ = s.understand(r, body, request.At)
	effect := s.meet(request)
	if effect.Instead != nil {
		s.record(request)
		effect.Instead(w, r)
		return
	}
	answer := s.answer(r, body, &request, effect)
	request.Status = answer.Status
	s.record(request)
	if effect.Alter != nil {
		effect.Alter(answer)
	}
	send := effect.Send
	if send == nil {
		send = s.send
	}
	send(w, r, answer)
}

// understand authorizes a request and reads its query.
func (s *Simulator) understand(r *http.Request, body []byte, now time.Time) (string, Query, *problem) {
	if r.Method != http.MethodPost {
		return "", Query{}, &problem{status: http.StatusMethodNotAllowed, message: "Method Not Allowed"}
	}
	organization, refused := s.settings.authorize(r)
	if refused != nil {
		return organization, Query{}, refused
	}
	query, refused := s.parse(body, now)
	return organization, query, refused
}

func (s Settings) authorize(r *http.Request) (string, *problem) {
	key, organization := r.Header.Get("X-Api-Key"), r.Header.Get("X-Org-Id")
	if key == "" {
		return organization, &problem{status: http.StatusUnauthorized, message: "Unauthorized"}
	}
	if s.APIKeys == nil {
		return organization, nil
	}
	allowed, known := s.APIKeys[key]
	if !known || len(allowed) == 0 {
		return organization, &problem{status: http.StatusUnauthorized, message: "Unauthorized"}
	}
	if organization == "" {
		return allowed[0], nil
	}
	if !slices.Contains(allowed, organization) {
		return organization, &problem{status: http.StatusForbidden, message: "Forbidden"}
	}
	return organization, nil
}

// answer makes the API's answer and notes in request how many events it has.
func (s *Simulator) answer(r *http.Request, body []byte, request *Request, effect Effect) *Answer {
	now := request.At
	organization, query, refused := s.understand(r, body, now)
	if refused != nil {
		return s.refuse(now, *refused)
	}
	if effect.Query != nil {
		effect.Query(&query)
	}
	switch r.URL.Path {
	case basePath:
		return s.events(organization, query, request)
	case countPath:
		return s.count(organization, query, now)
	case intervalPath:
		return s.interval(organization, query, now)
	case distinctPath:
		return s.distinct(organization, query, now)
	default:
		return s.refuse(now, problem{status: http.StatusNotFound, message: "Not Found"})
	}
}

func (s *Simulator) each(organization string, query Query, now time.Time, visit func(document, position) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.indexes[organization]
	if found == nil {
		return
	}
	now = now.Add(-query.behind)
	if s.settings.Disorder && !query.End.IsZero() {
		found.eachDisordered(query, now, s.settings.EndExclusive, visit)
		return
	}
	after := position{milli: query.Start.UnixMilli()}
	if query.SearchAfter != nil {
		after = query.token.position
	}
	found.each(after, query.token.run, s.settings.ShuffleTies, func(d document, at position) bool {
		if !query.End.IsZero() && d.milli > query.End.UnixMilli() {
			return false
		}
		return !query.matches(d.event, now, s.settings.EndExclusive) || visit(d, at)
	})
}

// events answers with a page. Descending order is served for the oldest events only, as no
// client of a log asks for it.
func (s *Simulator) events(organization string, query Query, request *Request) *Answer {
	if query.SearchAfter == nil {
		query.token.run = s.draw()
	}
	last := query.token
	selected := make([]json.RawMessage, 0, min(query.Limit, defaultLimit))
	s.each(organization, query, request.At, func(d document, at position) bool {
		selected = append(selected, d.event.JSON)
		last.position = at
		return len(selected) < query.Limit
	})
	if query.Descending {
		slices.Reverse(selected)
	}
	if query.Fields != nil {
		var refused *problem
		if selected, refused = s.projections.project(selected, query.Fields); refused != nil {
			return s.refuse(request.At, *refused)
		}
	}
	request.Sent = len(selected)
	body := join(selected)
	request.Size = len(body)
	answer := s.ok(request.At, body)
	answer.Header["X-Result-Count"] = []string{strconv.Itoa(len(selected))}
	answer.Header["X-Limit"] = []string{strconv.Itoa(query.Limit)}
	answer.Header["X-Sort"] = []string{map[bool]string{false: "ASC", true: "DESC"}[query.Descending]}
	if len(selected) > 0 {
		last.issued = request.At
		token := last.encode(s.next())
		answer.Header["X-Search_after"] = []string{token}
		if s.settings.BindTokens {
			s.bound.bind(token, query)
		}
	}
	return answer
}

// join makes an array of the events as they are: encoding/json would compact them.
func join(events []json.RawMessage) []byte {
	var body bytes.Buffer
	body.WriteByte('[')
	for i, event := range events {
		if i > 0 {
			body.WriteByte(',')
		}
		body.Write(event)
	}
	body.WriteByte(']')
	return body.Bytes()
}

func (s *Simulator) draw() uint16 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return uint16(s.random.Uint32()) //nolint:gosec // the lower bits of a random number
}

// next is different on each answer, until it wraps.
func (s *Simulator) next() uint8 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers++
	return s.answers
}

func (s *Simulator) refuse(now time.Time, refused problem) *Answer {
	body, err := json.Marshal(map[string]string{"message": refused.message})
	if err != nil {
		panic(err) // a map of strings is encoded without an error
	}
	answer := s.ok(now, body)
	answer.Status = refused.status
	return answer
}

func (s *Simulator) ok(now time.Time, body []byte) *Answer {
	s.mu.Lock()
	requestID := fmt.Sprintf("%08x-0000-4000-8000-%012x", s.random.Uint32(), s.random.Uint64()>>16)
	s.mu.Unlock()
	return &Answer{
		Status: http.StatusOK,
		Header: http.Header{
			"Content-Type": {"application/json"},
			"Date":         {now.UTC().Format(http.TimeFormat)},
			"X-Request-Id": {requestID},
		},
		Body: body,
	}
}
