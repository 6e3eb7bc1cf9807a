// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/testkit"
	made "github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/testkit/corpus"
)

const (
	// lastHours is laid over an example, so that it reads the corpus.
	lastHours = "receivers:\n  jumpcloud:\n    backfill:\n      lookback: 2h\n"
	// overGRPC is larger than what a gRPC server takes by default, and belowLoki is a line that Loki takes.
	overGRPC, belowLoki = 5_000_000, 250_000
)

// delivery is a way to a backend, with the collectors on it.
type delivery struct {
	collectors []*installation
	// records is how many the backend has, and bodies are theirs by their ids.
	records func() int
	bodies  func() map[string][]string
}

// TestCorpusArrives sends events of every known type, with one that is wide and one that is large, and wants each
// once, as it was.
func TestCorpusArrives(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for name, test := range map[string]struct {
		largest int
		deliver func(t *testing.T, api string) delivery
	}{
		"over gRPC, by a gateway":         {overGRPC, overGateway},
		"over HTTP, as the README has it": {overGRPC, overHTTP},
		"to files":                        {overGRPC, toFiles},
		"to a backend with Loki's rules":  {belowLoki, toLoki},
	} {
		t.Run(name, func(t *testing.T) {
			events := made.Events(t, "../../testdata/events", 10_000, test.largest)
			api := simulator.New(simulator.Settings{})
			api.Add(events...)
			way := test.deliver(t, serve(t, api))
			await(t, func() bool { return way.records() >= len(events) }, way.collectors...)
			for _, collector := range way.collectors {
				collector.signal(syscall.SIGTERM)
				assert.NotContains(t, collector.output.String(), "refused events for good")
			}
			missing, again, altered, strangers := made.Compare(events, way.bodies())
			t.Logf("%d events: %d missing, %d again, %d altered, %d strangers", len(events), missing, again, altered, strangers)
			assert.Equal(t, [4]int{}, [4]int{missing, again, altered, strangers})
		})
	}
}

// overGateway is examples/agent.yaml to examples/gateway.yaml.
func overGateway(t *testing.T, api string) delivery {
	t.Helper()
	sink := testkit.NewSink(testkit.Limits{})
	gateway, address := startGateway(t, serve(t, sink))
	agent := example(t, "agent.yaml", api, address, hurried, lastHours)
	return delivery{[]*installation{agent, gateway}, sink.Total, sink.All}
}

// overHTTP is the README's configuration to a second collector, which takes OTLP over HTTP.
func overHTTP(t *testing.T, api string) delivery {
	t.Helper()
	sink := testkit.NewSink(testkit.Limits{})
	listen := freeAddress(t)
	gateway, _ := startGateway(t, serve(t, sink), "receivers:\n  otlp:\n    protocols:\n      http:\n        endpoint: "+listen+"\n")
	return delivery{[]*installation{startReadme(t, api, "http://"+listen), gateway}, sink.Total, sink.All}
}

// startReadme runs the README's configuration, with other addresses and another folder.
func startReadme(t *testing.T, api, backend string) *installation {
	t.Helper()
	t.Setenv("JUMPCLOUD_API_KEY", canary)
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(string(text))
	require.NotNil(t, block)
	configuration := block[1]
	for _, replaced := range [][2]string{
		{`(?m)region: us .*$`, "endpoint: " + api},
		{`(?m)https://otlp\.example\.com .*$`, backend},
		{`/var/lib/otelcol-jumpcloud .*`, t.TempDir()},
	} {
		pattern := regexp.MustCompile(replaced[0])
		require.Regexp(t, pattern, configuration)
		configuration = pattern.ReplaceAllString(configuration, replaced[1])
	}
	return launch(t, configuration, hurried)
}

// toFiles is examples/agent.yaml with the file exporter of docs/backends.md.
func toFiles(t *testing.T, api string) delivery {
	t.Helper()
	folder := t.TempDir()
	file := filepath.Join(folder, "events.json")
	configuration := strings.Replace(backendSnippet(t, "files"), "/var/lib/otelcol-jumpcloud", folder, 1)
	agent := example(t, "agent.yaml", api, "http://127.0.0.1:1", hurried, lastHours, configuration,
		"service:\n  pipelines:\n    logs:\n      exporters: [file]\n")
	return delivery{
		collectors: []*installation{agent},
		records: func() int {
			data, err := os.ReadFile(file)
			if err != nil {
				return 0
			}
			return strings.Count(string(data), `"observedTimeUnixNano"`)
		},
		bodies: func() map[string][]string {
			bodies := make(map[string][]string)
			for _, record := range records(readJSON(t, file)) {
				id, _ := record.Attributes().Get("log.record.uid")
				bodies[id.Str()] = append(bodies[id.Str()], record.Body().Str())
			}
			return bodies
		},
	}
}

// toLoki is examples/loki.yaml.
func toLoki(t *testing.T, api string) delivery {
	t.Helper()
	sink := testkit.NewSink(testkit.Loki())
	t.Cleanup(func() { assert.Empty(t, sink.Refused()) })
	return delivery{[]*installation{example(t, "loki.yaml", api, serve(t, http.Handler(sink)), hurried, lastHours)}, sink.Total, sink.All}
}

// backendSnippet is a configuration of docs/backends.md by its marker.
func backendSnippet(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/backends.md")
	require.NoError(t, err)
	found, marked := snippets(string(text))[name]
	require.True(t, marked, "docs/backends.md has no snippet %s", name)
	return found.text
}
