// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
)

// nasty are events that a transport could alter, refuse or cut.
func nasty() []string {
	fields := make([]string, 5000)
	for i := range fields {
		fields[i] = fmt.Sprintf(`"f%d":%d`, i, i)
	}
	return []string{
		`{"id":"exact","integer":9007199254740993,"largest":9223372036854775807,"smallest":-9223372036854775808,"larger":9223372036854775808}`,
		`{"id":"doubles","overflow":1e400,"underflow":1e-400,"negative_zero":-0.0,"least":5e-324,"third":0.3333333333333333,"exponent":1e300}`,
		"{\"id\":\"bytes\",\"text\":\"\xff\xfe\xc3\x28 and \xed\xa0\x80\",\"\xff\":1}",
		`{"id":"surrogates","lone":"\ud800","turned":"\udc00\ud800","pair":"\ud83d\ude00"}`,
		`{"id":"nul","text":"before\u0000after","na\u0000me":"\u0000"}`,
		"{ \"id\" : \"spaces\" ,\r\n\t\"list\" : [ \"a\" , \"b\" ] , \"separators\":\"\u2028\u2029\" }",
		`{"id":"twice","twice":1,"twice":"2"}`,
		`{"id":"objects","a":` + strings.Repeat(`{"b":`, 9999) + "1" + strings.Repeat("}", 9999) + "}",
		`{"id":"arrays","a":` + strings.Repeat("[", 9999) + strings.Repeat("]", 9999) + "}",
		`{"id":"fields",` + strings.Join(fields, ",") + "}",
		`{"id":"device","service":"mdm","event_type":"mdm_command_result","command":{"payload":"` + strings.Repeat("certificate+/", 6000) + `"}}`,
		`{"id":"huge","text":"` + strings.Repeat(`\u00e9\n\\`, 200_000) + `"}`,
		`{"id":"other","organization":"another"}`,
		`{"id":"old","timestamp":"1969-12-31T23:59:59Z"}`, `{"id":"late","timestamp":"2263-01-01T00:00:00Z"}`,
		`{"id":"digits","timestamp":"2026-02-17T10:00:00.123456789+05:30"}`,
		`true`, `""`, `[]`, `-0`, `1e400`, `null`,
	}
}

// TestSecondCollectorHoldsWhatWasSent: nothing is altered, lost or added on the way over OTLP
// gRPC to another collector and into its files.
func TestSecondCollectorHoldsWhatWasSent(t *testing.T) {
	events := append(corpus(t), nasty()...)
	expected := 0
	for _, event := range events {
		if event != "null" {
			expected++
		}
	}
	for _, body := range []mapping.Body{mapping.BodyRaw, mapping.BodyStructured} {
		t.Run(string(body), func(t *testing.T) {
			began := time.Now()
			folder, api := t.TempDir(), serveEvents(t, events)
			second, address := startSecond(t, folder)
			first := launch(t, received("jumpcloud", api, filepath.Join(folder, "state"), "body: "+string(body)), fmt.Sprintf(`
exporters:
  otlp_grpc:
    endpoint: %s
    tls:
      insecure: true
    sending_queue:
      enabled: false
  file:
    path: %s/sent.json
service:
  pipelines:
    logs:
      receivers: [jumpcloud]
      exporters: [otlp_grpc, file]
`, address, folder))
			file := filepath.Join(folder, "received.json")
			await(t, written(file, expected), first, second)
			first.signal(syscall.SIGTERM)
			second.signal(syscall.SIGTERM)

			sent := merged(t, readJSON(t, filepath.Join(folder, "sent.json")), began)
			requireSame(t, sent, merged(t, readJSON(t, file), began))
			requireSame(t, sent, merged(t, readProto(t, filepath.Join(folder, "received.binpb")), began))
			requireSame(t, sortBodies(mapped(t, events, body)), sortBodies(sent))
		})
	}
}

// startSecond starts a collector that takes OTLP and writes it as JSON and as protobuf.
func startSecond(t *testing.T, folder string) (second *installation, address string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address = listener.Addr().String()
	require.NoError(t, listener.Close())
	second = launch(t, fmt.Sprintf(`
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: %[1]s
exporters:
  file/json:
    path: %[2]s/received.json
    flush_interval: 100ms
  file/proto:
    path: %[2]s/received.binpb
    format: proto
service:
  telemetry:
    metrics:
      level: none
  pipelines:
    logs:
      receivers: [otlp]
      exporters: [file/json, file/proto]
`, address, folder))
	await(t, second.printed("Everything is ready"), second)
	return second, address
}

// readProto reads what the file exporter wrote as protobuf: messages, each behind its length.
func readProto(t *testing.T, file string) []plog.Logs {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var batches []plog.Logs
	for len(data) > 0 {
		require.GreaterOrEqual(t, len(data), 4)
		end := 4 + int(data[0])<<24 + int(data[1])<<16 + int(data[2])<<8 + int(data[3])
		require.GreaterOrEqual(t, len(data), end)
		logs, err := new(plog.ProtoUnmarshaler).UnmarshalLogs(data[4:end])
		require.NoError(t, err)
		batches = append(batches, logs)
		data = data[end:]
	}
	return batches
}

