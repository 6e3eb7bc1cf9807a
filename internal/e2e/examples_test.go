// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/testkit"
)

// hurried are settings that are laid over an example, so that a test takes seconds.
const hurried = `
receivers:
  jumpcloud:
    poll_interval: 1s
    rescan_interval: 2s
    requests_per_second: 1000
    retry_on_failure:
      initial_interval: 100ms
      max_interval: 1s
service:
  telemetry:
    metrics:
      level: none
`

// unmetered has a collector without the port of its metrics.
const unmetered = "service:\n  telemetry:\n    metrics:\n      level: none\n"

// example runs a configuration of examples/ with others laid over it.
func example(t *testing.T, name, api, backend string, over ...string) *installation {
	t.Helper()
	i := installExample(t, name, api, backend, over...)
	i.start()
	return i
}

// installExample is a configuration of examples/ with others laid over it.
func installExample(t *testing.T, name, api, backend string, over ...string) *installation {
	t.Helper()
	folder := t.TempDir()
	arguments := []string{"--config", "../../examples/" + name}
	for i, configuration := range over {
		file := filepath.Join(folder, fmt.Sprintf("over-%d.yaml", i))
		require.NoError(t, os.WriteFile(file, []byte(configuration), 0o600))
		arguments = append(arguments, "--config", file)
	}
	return &installation{
		t: t, folder: folder, binary: binary, arguments: arguments, output: &output{},
		environment: []string{
			"JUMPCLOUD_API_KEY=" + canary, "JUMPCLOUD_ENDPOINT=" + api,
			"BACKEND_ENDPOINT=" + backend, "BACKEND_INSECURE=true", "STATE_DIRECTORY=" + filepath.Join(folder, "state"),
		},
	}
}

// whatArrived compares what a sink took with the events, by their ids and bodies.
func whatArrived(sink *testkit.Sink, events []simulator.Event) (missing, again, altered int) {
	for _, event := range events {
		bodies := sink.Bodies(event.ID)
		if len(bodies) == 0 {
			missing++
			continue
		}
		again += len(bodies) - 1
		if len(event.JSON) > 0 && bodies[0] != string(event.JSON) {
			altered++
		}
	}
	return missing, again, altered
}

// requireArrived waits until a sink has all events, and each once, as it was.
func requireArrived(t *testing.T, sink *testkit.Sink, events []simulator.Event, collector *installation) {
	t.Helper()
	await(t, func() bool {
		missing, _, _ := whatArrived(sink, events)
		return missing == 0 || len(sink.Refused()) > 0
	}, collector)
	missing, again, altered := whatArrived(sink, events)
	assert.Empty(t, sink.Refused())
	assert.Equal(t, [3]int{}, [3]int{missing, again, altered}, "missing, again, altered, of %d", len(events))
	assert.NotContains(t, collector.output.String(), "refused events for good")
}

// padded are events of SSO with a text of some bytes.
func padded(prefix string, count, bytes int, from time.Time) (events []simulator.Event) {
	for i := range count {
		at := from.Add(time.Duration(i) * time.Millisecond).UTC().Truncate(time.Millisecond)
		id := fmt.Sprint(prefix, i)
		events = append(events, simulator.Event{Service: "sso", Type: "sso_auth", ID: id, Time: at, JSON: fmt.Appendf(nil,
			`{"id":%q,"service":"sso","event_type":"sso_auth","timestamp":%q,"application":{"name":%q}}`,
			id, at.Format(time.RFC3339Nano), strings.Repeat("x", bytes))})
	}
	return events
}

// wideEvents have deep objects of short fields, which are several times as large as OTLP.
func wideEvents(count int, from time.Time) (events []simulator.Event) {
	fields := make([]string, 85)
	for i := range fields {
		fields[i] = fmt.Sprintf(`"f%d":%d`, i, i)
	}
	for i := range count {
		at := from.Add(time.Duration(i) * time.Millisecond).UTC().Truncate(time.Millisecond)
		id := fmt.Sprint("wide", i)
		events = append(events, simulator.Event{Service: "directory", Type: "policy_update", ID: id, Time: at, JSON: fmt.Appendf(nil,
			`{"id":%q,"service":"directory","event_type":"policy_update","timestamp":%q,"resource_of_the_event":{"attributes_before_it":{"details_of_the_change":{"policy_values":{%s}}}}}`,
			id, at.Format(time.RFC3339Nano), strings.Join(fields, ","))})
	}
	return events
}

// TestMessagesAreNoLargerThanBackendsTake: a page is ten thousand events, and a message no more than fits.
func TestMessagesAreNoLargerThanBackendsTake(t *testing.T) {
	for name, test := range map[string]struct {
		events []simulator.Event
		limit  int
	}{
		"1,500 SSO events of 1.2 KB, Kafka's limit": {padded("sso", 1500, 1100, time.Now().Add(-time.Minute)), testkit.KafkaMessage},
		"wide events, Kafka's limit":                {wideEvents(1500, time.Now().Add(-time.Minute)), testkit.KafkaMessage},
	} {
		t.Run(name, func(t *testing.T) {
			api := simulator.New(simulator.Settings{})
			api.Add(test.events...)
			sink := testkit.NewSink(testkit.Message(test.limit))
			collector := example(t, "victorialogs.yaml", serve(t, api), serve(t, sink), hurried, "receivers:\n  jumpcloud:\n    backfill:\n      lookback: 1h\n")
			requireArrived(t, sink, test.events, collector)
			t.Logf("the largest message had %d bytes", sink.Largest())
			collector.signal(syscall.SIGTERM)
		})
	}
}

// TestEveryExampleForAnOTLPBackendDelivers runs each as it is.
func TestEveryExampleForAnOTLPBackendDelivers(t *testing.T) {
	for _, name := range []string{"loki.yaml", "victorialogs.yaml", "elasticsearch.yaml", "datadog.yaml", "splunk.yaml"} {
		t.Run(name, func(t *testing.T) {
			api := simulator.New(simulator.Settings{})
			sink := testkit.NewSink(testkit.Limits{})
			collector := example(t, name, serve(t, api), serve(t, sink), unmetered)
			await(t, collector.printed("No checkpoint is stored"), collector)
			events := padded("sso", 10, 100, time.Now())
			api.Add(events...)
			require.Eventually(t, func() bool { missing, _, _ := whatArrived(sink, events); return missing == 0 }, enough, often, collector.output)
			collector.signal(syscall.SIGTERM)
		})
	}
}
