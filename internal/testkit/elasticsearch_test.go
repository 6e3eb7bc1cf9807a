// SPDX-License-Identifier: Apache-2.0

package testkit_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/testkit"
)

// TestElasticsearchKeepsTheTypeOfTheFirstValue: the data stream takes a record that has another one.
func TestElasticsearchKeepsTheTypeOfTheFirstValue(t *testing.T) {
	put := func(key string, value any) func(plog.LogRecord) {
		return func(record plog.LogRecord) {
			at(time.Now())(record)
			value := pcommonValue(t, value)
			value.CopyTo(record.Attributes().PutEmpty(key))
		}
	}
	for name, test := range map[string]struct {
		first, second func(plog.LogRecord)
		reason        string
		// ignored is that of the data stream.
		ignored string
	}{
		"a number, then another":     {put("key", 1), put("key", 2.5), "", ""},
		"a number, then a text":      {put("key", 1), put("key", "one"), "a value of another type for long", "a value of another type for long"},
		"a number, then a number":    {put("key", 1), put("key", "2"), "", ""},
		"a text, then a number":      {put("key", "one"), put("key", 1), "", ""},
		"a truth, then a text":       {put("key", true), put("key", "yes"), "a value of another type for boolean", "a value of another type for boolean"},
		"a date, then a text":        {put("key", "2026-11-25T10:00:00Z"), put("key", "today"), "a value of another type for date", ""},
		"a value, then an object":    {put("key", "one"), put("key.more", "two"), "an object for a text", ""},
		"an object, then a value":    {put("key.more", "two"), put("key", "one"), "a value of another type for object", ""},
		"an address, then two":       {put("src_ip", "192.0.2.1"), put("src_ip", "192.0.2.1, 192.0.2.2"), "", "a value of another type for ip"},
		"a list of numbers and text": {put("key", 1), put("key", []any{1, "two"}), "a value of another type for long", "a value of another type for long"},
	} {
		t.Run(name, func(t *testing.T) {
			index, stream := testkit.NewSink(testkit.Elasticsearch()), testkit.NewSink(testkit.ElasticsearchStream())
			for _, sink := range []*testkit.Sink{index, stream} {
				assert.Equal(t, http.StatusOK, offer(t, sink, "acme", test.first))
				offer(t, sink, "acme", test.second)
			}
			assert.Equal(t, test.reason, strings.Join(slices.Collect(maps.Keys(index.Refused())), ","))
			assert.Equal(t, test.ignored, strings.Join(slices.Collect(maps.Keys(stream.Broken())), ","))
			assert.Equal(t, 2, stream.Total())
		})
	}
}

func pcommonValue(t *testing.T, raw any) pcommon.Value {
	t.Helper()
	value := pcommon.NewValueEmpty()
	require.NoError(t, value.FromRaw(raw))
	return value
}
