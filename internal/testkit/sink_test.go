// SPDX-License-Identifier: Apache-2.0

package testkit_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/testkit"
)

// offer sends one record of a service namespace to a sink and returns the answer's status.
func offer(t *testing.T, sink *testkit.Sink, namespace string, record func(plog.LogRecord)) int {
	t.Helper()
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	if namespace != "" {
		resource.Resource().Attributes().PutStr("service.name", "jumpcloud")
		resource.Resource().Attributes().PutStr("service.namespace", namespace)
	}
	record(resource.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty())
	data, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
	require.NoError(t, err)
	answer := httptest.NewRecorder()
	sink.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/v1/logs", bytes.NewReader(data)))
	return answer.Code
}

func at(when time.Time) func(plog.LogRecord) {
	return func(record plog.LogRecord) {
		record.Attributes().PutStr("log.record.uid", when.String())
		record.Body().SetStr("body")
		record.SetTimestamp(pcommon.NewTimestampFromTime(when))
	}
}

func TestSinkRefusesWhatTheBackendsDocument(t *testing.T) {
	now := time.Now()
	more := func(change func(plog.LogRecord)) func(plog.LogRecord) {
		return func(record plog.LogRecord) { at(now)(record); change(record) }
	}
	keys := func(count int) func(plog.LogRecord) {
		return more(func(record plog.LogRecord) {
			for i := range count {
				record.Attributes().PutStr(fmt.Sprint("key", i), "value")
			}
		})
	}
	body := func(size int) func(plog.LogRecord) {
		return more(func(record plog.LogRecord) { record.Body().SetStr(strings.Repeat("x", size)) })
	}
	for name, test := range map[string]struct {
		limits    testkit.Limits
		namespace string
		record    func(plog.LogRecord)
		reason    string
	}{
		"loki takes a record":            {testkit.Loki(), "acme", at(now), ""},
		"loki, without a label":          {testkit.Loki(), "", at(now), "missing_labels"},
		"loki, a label of 2,049 bytes":   {testkit.Loki(), strings.Repeat("x", 2049), at(now), "label_value_too_long"},
		"loki, eight days old":           {testkit.Loki(), "acme", at(now.Add(-8 * 24 * time.Hour)), "greater_than_max_sample_age"},
		"loki, eleven minutes ahead":     {testkit.Loki(), "acme", at(now.Add(11 * time.Minute)), "too_far_in_future"},
		"loki, a line of 256 KiB":        {testkit.Loki(), "acme", body(256 << 10), ""},
		"loki, a longer line":            {testkit.Loki(), "acme", body(256<<10 + 1), "line_too_long"},
		"loki, 129 keys":                 {testkit.Loki(), "acme", keys(129), "structured_metadata_too_large"},
		"loki, 64 KiB of keys":           {testkit.Loki(), "acme", more(func(record plog.LogRecord) { record.Attributes().PutStr("key", strings.Repeat("x", 64<<10)) }), "structured_metadata_too_large"},
		"kafka, a message of a megabyte": {testkit.Message(testkit.KafkaMessage), "acme", body(1_000_000), "request too large"},
		"gRPC, a message of a megabyte":  {testkit.Message(testkit.GRPCMessage), "acme", body(1_000_000), ""},
		"gRPC, four of them":             {testkit.Message(testkit.GRPCMessage), "acme", body(4 << 20), "request too large"},
		"elasticsearch, 1,000 fields":    {testkit.Elasticsearch(), "acme", keys(1000), "total_fields.limit"},
		"datadog, 19 hours old":          {testkit.Datadog(), "acme", at(now.Add(-19 * time.Hour)), "older than 18h"},
		"datadog, a larger log":          {testkit.Datadog(), "acme", body(1_000_001), "record too large"},
		"splunk, an event that it cuts":  {testkit.Splunk(), "acme", body(10_001), "record too large"},
	} {
		t.Run(name, func(t *testing.T) {
			sink := testkit.NewSink(test.limits)
			status := offer(t, sink, test.namespace, test.record)
			if test.reason == "" {
				assert.Equal(t, http.StatusOK, status)
				assert.Equal(t, 1, sink.Total())
				return
			}
			assert.GreaterOrEqual(t, status, http.StatusBadRequest)
			assert.Equal(t, map[string]int{test.reason: 1}, sink.Refused())
			assert.Zero(t, sink.Total())
		})
	}
}

func TestLokiRefusesWhatIsAnHourBehindItsStream(t *testing.T) {
	now := time.Now()
	sink := testkit.NewSink(testkit.Loki())
	assert.Equal(t, http.StatusOK, offer(t, sink, "acme", at(now)))
	assert.Equal(t, http.StatusOK, offer(t, sink, "acme", at(now.Add(-time.Hour))), "an hour behind is taken")
	assert.Equal(t, http.StatusBadRequest, offer(t, sink, "acme", at(now.Add(-time.Hour-time.Second))))
	assert.Equal(t, http.StatusOK, offer(t, sink, "other", at(now.Add(-2*time.Hour))), "another stream has a newest of its own")
	assert.Equal(t, map[string]int{
		`{service_name="jumpcloud", service_namespace="acme"}`:  2,
		`{service_name="jumpcloud", service_namespace="other"}`: 1,
	}, sink.Streams())
}
