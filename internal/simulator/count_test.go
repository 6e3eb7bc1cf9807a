// SPDX-License-Identifier: Apache-2.0

package simulator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

func TestCountsAreWrongOnRequest(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 30, 0, 0, time.UTC)
	window := `{"service":["all"],"start_time":"2026-11-20T11:00:00Z","end_time":"2026-11-20T11:59:59.999Z","interval_unit":"h"}`
	for name, test := range map[string]struct {
		effect          simulator.Effect
		count, interval string
	}{
		"right":              {simulator.Effect{}, `{"count":2}`, `{"buckets":[{"key":1795172400000,"key_as_string":"2026-11-20T11:00:00Z","doc_count":2}]}`},
		"other numbers":      {simulator.Counts(func(right int) int { return right - 5 }), `{"count":-3}`, `{"buckets":[{"key":1795172400000,"key_as_string":"2026-11-20T11:00:00Z","doc_count":-3}]}`},
		"behind":             {simulator.Behind(45 * time.Minute), `{"count":1}`, `{"buckets":[{"key":1795172400000,"key_as_string":"2026-11-20T11:00:00Z","doc_count":1}]}`},
		"to a later end":     {simulator.EndLater(time.Millisecond), `{"count":3}`, `{"buckets":[{"key":1795172400000,"key_as_string":"2026-11-20T11:00:00Z","doc_count":2},{"key":1795176000000,"key_as_string":"2026-11-20T12:00:00Z","doc_count":1}]}`},
		"below another key":  {simulator.BucketsBelow("t"), `{"count":2}`, `{"took":3,"aggregations":{"t":[{"key":1795172400000,"key_as_string":"2026-11-20T11:00:00Z","doc_count":2}]}}`},
		"an array by itself": {simulator.BucketsBelow(""), `{"count":2}`, `[{"key":1795172400000,"key_as_string":"2026-11-20T11:00:00Z","doc_count":2}]`},
	} {
		t.Run(name, func(t *testing.T) {
			api := simulator.New(simulator.Settings{Now: func() time.Time { return now }})
			api.Add(
				simulator.Event{ID: "early", Time: now.Add(-80 * time.Minute)},
				simulator.Event{ID: "late", Time: now.Add(-70 * time.Minute), Visible: now.Add(-40 * time.Minute)},
				simulator.Event{ID: "edge", Time: now.Add(-30 * time.Minute), Visible: now.Add(-20 * time.Minute)},
			)
			api.Inject(simulator.Fault{Effect: test.effect})
			got := ask(t, api, events+"/count", window).body
			if name != "below another key" && name != "an array by itself" {
				assert.JSONEq(t, test.count, got)
			}
			assert.JSONEq(t, test.interval, ask(t, api, events+"/interval", window).body)
		})
	}
}
