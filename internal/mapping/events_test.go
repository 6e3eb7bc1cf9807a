// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
)

var observed = time.Date(2026, 2, 17, 11, 3, 0, 0, time.UTC)

const testdata = "../../testdata"

// corpus returns the events of a file with one a line.
func corpus(tb testing.TB, files ...string) []insights.Event {
	tb.Helper()
	var events []insights.Event
	for _, file := range files {
		data, err := os.ReadFile(filepath.Join(testdata, "events", file))
		require.NoError(tb, err)
		for line := range bytes.Lines(data) {
			if line = bytes.TrimSpace(line); len(line) > 0 {
				events = append(events, event(string(line)))
			}
		}
	}
	require.NotEmpty(tb, events)
	return events
}

// event is the event of a JSON text, with the fields that the client reads of it.
func event(text string) insights.Event {
	var envelope struct {
		ID, Organization, Timestamp any
	}
	// What is no object has none of these fields.
	_ = json.Unmarshal([]byte(text), &envelope)
	read := func(field any) string {
		text, _ := field.(string)
		return text
	}
	timestamp, err := time.Parse(time.RFC3339Nano, read(envelope.Timestamp))
	if err != nil {
		timestamp = time.Time{}
	}
	return insights.Event{
		Raw: json.RawMessage(text), ID: read(envelope.ID), TimestampText: read(envelope.Timestamp),
		Timestamp: timestamp.UTC(), Organization: read(envelope.Organization),
	}
}

// mapEvent maps one event, and checks that there is exactly one record.
func mapEvent(tb testing.TB, settings mapping.Settings, e insights.Event) (plog.LogRecord, mapping.Counts) {
	tb.Helper()
	logs, counts := mapping.New(settings).Logs([]insights.Event{e}, observed)
	records := recordsOf(logs)
	require.Len(tb, records, 1)
	return records[0], counts
}

// attributesOf maps a JSON text and returns the attributes of its record.
func attributesOf(tb testing.TB, text string) map[string]any {
	tb.Helper()
	record, _ := mapEvent(tb, mapping.Settings{}, event(text))
	return record.Attributes().AsRaw()
}

// recordsOf returns all records of logs.
func recordsOf(logs plog.Logs) []plog.LogRecord {
	var records []plog.LogRecord
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				records = append(records, record)
			}
		}
	}
	return records
}
