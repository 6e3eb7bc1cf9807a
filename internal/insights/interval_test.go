// SPDX-License-Identifier: Apache-2.0

package insights_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

func TestHoursAreTheSimulatedOnes(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 30, 0, 0, time.UTC)
	api := simulator.New(simulator.Settings{Now: func() time.Time { return now }})
	for _, ago := range []time.Duration{5 * time.Minute, 29 * time.Minute, 45 * time.Minute, 3 * time.Hour} {
		api.Add(simulator.Event{ID: ago.String(), Service: "sso", Time: now.Add(-ago)})
	}
	asked := insights.Query{Services: []string{"all"}, Start: now.Add(-4 * time.Hour), End: now.Add(-time.Millisecond)}
	buckets, clock, err := client(t, api.RoundTripper(), nil).Hours(t.Context(), asked)
	require.NoError(t, err)
	assert.Equal(t, now, clock.Date)
	assert.Equal(t, []insights.Bucket{
		{Start: now.Add(-3*time.Hour - 30*time.Minute), Count: 1}, {Start: now.Add(-90 * time.Minute), Count: 1}, {Start: now.Add(-30 * time.Minute), Count: 2},
	}, buckets)
}

func TestHoursAreFoundBelowWhateverKeys(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	two := []insights.Bucket{{Start: noon, Count: 3}, {Start: noon.Add(time.Hour), Count: 0}}
	for name, test := range map[string]struct {
		body    string
		buckets []insights.Bucket
		refused bool
	}{
		"as documented":            {`{"buckets":[{"key":1795176000000,"key_as_string":"x","doc_count":3},{"key":1795179600000,"doc_count":0}]}`, two, false},
		"a bare array":             {`[{"key":1795176000000,"doc_count":3},{"key":1795179600000,"doc_count":0}]`, two, false},
		"below others":             {`{"hits":[],"aggregations":{"by":{"timestamp":[{"key":1795176000,"doc_count":"3"},{"key":"1795179600000","doc_count":0}]}}}`, two, false},
		"none":                     {`{"buckets":[]}`, nil, false},
		"no array":                 {`{"buckets":{}}`, nil, true},
		"an array of other things": {`{"buckets":[{"key":1795176000000}]}`, nil, true},
		"a count that is none":     {`[{"key":1795176000000,"doc_count":3.5}]`, nil, true},
		"nothing":                  {`null`, nil, true},
		"no JSON":                  {`<html>`, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			buckets, _, err := client(t, answering(200, test.body), nil).Hours(t.Context(), query())
			assert.Equal(t, test.buckets, buckets)
			if test.refused {
				require.ErrorContains(t, err, "the body has no buckets of hours")
				return
			}
			require.NoError(t, err)
		})
	}
}