// mapped is what the mapping makes of the events, in one batch.
func mapped(t *testing.T, events []string, body mapping.Body) plog.Logs {
	t.Helper()
	page := "[" + strings.Join(events, ",") + "]"
	decoded, err := insights.DecodePage([]byte(page), len(events))
	require.NoError(t, err)
	decoded = slices.DeleteFunc(decoded, func(event insights.Event) bool { return string(event.Raw) == "null" })
	logs, _ := mapping.New(mapping.Settings{
		Body:         body,
		ScopeName:    "github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver",
		ScopeVersion: version(t),
	}).Logs(decoded, time.Unix(0, 0))
	for _, resource := range logs.ResourceLogs().All() {
		resource.Resource().Attributes().PutStr("jumpcloud.delivery", "live") // the receiver's own
	}
	for _, record := range records([]plog.Logs{logs}) {
		sortAttributes(record)
	}
	return logs
}

// version is the version of the built collector.
func version(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../_build/version")
	require.NoError(t, err)
	return strings.TrimSpace(string(text))
}

// merged puts what batches have of a resource and scope together, in the order of the first of
// each, and takes the times of observation away, which are checked here.
func merged(t *testing.T, batches []plog.Logs, began time.Time) plog.Logs {
	t.Helper()
	all := plog.NewLogs()
	known := make(map[string]plog.LogRecordSlice)
	for _, batch := range batches {
		for _, resource := range batch.ResourceLogs().All() {
			require.Equal(t, 1, resource.ScopeLogs().Len())
			scope := resource.ScopeLogs().At(0)
			for _, record := range scope.LogRecords().All() {
				observed := record.ObservedTimestamp().AsTime()
				require.WithinRange(t, observed, began, time.Now())
				record.SetObservedTimestamp(0)
				sortAttributes(record)
			}
			found := plog.NewLogRecordSlice()
			scope.LogRecords().MoveAndAppendTo(found)
			alone := plog.NewLogs()
			resource.CopyTo(alone.ResourceLogs().AppendEmpty())
			key := encoded(t, alone)
			target, seen := known[key]
			if !seen {
				added := all.ResourceLogs().AppendEmpty()
				resource.CopyTo(added)
				target = added.ScopeLogs().At(0).LogRecords()
				known[key] = target
			}
			found.MoveAndAppendTo(target)
		}
	}
	return all
}

// sortAttributes orders a record's attributes by their keys: they are a set.
func sortAttributes(record plog.LogRecord) { sortMap(record.Attributes()) }

func sortMap(unsorted pcommon.Map) {
	sorted := pcommon.NewMap()
	for _, key := range slices.Sorted(maps.Keys(maps.Collect(unsorted.All()))) {
		value, _ := unsorted.Get(key)
		value.CopyTo(sorted.PutEmpty(key))
	}
	sorted.MoveTo(unsorted)
}

// sortBodies orders the names of bodies: the mapping promises no order where there are many.
func sortBodies(logs plog.Logs) plog.Logs {
	for _, record := range records([]plog.Logs{logs}) {
		sortValue(record.Body())
	}
	return logs
}

func sortValue(value pcommon.Value) {
	switch value.Type() {
	case pcommon.ValueTypeMap:
		sortMap(value.Map())
		for _, element := range value.Map().All() {
			sortValue(element)
		}
	case pcommon.ValueTypeSlice:
		for _, element := range value.Slice().All() {
			sortValue(element)
		}
	default:
	}
}

func encoded(t *testing.T, logs plog.Logs) string {
	t.Helper()
	data, err := new(plog.ProtoMarshaler).MarshalLogs(logs)
	require.NoError(t, err)
	return string(data)
}

// requireSame compares the encodings, which have everything that a record can hold. The parts are
// compared first, for a shorter message.
func requireSame(t *testing.T, sent, received plog.Logs) {
	t.Helper()
	require.Equal(t, sent.ResourceLogs().Len(), received.ResourceLogs().Len())
	for i, resource := range sent.ResourceLogs().All() {
		other := received.ResourceLogs().At(i)
		assert.Equal(t, resource.Resource().Attributes().AsRaw(), other.Resource().Attributes().AsRaw())
		before, after := resource.ScopeLogs().At(0).LogRecords(), other.ScopeLogs().At(0).LogRecords()
		require.Equal(t, before.Len(), after.Len())
		for j, record := range before.All() {
			if one, two := single(t, record), single(t, after.At(j)); one != two {
				require.Fail(t, "a record differs", "sent %.2000q\nreceived %.2000q", one, two)
			}
		}
	}
	if encoded(t, sent) != encoded(t, received) {
		require.Fail(t, "a resource, a scope or a schema URL differs")
	}
}

func single(t *testing.T, record plog.LogRecord) string {
	t.Helper()
	logs := plog.NewLogs()
	record.CopyTo(logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty())
	return encoded(t, logs)
}
