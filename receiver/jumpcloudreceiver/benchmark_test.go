// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
)

const (
	benchmarkEvents = 10_000
	benchmarkBatch  = 1_000
)

// BenchmarkPage decodes a page of 10,000 events and maps it in batches, beside what receivers of
// this kind do (maps), and the least that pdata takes for the same records (floor).
func BenchmarkPage(b *testing.B) {
	body := benchmarkPage(b)
	b.Run("path=receiver", func(b *testing.B) {
		mapper := mapping.New(mapping.Settings{Body: mapping.BodyRaw})
		measurePage(b, func() { require.NoError(b, throughReceiver(mapper, body)) })
	})
	b.Run("path=maps", func(b *testing.B) {
		measurePage(b, func() { require.NoError(b, throughMaps(body)) })
	})
	b.Run("path=floor", func(b *testing.B) {
		ready := readyPage(b, body)
		measurePage(b, func() {
			for batch := range slices.Chunk(ready, benchmarkBatch) {
				fillRecords(batch)
			}
		})
	})
}

// benchmarkPage makes a page of four shapes, with 1.39 KB and 27 attributes in the mean: logins
// of an administrator and by SSO, and two updates of users. Each event has an id and a time of
// its own.
func benchmarkPage(tb testing.TB) []byte {
	tb.Helper()
	data, err := os.ReadFile("../../testdata/events/shapes.ndjson")
	require.NoError(tb, err)
	lines := bytes.Split(data, []byte("\n"))
	shapes := [][]byte{lines[0], lines[6], lines[8], lines[9]}
	at := time.Date(2026, 2, 17, 11, 3, 0, 0, time.UTC)
	body := []byte{'['}
	for i := range benchmarkEvents {
		var envelope struct{ ID, Timestamp string }
		shape := shapes[i%len(shapes)]
		require.NoError(tb, json.Unmarshal(shape, &envelope))
		shape = bytes.Replace(shape, []byte(envelope.ID), fmt.Appendf(nil, "%024x", i), 1)
		next := at.Add(time.Duration(i) * time.Millisecond).Format(time.RFC3339Nano)
		body = append(append(body, bytes.Replace(shape, []byte(envelope.Timestamp), []byte(next), 1)...), ',')
	}
	body[len(body)-1] = ']'
	return body
}

func measurePage(b *testing.B, run func()) {
	b.Helper()
	b.ReportAllocs()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for b.Loop() {
		run()
	}
	runtime.ReadMemStats(&after)
	events := float64(b.N * benchmarkEvents)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/events, "ns/event")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/events, "allocs/event")
}

func throughReceiver(mapper *mapping.Mapper, body []byte) error {
	events, err := insights.DecodePage(body, benchmarkEvents)
	if err != nil {
		return err
	}
	for batch := range slices.Chunk(events, benchmarkBatch) {
		mapper.Logs(batch, time.Unix(1_770_000_000, 0))
	}
	return nil
}

func throughMaps(body []byte) error {
	var events []map[string]any
	if err := json.Unmarshal(body, &events); err != nil {
		return err
	}
	for batch := range slices.Chunk(events, benchmarkBatch) {
		records := plog.NewLogs().ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
		for _, event := range batch {
			if err := records.AppendEmpty().Attributes().FromRaw(event); err != nil {
				return err
			}
		}
	}
	return nil
}

// readyRecord is a record's body and attributes before there is a record.
type readyRecord struct {
	body       []byte
	keys       []string
	attributes []pcommon.Value
}

func readyPage(tb testing.TB, body []byte) []readyRecord {
	tb.Helper()
	events, err := insights.DecodePage(body, benchmarkEvents)
	require.NoError(tb, err)
	logs, _ := mapping.New(mapping.Settings{}).Logs(events, time.Unix(1_770_000_000, 0))
	var ready []readyRecord
	for _, resource := range logs.ResourceLogs().All() {
		for _, record := range resource.ScopeLogs().At(0).LogRecords().All() {
			next := readyRecord{body: []byte(record.Body().Str())}
			for key, v := range record.Attributes().All() {
				next.keys, next.attributes = append(next.keys, key), append(next.attributes, v)
			}
			ready = append(ready, next)
		}
	}
	return ready
}

func fillRecords(ready []readyRecord) {
	records := plog.NewLogs().ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for i := range ready {
		record := records.AppendEmpty()
		record.Body().SetStr(string(ready[i].body))
		attributes := record.Attributes()
		attributes.EnsureCapacity(len(ready[i].keys))
		for j, key := range ready[i].keys {
			switch v := ready[i].attributes[j]; v.Type() {
			case pcommon.ValueTypeBool:
				attributes.PutBool(key, v.Bool())
			case pcommon.ValueTypeInt:
				attributes.PutInt(key, v.Int())
			case pcommon.ValueTypeDouble:
				attributes.PutDouble(key, v.Double())
			case pcommon.ValueTypeSlice:
				v.Slice().CopyTo(attributes.PutEmptySlice(key))
			default:
				attributes.PutStr(key, v.Str())
			}
		}
	}
}
