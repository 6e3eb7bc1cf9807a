// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"compress/gzip"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

// Entry is a record on its way into the sink.
type Entry struct {
	// Stream is what the backend keeps together, as text; empty where it has no streams.
	Stream string
	// Resource is what the record's resource and scope hold, with the record alone in it.
	Resource plog.ResourceLogs
	Record   plog.LogRecord
}

// Rule looks at a record that comes at a time and returns why the backend refuses it, or "". It is
// called for one record at a time, in the order in which they come.
type Rule func(entry Entry, now time.Time) string

// Limits are what a backend does to requests.
type Limits struct {
	// Request is the largest request in bytes, inflated; 0 is without a limit. A larger one is
	// refused as a whole with 413.
	Request int
	// Stream returns the stream of a resource; nil puts everything into one.
	Stream func(plog.ResourceLogs) string
	// Records is how many records a request has at most; 0 is without a limit. A larger one is refused
	// as a whole with 413, too.
	Records int
	// Rules refuse single records. The others of the request are taken, and the answer is 400.
	Rules []Rule
	// Partial has 200 for an answer in place of 400, with the number of records that were refused.
	Partial bool
	// Losses look at the records that are taken: the backend cuts such a record, or leaves a part of it
	// out, and does not tell.
	Losses []Rule
	// Now is the backend's clock; nil is time.Now.
	Now func() time.Time
}

// gapEvent is the name of a record that announces a gap.
const gapEvent = "jumpcloud.receiver.gap"

// Sink is a backend with limits, an http.Handler of OTLP/HTTP as protobuf.
type Sink struct {
	limits Limits

	mu      sync.Mutex
	taken   map[string][]string
	streams map[string]int
	refused map[string]int
	broken  map[string][]string
	largest int
}

// NewSink makes an empty sink.
func NewSink(limits Limits) *Sink {
	if limits.Now == nil {
		limits.Now = time.Now
	}
	return &Sink{
		limits: limits, taken: make(map[string][]string), streams: make(map[string]int),
		refused: make(map[string]int), broken: make(map[string][]string),
	}
}

// ServeHTTP takes an export request.
func (s *Sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	data, err := inflated(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	request := plogotlp.NewExportRequest()
	if err := request.UnmarshalProto(data); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if reason := s.tooLarge(len(data), request.Logs().LogRecordCount()); reason != "" {
		http.Error(w, reason, http.StatusRequestEntityTooLarge)
		return
	}
	response, reasons := plogotlp.NewExportResponse(), s.take(request.Logs())
	if len(reasons) > 0 && !s.limits.Partial {
		http.Error(w, strings.Join(reasons, "\n"), http.StatusBadRequest)
		return
	}
	response.PartialSuccess().SetRejectedLogRecords(int64(len(reasons)))
	response.PartialSuccess().SetErrorMessage(strings.Join(reasons, "\n"))
	w.Header().Set("Content-Type", "application/x-protobuf")
	answer, _ := response.MarshalProto()
	_, _ = w.Write(answer)
}

// Bodies returns the bodies that were taken under an id, as text, in the order in which they came.
func (s *Sink) Bodies(id string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.taken[id])
}

// All returns the bodies that were taken, by their ids.
func (s *Sink) All() map[string][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string][]string, len(s.taken))
	for id, bodies := range s.taken {
		all[id] = slices.Clone(bodies)
	}
	return all
}

// Total returns how many records were taken.
func (s *Sink) Total() (total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, count := range s.streams {
		total += count
	}
	return total
}

// Streams returns how many records each stream took.
func (s *Sink) Streams() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.streams)
}

// Refused returns how many records or requests were refused, by the reason.
func (s *Sink) Refused() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.refused)
}

// Broken returns the ids of the records that broke a rule, those that were taken all the same and lost
// something too, by the reason.
func (s *Sink) Broken() map[string][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.broken)
}

// Largest returns the size in bytes of the largest request that came, inflated.
func (s *Sink) Largest() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.largest
}

// tooLarge returns why a request is refused as a whole, or "".
func (s *Sink) tooLarge(size, records int) (reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.largest = max(s.largest, size)
	switch {
	case s.limits.Request > 0 && size > s.limits.Request:
		reason = "request too large"
	case s.limits.Records > 0 && records > s.limits.Records:
		reason = "too many records"
	default:
		return ""
	}
	s.refused[reason]++
	return reason
}

// take takes what no rule refuses and returns why the rest was refused.
func (s *Sink) take(logs plog.Logs) (reasons []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.limits.Now()
	for _, resource := range logs.ResourceLogs().All() {
		stream := ""
		if s.limits.Stream != nil {
			stream = s.limits.Stream(resource)
		}
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				entry := Entry{Stream: stream, Resource: resource, Record: record}
				if reason := s.enter(entry, now); reason != "" {
					s.refused[reason]++
					reasons = append(reasons, reason)
				}
			}
		}
	}
	return reasons
}

// enter takes a record, unless a rule refuses it, and returns which one.
func (s *Sink) enter(entry Entry, now time.Time) string {
	id := ""
	if value, found := entry.Record.Attributes().Get("log.record.uid"); found {
		id = value.AsString()
	}
	for _, rule := range s.limits.Rules {
		if reason := rule(entry, now); reason != "" {
			s.broken[reason] = append(s.broken[reason], id)
			return reason
		}
	}
	for _, loss := range s.limits.Losses {
		if reason := loss(entry, now); reason != "" {
			s.broken[reason] = append(s.broken[reason], id)
		}
	}
	if entry.Record.EventName() == gapEvent {
		return "" // it is no event
	}
	s.taken[id] = append(s.taken[id], entry.Record.Body().AsString())
	s.streams[entry.Stream]++
	return ""
}

func inflated(r *http.Request) ([]byte, error) {
	if r.Header.Get("Content-Encoding") != "gzip" {
		return io.ReadAll(r.Body)
	}
	reader, err := gzip.NewReader(r.Body)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}
