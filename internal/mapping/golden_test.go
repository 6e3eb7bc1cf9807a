// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
)

var update = flag.Bool("update", false, "write the golden files and the tables of the documentation")

// goldenSettings are those of all golden files.
var goldenSettings = mapping.Settings{ScopeName: "github.com/example/jumpcloudreceiver", ScopeVersion: "0.1.0"}

// TestGolden_OTLP compares whole messages for the event that the API's documentation shows.
func TestGolden_OTLP(t *testing.T) {
	for name, body := range map[string]mapping.Body{
		"documented.json": mapping.BodyRaw, "documented_structured.json": mapping.BodyStructured,
	} {
		t.Run(name, func(t *testing.T) {
			settings := goldenSettings
			settings.Body = body
			logs, _ := mapping.New(settings).Logs(corpus(t, "documented.ndjson"), observed)
			encoded, err := new(plog.JSONMarshaler).MarshalLogs(logs)
			require.NoError(t, err)
			var indented bytes.Buffer
			require.NoError(t, json.Indent(&indented, encoded, "", "  "))
			compareGolden(t, name, indented.String()+"\n")
		})
	}
}

// TestGolden compares the records of one event for each service as its documentation describes
// it, of the shapes of real events, and of odd ones.
func TestGolden(t *testing.T) {
	for _, name := range []string{"services", "shapes", "odd"} {
		t.Run(name, func(t *testing.T) {
			var golden strings.Builder
			for _, e := range corpus(t, name+".ndjson") {
				describe(t, &golden, e)
			}
			compareGolden(t, name+".yaml", golden.String())
		})
	}
}

// TestGolden_Cases compares the records of events of shapes that are easy to get wrong.
func TestGolden_Cases(t *testing.T) {
	for _, name := range []string{"alert_priority", "changing_types", "geoip_country_region", "no_actor", "policy_deny", "server_timestamp"} {
		t.Run(name, func(t *testing.T) {
			var golden strings.Builder
			for _, e := range corpus(t, filepath.Join("cases", name+".ndjson")) {
				describe(t, &golden, e)
			}
			compareGolden(t, filepath.Join("cases", name+".yaml"), golden.String())
		})
	}
}

// TestGolden_EveryKnownEventType compares the records of all known event types, in a file for
// each service.
func TestGolden_EveryKnownEventType(t *testing.T) {
	services := make(map[string]*strings.Builder)
	for _, e := range corpus(t, "catalogue.ndjson") {
		var envelope struct{ Service string }
		require.NoError(t, json.Unmarshal(e.Raw, &envelope))
		if services[envelope.Service] == nil {
			services[envelope.Service] = new(strings.Builder)
		}
		describe(t, services[envelope.Service], e)
	}
	for _, service := range slices.Sorted(maps.Keys(services)) {
		t.Run(service, func(t *testing.T) {
			compareGolden(t, filepath.Join("catalogue", service+".yaml"), services[service].String())
		})
	}
}

// describe writes a record as a short YAML document. The body is left out: it is the event.
func describe(t *testing.T, golden *strings.Builder, e insights.Event) {
	t.Helper()
	logs, counts := mapping.New(goldenSettings).Logs([]insights.Event{e}, observed)
	record := recordsOf(logs)[0]
	golden.WriteString("---\n")
	if len(e.Raw) < 500 {
		fmt.Fprintf(golden, "# %s\n", e.Raw)
	}
	fmt.Fprintf(golden, "event: %s\ntime: %s\nseverity: %d %s\n", record.EventName(),
		record.Timestamp().AsTime().Format("2006-01-02T15:04:05.999999999Z"), record.SeverityNumber(), record.SeverityText())
	if counts.Unmapped+counts.DroppedAttributes > 0 {
		fmt.Fprintf(golden, "counts: {unmapped: %d, dropped_attributes: %d}\n", counts.Unmapped, counts.DroppedAttributes)
	}
	for _, delay := range counts.StoreDelays {
		fmt.Fprintf(golden, "stored_after: %s\n", delay)
	}
	describeAttributes(t, golden, "resource", logs.ResourceLogs().At(0).Resource().Attributes())
	describeAttributes(t, golden, "attributes", record.Attributes())
}

func describeAttributes(t *testing.T, golden *strings.Builder, title string, attributes pcommon.Map) {
	t.Helper()
	fmt.Fprintf(golden, "%s:\n", title)
	raw := attributes.AsRaw()
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		fmt.Fprintf(golden, "  %s: ", key)
		encoder := json.NewEncoder(golden)
		encoder.SetEscapeHTML(false)
		require.NoError(t, encoder.Encode(raw[key]))
	}
}

func compareGolden(t *testing.T, name, actual string) {
	t.Helper()
	path := filepath.Join(testdata, "golden", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(actual), 0o644))
	}
	expected, err := os.ReadFile(path)
	require.NoError(t, err, "run the test with -update, and read what it writes")
	assert.Equal(t, string(expected), actual)
}
