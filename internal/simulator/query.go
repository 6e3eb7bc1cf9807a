// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Query is the body of a request as it was understood.
type Query struct {
	Services    []string
	Start, End  time.Time
	Limit       int
	Descending  bool
	SearchAfter json.RawMessage
	Fields      []string
	Field       string
	// Interval is the unit of a histogram, each of whose buckets is one of it.
	Interval string

	token token
	// behind is how old what is known of the events is.
	behind time.Duration
}

// wireQuery is the body as it is sent.
type wireQuery struct {
	Service     []string        `json:"service"`
	StartTime   string          `json:"start_time"`
	EndTime     string          `json:"end_time"`
	Limit       json.RawMessage `json:"limit"`
	Sort        string          `json:"sort"`
	SearchAfter json.RawMessage `json:"search_after"`
	Fields      *[]string       `json:"fields"`
	Field       string          `json:"field"`
	Unit        string          `json:"interval_unit"`
	Value       string          `json:"interval_value"`
}

// problem is an answer that refuses a request.
type problem struct {
	status  int
	message string
}

func badRequest(format string, values ...any) *problem {
	return &problem{status: http.StatusBadRequest, message: fmt.Sprintf(format, values...)}
}

// parse reads a body as the API documents it: what makes no sense as a limit or an order falls
// back to the default without a word, everything else is refused.
func (s *Simulator) parse(body []byte, now time.Time) (Query, *problem) {
	var wire wireQuery
	if err := json.Unmarshal(body, &wire); err != nil {
		return Query{}, badRequest("invalid query JSON")
	}
	query := Query{
		Services:    wire.Service,
		Limit:       defaultLimit,
		Descending:  strings.EqualFold(wire.Sort, "desc"),
		SearchAfter: wire.SearchAfter,
		Field:       wire.Field,
		Interval:    wire.Unit,
	}
	if wire.Value != "" && wire.Value != "1" {
		return Query{}, badRequest("interval_value %q is not simulated", wire.Value)
	}
	var limit int
	if json.Unmarshal(wire.Limit, &limit) == nil && limit >= 1 && limit <= maxLimit {
		query.Limit = limit
	}
	if wire.Fields != nil {
		if query.Fields = *wire.Fields; len(query.Fields) == 0 {
			return Query{}, badRequest("fields must not be empty")
		}
	}
	if refused := s.checkServices(query.Services); refused != nil {
		return query, refused
	}
	if refused := s.settings.parseTimes(wire, &query, now); refused != nil {
		return query, refused
	}
	refused := s.parseToken(&query, now)
	return query, refused
}

func (s *Simulator) checkServices(services []string) *problem {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(services) == 0 {
		return badRequest("service is required")
	}
	for _, service := range services {
		if _, known := s.services[service]; !known && service != "all" {
			return badRequest("unknown service %q, supported values: all, %s", service,
				strings.Join(slices.Sorted(maps.Keys(s.services)), ", "))
		}
	}
	return nil
}

func (s Settings) parseTimes(wire wireQuery, query *Query, now time.Time) *problem {
	var ok bool
	if query.Start, ok = parseTime(wire.StartTime); !ok {
		return badRequest("start_time is required and must be RFC 3339")
	}
	if query.Start.After(now) {
		return badRequest("start_time is in the future")
	}
	if query.Start.Before(now.Add(-s.Retention)) {
		return badRequest("start_time is greater than Directory Insights' %d day retention period", int(s.Retention/day))
	}
	if wire.EndTime == "" {
		return nil
	}
	if query.End, ok = parseTime(wire.EndTime); !ok {
		return badRequest("end_time must be RFC 3339")
	}
	if !query.Start.Before(query.End) {
		return badRequest("Start Time not after End Time %s > %s", wire.StartTime, wire.EndTime)
	}
	return nil
}

func parseTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

func (s *Simulator) parseToken(query *Query, now time.Time) *problem {
	if len(query.SearchAfter) == 0 || string(query.SearchAfter) == "null" {
		query.SearchAfter = nil
		return nil
	}
	decoded, ok := decodeToken(query.SearchAfter)
	if !ok {
		return badRequest("search_after is not valid")
	}
	if now.Sub(decoded.issued) > s.settings.TokenLifetime {
		return badRequest("search_after has expired")
	}
	if s.settings.BindTokens && !s.bound.belongs(*query) {
		return badRequest("search_after does not belong to this query")
	}
	query.token = decoded
	return nil
}

// text is a query without its token.
func (q Query) text() string {
	return fmt.Sprint(q.Services, q.Start, q.End, q.Limit, q.Descending, q.Fields)
}

func (q Query) matches(event Event, now time.Time, endExclusive bool) bool {
	if event.Visible.After(now) || event.Time.UnixMilli() < q.Start.UnixMilli() {
		return false
	}
	if !q.End.IsZero() {
		end := q.End.UnixMilli()
		if at := event.Time.UnixMilli(); at > end || endExclusive && at == end {
			return false
		}
	}
	return slices.Contains(q.Services, "all") || slices.Contains(q.Services, event.Service)
}
