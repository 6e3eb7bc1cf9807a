// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/testkit"
)

// startGateway runs examples/gateway.yaml in front of a backend.
func startGateway(t *testing.T, backend string, over ...string) (gateway *installation, address string) {
	t.Helper()
	address = freeAddress(t)
	t.Setenv("LISTEN_ENDPOINT", address)
	gateway = example(t, "gateway.yaml", "", backend, append(over, unmetered)...)
	await(t, gateway.printed("Everything is ready"), gateway)
	return gateway, "http://" + address
}

// killAndStartAgain ends a gateway in the middle, twice.
func killAndStartAgain(t *testing.T, gateway *installation, reached func(int) bool) {
	t.Helper()
	for _, records := range []int{2_000, 8_000} {
		require.Eventually(t, func() bool { return reached(records) }, enough, often, gateway.output)
		require.NoError(t, gateway.command.Process.Kill())
		_ = gateway.command.Wait()
		gateway.start()
	}
}

// TestWideEventsPassAGateway: what is sent over gRPC keeps below the 4 MiB that a receiver takes by default.
func TestWideEventsPassAGateway(t *testing.T) {
	api, sink := simulator.New(simulator.Settings{}), testkit.NewSink(testkit.Limits{})
	events := wideEvents(3_000, time.Now().Add(-time.Minute))
	api.Add(events...)
	_, address := startGateway(t, serve(t, sink), "receivers:\n  otlp:\n    protocols:\n      grpc:\n        max_recv_msg_size_mib: 4\n")
	agent := example(t, "agent.yaml", serve(t, api), address, hurried, "receivers:\n  jumpcloud:\n    backfill:\n      lookback: 1h\n")
	requireArrived(t, sink, events, agent)
	agent.signal(syscall.SIGTERM)
}

// TestGatewayThatIsKilledLosesNothing: it answers when the backend has answered.
func TestGatewayThatIsKilledLosesNothing(t *testing.T) {
	from := time.Now().Add(-time.Hour)
	api, sink := simulator.New(simulator.Settings{}), testkit.NewSink(testkit.Limits{})
	api.Add(simulator.NewGenerator(1, 0, 0).History("", from.Add(time.Minute), time.Now(), 20_000)...)
	expected := api.Expected("", from)
	gateway, address := startGateway(t, serve(t, sink))
	agent := example(t, "agent.yaml", serve(t, api), address, hurried, "receivers:\n  jumpcloud:\n    backfill:\n      lookback: 1h\n")
	killAndStartAgain(t, gateway, func(records int) bool { return sink.Total() >= records })
	await(t, func() bool { missing, _, _ := whatArrived(sink, expected); return missing == 0 }, agent, gateway)
	agent.signal(syscall.SIGTERM)
	missing, again, _ := whatArrived(sink, expected)
	t.Logf("%d events, two kills of the gateway: %d lost, %d duplicates", len(expected), missing, again)
	assert.Zero(t, missing)
	assert.LessOrEqual(t, again, 2*batch, "a message that the backend had taken comes again")
}

// TestFileExporterAcceptsBeforeItWrites: a gateway that is killed loses what it has not flushed, unless
// the exporter rotates its files, which has no buffer. The buffer has 4 KiB.
func TestFileExporterAcceptsBeforeItWrites(t *testing.T) {
	for name, test := range map[string]struct {
		settings string
		keeps    bool
	}{
		"as it is by default": {"flush_interval: 1h", false},
		"with rotation":       {"rotation:\n      max_megabytes: 100", true},
	} {
		t.Run(name, func(t *testing.T) {
			api := simulator.New(simulator.Settings{})
			events := padded("sso", 1, 100, time.Now().Add(-time.Minute))
			api.Add(events...)
			file := filepath.Join(t.TempDir(), "events.json")
			gateway, address := startGateway(t, "http://127.0.0.1:1", fmt.Sprintf(
				"exporters:\n  file:\n    path: %s\n    %s\n  debug:\nservice:\n  pipelines:\n    logs:\n      exporters: [file, debug]\n", file, test.settings))
			agent := example(t, "agent.yaml", serve(t, api), address, hurried, "receivers:\n  jumpcloud:\n    backfill:\n      lookback: 1h\n")
			await(t, gateway.printed(`"log records": 1`), gateway, agent)
			agent.signal(syscall.SIGTERM)
			require.NoError(t, gateway.command.Process.Kill())
			_ = gateway.command.Wait()
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, test.keeps, bytes.Count(data, []byte(`"observedTimeUnixNano"`)) == len(events))
		})
	}
}
