// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
)

// BenchmarkMapEvent maps a batch of 1,000 events of four shapes, with 1.39 KB and 27 attributes in the mean:
// logins of an administrator and by SSO, and two updates of users. Beside it are what receivers
// of this kind do (maps), and the least that pdata takes for the same records (floor).
func BenchmarkMapEvent(b *testing.B) {
	shapes := corpus(b, "shapes.ndjson")
	events := slices.Repeat([]insights.Event{shapes[0], shapes[6], shapes[8], shapes[9]}, 250)
	b.Run("path=receiver", func(b *testing.B) {
		mapper := mapping.New(mapping.Settings{Body: mapping.BodyRaw})
		measure(b, len(events), func() { mapper.Logs(events, observed) })
	})
	b.Run("path=structured", func(b *testing.B) {
		mapper := mapping.New(mapping.Settings{Body: mapping.BodyStructured})
		measure(b, len(events), func() { mapper.Logs(events, observed) })
	})
	b.Run("path=curated", func(b *testing.B) {
		mapper := mapping.New(mapping.Settings{Attributes: mapping.AttributesCurated})
		measure(b, len(events), func() { mapper.Logs(events, observed) })
	})
	b.Run("path=maps", func(b *testing.B) {
		measure(b, len(events), func() { require.NoError(b, throughMaps(events)) })
	})
	b.Run("path=floor", func(b *testing.B) {
		ready := readyRecords(events)
		measure(b, len(events), func() { fill(ready) })
	})
}

// BenchmarkMapUnknown maps an event of which no table knows a field.
func BenchmarkMapUnknown(b *testing.B) {
	events := []insights.Event{event(`{"fresh":{"alphaOne":"a","beta_two":2,"gamma":true},"delta":"d","epsilon":1.5,"zeta":["z"]}`)}
	mapper := mapping.New(mapping.Settings{Body: mapping.BodyRaw})
	measure(b, len(events), func() { mapper.Logs(events, observed) })
}

func measure(b *testing.B, events int, run func()) {
	b.Helper()
	b.ReportAllocs()
	rounds := 0
	for b.Loop() {
		run()
		rounds++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rounds*events), "ns/event")
}

// throughMaps decodes events into maps and fills attributes from these.
func throughMaps(events []insights.Event) error {
	records := plog.NewLogs().ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for i := range events {
		var fields map[string]any
		if err := json.Unmarshal(events[i].Raw, &fields); err != nil {
			return err
		}
		if err := records.AppendEmpty().Attributes().FromRaw(fields); err != nil {
			return err
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

func readyRecords(events []insights.Event) []readyRecord {
	logs, _ := mapping.New(mapping.Settings{}).Logs(events, observed)
	var ready []readyRecord
	for _, record := range recordsOf(logs) {
		next := readyRecord{body: []byte(record.Body().Str())}
		for key, v := range record.Attributes().All() {
			next.keys, next.attributes = append(next.keys, key), append(next.attributes, v)
		}
		ready = append(ready, next)
	}
	return ready
}

func fill(ready []readyRecord) {
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
