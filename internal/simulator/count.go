// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
)

func (s *Simulator) count(organization string, query Query, now time.Time) *Answer {
	count := 0
	s.each(organization, query, now, func(document, position) bool { count++; return true })
	return s.ok(now, fmt.Appendf(nil, `{"count":%d}`, count))
}

// intervalUnits are the lengths of the buckets of a histogram.
func intervalUnits() map[string]time.Duration {
	return map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": day, "w": 7 * day}
}

// timeBucket is a part of a histogram that has events.
type timeBucket struct {
	Key   int64  `json:"key"`
	Text  string `json:"key_as_string"`
	Count int    `json:"doc_count"`
}

// interval answers with the buckets in UTC that have events, each by its start in milliseconds.
func (s *Simulator) interval(organization string, query Query, now time.Time) *Answer {
	unit := intervalUnits()[query.Interval]
	if unit == 0 {
		return s.refuse(now, *badRequest("interval_unit is required: s, m, h, d or w"))
	}
	counts := make(map[int64]int)
	s.each(organization, query, now, func(d document, _ position) bool {
		counts[time.UnixMilli(d.milli).UTC().Truncate(unit).UnixMilli()]++
		return true
	})
	buckets := make([]timeBucket, 0, len(counts))
	for key := query.Start.UTC().Truncate(unit); len(buckets) < len(counts); key = key.Add(unit) {
		if count := counts[key.UnixMilli()]; count > 0 {
			buckets = append(buckets, timeBucket{Key: key.UnixMilli(), Text: key.Format(time.RFC3339), Count: count})
		}
	}
	body, err := json.Marshal(map[string]any{"buckets": buckets})
	if err != nil {
		panic(err) // numbers and strings are encoded without an error
	}
	return s.ok(now, body)
}

var counted = regexp.MustCompile(`"(count|doc_count)":-?\d+`)

// Counts changes every number of events in an answer of count or interval.
func Counts(change func(right int) int) Effect {
	return Effect{Alter: func(a *Answer) {
		a.Body = counted.ReplaceAllFunc(a.Body, func(found []byte) []byte {
			name := found[:len(found)-len(number(found))]
			right, err := strconv.Atoi(string(number(found)))
			if err != nil {
				return found
			}
			return strconv.AppendInt(slices.Clip(name), int64(change(right)), 10)
		})
	}}
}

var trailing = regexp.MustCompile(`-?\d+$`)

func number(text []byte) []byte { return trailing.Find(text) }

// Behind answers with what was known some time ago.
func Behind(age time.Duration) Effect {
	return Effect{Query: func(q *Query) { q.behind = age }}
}

// EndLater moves the end of a query, as an API does that takes it for another one.
func EndLater(by time.Duration) Effect {
	return Effect{Query: func(q *Query) {
		if !q.End.IsZero() {
			q.End = q.End.Add(by)
		}
	}}
}

// BucketsBelow answers a histogram as an array below another key, or as a bare one where key is "".
func BucketsBelow(key string) Effect {
	return Effect{Alter: func(a *Answer) {
		var body struct{ Buckets json.RawMessage }
		if json.Unmarshal(a.Body, &body) != nil {
			return
		}
		a.Body = body.Buckets
		if key != "" {
			a.Body = fmt.Appendf(nil, `{"took":3,"aggregations":{%q:%s}}`, key, body.Buckets)
		}
	}}
}
