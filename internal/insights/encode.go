// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"encoding/json"
	"fmt"
	"time"
)

const (
	maxLimit   = 10_000
	timeLayout = "2006-01-02T15:04:05.000Z"
)

// body is the query as the API takes it.
type body struct {
	Service     []string        `json:"service"`
	StartTime   string          `json:"start_time"`
	EndTime     string          `json:"end_time,omitempty"`
	Limit       int             `json:"limit,omitempty"`
	Sort        string          `json:"sort,omitempty"`
	SearchAfter json.RawMessage `json:"search_after,omitempty"`
	Fields      []string        `json:"fields,omitempty"`
	Unit        string          `json:"interval_unit,omitempty"`
	Value       string          `json:"interval_value,omitempty"`
}

// page returns the body of POST /events.
func (q Query) page() ([]byte, error) {
	if q.Limit < 1 || q.Limit > maxLimit {
		return nil, fmt.Errorf("%w: a limit of %d is not within 1 and %d", ErrInvalidQuery, q.Limit, maxLimit)
	}
	request, err := q.body()
	if err != nil {
		return nil, err
	}
	request.Limit, request.Sort, request.SearchAfter, request.Fields = q.Limit, "ASC", nil, q.Fields
	if q.SearchAfter == nil {
		return json.Marshal(request)
	}
	return withToken(request, q.SearchAfter)
}

// withToken writes the token byte for byte: encoding/json would compact it.
func withToken(request body, token json.RawMessage) ([]byte, error) {
	data, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	data = append(data[:len(data)-1], `,"search_after":`...)
	data = append(data, token...)
	return append(data, '}'), nil
}

// count returns the body of POST /events/count.
func (q Query) count() ([]byte, error) {
	request, err := q.body()
	if err != nil {
		return nil, err
	}
	return json.Marshal(request)
}

// hours returns the body of POST /events/interval. The API's default is UTC.
func (q Query) hours() ([]byte, error) {
	request, err := q.body()
	if err != nil {
		return nil, err
	}
	request.Unit, request.Value = "h", "1"
	return json.Marshal(request)
}

func (q Query) body() (body, error) {
	if len(q.Services) == 0 {
		return body{}, fmt.Errorf("%w: no service", ErrInvalidQuery)
	}
	if q.Start.IsZero() {
		return body{}, fmt.Errorf("%w: no start", ErrInvalidQuery)
	}
	request := body{Service: q.Services, StartTime: q.Start.UTC().Truncate(time.Millisecond).Format(timeLayout)}
	if q.End.IsZero() {
		return request, nil
	}
	end := q.End.UTC().Add(time.Millisecond - time.Nanosecond).Truncate(time.Millisecond)
	request.EndTime = end.Format(timeLayout)
	if request.StartTime >= request.EndTime {
		return body{}, fmt.Errorf("%w: the start %s is not before the end %s", ErrInvalidQuery, request.StartTime, request.EndTime)
	}
	return request, nil
}
