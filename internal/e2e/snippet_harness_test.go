// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

const documentation = "../../docs/mapping.md"

// unreadable is how many lines of the corpus are no JSON: no page can hold them.
const unreadable = 1

// corpus returns the events of testdata/events, as they are there.
func corpus(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../testdata/events/*.ndjson")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var events []string
	broken := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range bytes.Lines(data) {
			line = bytes.TrimSpace(line)
			if _, err := insights.DecodePage(fmt.Appendf(nil, "[%s]", line), 1); err != nil {
				broken++
				continue
			}
			events = append(events, string(line))
		}
	}
	require.Equal(t, unreadable, broken)
	return events
}

// serveEvents makes an API of events in their order, whatever their own times are: for the API
// they are of a time that each reading without an end has.
func serveEvents(t *testing.T, events []string) (address string) {
	t.Helper()
	api := simulator.New(simulator.Settings{})
	began := time.Now().Add(10 * time.Minute)
	for i, event := range events {
		api.Add(simulator.Event{Service: "directory", Time: began.Add(time.Duration(i) * time.Millisecond), JSON: []byte(event)})
	}
	return serve(t, api)
}

// launch starts a collector of several configurations, which it merges.
func launch(t *testing.T, configurations ...string) *installation {
	t.Helper()
	installed := installMerged(t, configurations...)
	installed.start()
	return installed
}

// installMerged writes several configurations for one collector.
func installMerged(t *testing.T, configurations ...string) *installation {
	t.Helper()
	if _, err := os.Stat(binary); err != nil {
		t.Fatalf("the collector is not built, run `make dist`: %v", err)
	}
	installed := &installation{t: t, folder: t.TempDir(), binary: binary, output: &output{}}
	for i, configuration := range configurations {
		file := filepath.Join(installed.folder, fmt.Sprintf("config-%d.yaml", i))
		require.NoError(t, os.WriteFile(file, []byte(configuration), 0o600))
		installed.arguments = append(installed.arguments, "--config", file)
	}
	return installed
}

// received is the configuration of a receiver, with a storage of its own.
func received(id, api, state, more string) string {
	return fmt.Sprintf(`
receivers:
  %s:
    endpoint: %s
    api_key: %s
    storage: file_storage
%s
extensions:
  file_storage:
    directory: %s
    create_directory: true
service:
  extensions: [file_storage]
  telemetry:
    metrics:
      level: none
`, id, api, canary, indent(fast+more), state)
}

// written says that a file of the file exporter, as JSON, has so many records.
func written(file string, records int) func() bool {
	return func() bool {
		data, err := os.ReadFile(file)
		return err == nil && bytes.Count(data, []byte(`"observedTimeUnixNano"`)) >= records
	}
}

// await fails with the end of what the collectors printed.
func await(t *testing.T, met func() bool, collectors ...*installation) {
	t.Helper()
	ticks := time.NewTicker(often)
	defer ticks.Stop()
	for end := time.After(time.Minute); !met(); {
		select {
		case <-ticks.C:
		case <-end:
			for _, collector := range collectors {
				printed := collector.output.String()
				t.Log(printed[max(0, len(printed)-10_000):])
			}
			require.Fail(t, "what is waited for does not come")
		}
	}
}

// readJSON reads what the file exporter wrote as JSON.
func readJSON(t *testing.T, file string) []plog.Logs {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var batches []plog.Logs
	for line := range bytes.Lines(data) {
		logs, err := new(plog.JSONUnmarshaler).UnmarshalLogs(line)
		require.NoError(t, err)
		batches = append(batches, logs)
	}
	return batches
}

// records returns all records of batches.
func records(batches []plog.Logs) (all []plog.LogRecord) {
	for _, batch := range batches {
		for _, resource := range batch.ResourceLogs().All() {
			for _, scope := range resource.ScopeLogs().All() {
				for _, record := range scope.LogRecords().All() {
					all = append(all, record)
				}
			}
		}
	}
	return all
}

// snippet is a configuration of processors in a document.
type snippet struct {
	text string
	// processors are its processors in the order of the document.
	processors []string
}

// snippets returns those of a document by their names.
func snippets(document string) map[string]snippet {
	found := make(map[string]snippet)
	blocks := regexp.MustCompile("(?s)<!-- snippet: ([a-z0-9-]+) -->\n\n?```yaml\n(.*?)\n```\n")
	processor := regexp.MustCompile(`(?m)^  ([a-z_]+(?:/[a-z_]+)?):$`)
	for _, block := range blocks.FindAllStringSubmatch(document, -1) {
		part := snippet{text: block[2]}
		for _, name := range processor.FindAllStringSubmatch(block[2], -1) {
			part.processors = append(part.processors, name[1])
		}
		found[block[1]] = part
	}
	return found
}

// runSnippets has one collector send the same events through each snippet and through none,
// with each form of a body, and returns the files in the order name, body.
func runSnippets(t *testing.T, found map[string]snippet, events []string) (file func(name, body string) string) {
	t.Helper()
	api := serveEvents(t, events)
	folder := t.TempDir()
	file = func(name, body string) string { return filepath.Join(folder, name+"-"+body+".json") }
	var configurations []string
	pipeline := func(name, body string, processors []string) {
		configurations = append(configurations, fmt.Sprintf(`
exporters:
  file/%[1]s-%[2]s:
    path: %[3]s
    flush_interval: 100ms
service:
  pipelines:
    logs/%[1]s-%[2]s:
      receivers: [jumpcloud/%[2]s]
      processors: [%[4]s]
      exporters: [file/%[1]s-%[2]s]
`, name, body, file(name, body), strings.Join(processors, ", ")))
	}
	for _, body := range []string{"raw", "structured"} {
		configurations = append(configurations, received("jumpcloud/"+body, api, filepath.Join(folder, "state"), "body: "+body))
		pipeline("none", body, nil)
		for name, part := range found {
			pipeline(name, body, part.processors)
		}
	}
	for _, part := range found {
		configurations = append(configurations, part.text)
	}
	collector := launch(t, configurations...)
	for _, body := range []string{"raw", "structured"} {
		await(t, written(file("none", body), len(events)), collector)
	}
	collector.signal(syscall.SIGTERM)
	require.NotContains(t, collector.output.String(), "does not accept events")
	return file
}
