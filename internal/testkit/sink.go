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
	// Rules refuse single records. The others of the request are taken, and the answer is 400.
	Rules []Rule
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
	largest int
}

// NewSink makes an empty sink.
func NewSink(limits Limits) *Sink {
	if limits.Now == nil {
		limits.Now = time.Now
	}
	return &Sink{limits: limits, taken: make(map[string][]string), streams: make(map[string]int), refused: make(map[string]int)}
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
	if s.tooLarge(len(data)) {
		http.Error(w, "request too large", http.StatusRequestEntityTooLarge)
		return
	}
	if reasons := s.take(request.Logs()); len(reasons) > 0 {
		http.Error(w, strings.Join(reasons, "\n"), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	answer, _ := plogotlp.NewExportResponse().MarshalProto()
	_, _ = w.Write(answer)
}

// Bodies returns the bodies that were taken under an id, as text, in the order in which they came.
func (s *Sink) Bodies(id string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.taken[id])
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

// Largest returns the size in bytes of the largest request that came, inflated.
func (s *Sink) Largest() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.largest
}

func (s *Sink) tooLarge(size int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.largest = max(s.largest, size)
	if s.limits.Request == 0 || size <= s.limits.Request {
		return false
	}
	s.refused["request too large"]++
	return true
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
				if reason := s.reason(entry, now); reason != "" {
					s.refused[reason]++
					reasons = append(reasons, reason)
					continue
				}
				if record.EventName() == gapEvent {
					continue // it is no event
				}
				id, _ := record.Attributes().Get("log.record.uid")
				s.taken[id.AsString()] = append(s.taken[id.AsString()], record.Body().AsString())
				s.streams[stream]++
			}
		}
	}
	return reasons
}

func (s *Sink) reason(entry Entry, now time.Time) string {
	for _, rule := range s.limits.Rules {
		if reason := rule(entry, now); reason != "" {
			return reason
		}
	}
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
