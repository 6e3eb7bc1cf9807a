// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// bucket is one value of a field and how often it occurs.
type bucket struct {
	Key   string `json:"key"`
	Count int    `json:"doc_count"`
}

func (s *Simulator) distinct(organization string, query Query, now time.Time) *Answer {
	if query.Field == "" {
		return s.refuse(now, *badRequest("field is required"))
	}
	counts := make(map[string]int)
	s.each(organization, query, now, func(d document, _ position) bool {
		if value, found := lookup(d.event.JSON, query.Field); found {
			counts[strings.Trim(string(value), `"`)]++
		}
		return true
	})
	buckets := make([]bucket, 0, len(counts))
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		buckets = append(buckets, bucket{Key: key, Count: counts[key]})
	}
	body, err := json.Marshal(map[string]any{"buckets": buckets, "doc_count_error_upper_bound": 0, "sum_other_doc_count": 0})
	if err != nil {
		panic(err) // numbers and strings are encoded without an error
	}
	return s.ok(now, body)
}
