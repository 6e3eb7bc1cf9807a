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
	return answer(t, sink, namespace, record).Code
}

func answer(t *testing.T, sink *testkit.Sink, namespace string, record func(plog.LogRecord)) *httptest.ResponseRecorder {
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
	recorder := httptest.NewRecorder()
	sink.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/v1/logs", bytes.NewReader(data)))
	return recorder
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
	text := func(key, value string) func(plog.LogRecord) {
		return more(func(record plog.LogRecord) { record.Attributes().PutStr(key, value) })
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
		"elasticsearch, 400 texts":       {testkit.Elasticsearch(), "acme", keys(400), ""},
		"elasticsearch, 500 texts":       {testkit.Elasticsearch(), "acme", keys(500), "total_fields.limit"},
		"elasticsearch, 21 levels":       {testkit.Elasticsearch(), "acme", text(strings.Repeat("a.", 20)+"b", "value"), "depth.limit"},
		"datadog, 19 hours old":          {testkit.Datadog(), "acme", at(now.Add(-19 * time.Hour)), "older than 18h"},
		"datadog, a request of 5 MB":     {testkit.Datadog(), "acme", body(5_000_000), "request too large"},
		"splunk, a nested field": {testkit.Splunk(), "acme", more(func(record plog.LogRecord) {
			record.Attributes().PutEmptyMap("field").PutStr("name", "value")
		}), "nested field"},
		"splunk, a list of objects": {testkit.Splunk(), "acme", more(func(record plog.LogRecord) {
			record.Attributes().PutEmptySlice("field").AppendEmpty().SetEmptyMap()
		}), "nested field"},
		"splunk, a list of texts": {testkit.Splunk(), "acme", more(func(record plog.LogRecord) {
			record.Attributes().PutEmptySlice("field").AppendEmpty().SetStr("value")
		}), ""},
		"splunk, an event that the exporter drops": {testkit.Splunk(), "acme", body(5<<20 + 1), "record too large"},
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

func TestSinkTakesWhatABackendCutsAndTells(t *testing.T) {
	now := time.Now()
	for name, test := range map[string]struct {
		limits testkit.Limits
		change func(plog.LogRecord)
		reason string
	}{
		"splunk, an event of 10,000 bytes": {testkit.Splunk(), func(record plog.LogRecord) { record.Body().SetStr(strings.Repeat("x", 10_000)) }, ""},
		"splunk, a longer one":             {testkit.Splunk(), func(record plog.LogRecord) { record.Body().SetStr(strings.Repeat("x", 10_001)) }, "TRUNCATE"},
		"datadog, a log of a megabyte":     {testkit.Datadog(), func(record plog.LogRecord) { record.Body().SetStr(strings.Repeat("x", 1_000_000)) }, "record too large"},
		"datadog, a long key":              {testkit.Datadog(), func(record plog.LogRecord) { record.Attributes().PutInt(strings.Repeat("k", 50), 1) }, "key of 50 characters"},
		"datadog, a deep key":              {testkit.Datadog(), func(record plog.LogRecord) { record.Attributes().PutInt("a.b.c.d.e.f.g.h.i.j", 1) }, "10 levels"},
		"datadog, a long value":            {testkit.Datadog(), func(record plog.LogRecord) { record.Attributes().PutStr("key", strings.Repeat("v", 1024)) }, "facet of 1,024 characters"},
		"datadog, many attributes": {testkit.Datadog(), func(record plog.LogRecord) {
			for i := range 255 {
				record.Attributes().PutInt(fmt.Sprint("key", i), 1)
			}
		}, "256 attributes"},
		"a data stream, a long value": {testkit.ElasticsearchStream(), func(record plog.LogRecord) { record.Attributes().PutStr("key", strings.Repeat("v", 1025)) }, "ignore_above"},
		"a data stream, many fields": {testkit.ElasticsearchStream(), func(record plog.LogRecord) {
			for i := range 1000 {
				record.Attributes().PutInt(fmt.Sprint("key", i), 1)
			}
		}, "total_fields.limit"},
	} {
		t.Run(name, func(t *testing.T) {
			sink := testkit.NewSink(test.limits)
			assert.Equal(t, http.StatusOK, offer(t, sink, "acme", func(record plog.LogRecord) { at(now)(record); test.change(record) }))
			assert.Equal(t, 1, sink.Total())
			assert.Empty(t, sink.Refused())
			if test.reason == "" {
				assert.Empty(t, sink.Broken())
				return
			}
			assert.Equal(t, map[string][]string{test.reason: {now.String()}}, sink.Broken())
		})
	}
}

// TestSinkAnswersAPartialSuccess as OTLP has it.
func TestSinkAnswersAPartialSuccess(t *testing.T) {
	limits := testkit.Splunk()
	limits.Partial = true
	sink := testkit.NewSink(limits)
	nested := func(record plog.LogRecord) { record.Attributes().PutEmptyMap("field").PutInt("a", 1) }
	told := answer(t, sink, "acme", nested)
	assert.Equal(t, http.StatusOK, told.Code)
	response := plogotlp.NewExportResponse()
	require.NoError(t, response.UnmarshalProto(told.Body.Bytes()))
	assert.EqualValues(t, 1, response.PartialSuccess().RejectedLogRecords())
	assert.Equal(t, "nested field", response.PartialSuccess().ErrorMessage())
	assert.Equal(t, map[string]int{"nested field": 1}, sink.Refused())
	assert.Zero(t, sink.Total())
}

func TestDatadogTakesAThousandLogsARequest(t *testing.T) {
	sink := testkit.NewSink(testkit.Datadog())
	for _, count := range []int{1000, 1001} {
		logs := plog.NewLogs()
		records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
		for range count {
			at(time.Now())(records.AppendEmpty())
		}
		data, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
		require.NoError(t, err)
		sink.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/v1/logs", bytes.NewReader(data)))
	}
	assert.Equal(t, 1000, sink.Total())
	assert.Equal(t, map[string]int{"too many records": 1}, sink.Refused())
}
