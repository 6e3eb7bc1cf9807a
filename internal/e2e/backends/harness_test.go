// SPDX-License-Identifier: Apache-2.0

package backends_test

import (
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	made "github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/testkit/corpus"
)

const (
	root = "../../../"
	// enough is how long a test waits for what takes seconds.
	enough = 2 * time.Minute
	often  = 100 * time.Millisecond
	// largest is the body of the largest event, in bytes: as OTLP it fits into a message of Kafka's default size.
	largest = 400_000
)

// run starts a program that is ended with the test. What it prints is shown where the test failed.
func run(t *testing.T, environment []string, program string, arguments ...string) *exec.Cmd {
	t.Helper()
	printed, err := os.Create(filepath.Join(t.TempDir(), "output"))
	require.NoError(t, err)
	command := exec.Command(program, arguments...)
	command.Env = append(os.Environ(), environment...)
	command.Stdout, command.Stderr = printed, printed
	require.NoError(t, command.Start(), "run this with `make backends`")
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
		_ = printed.Close()
		if text, err := os.ReadFile(printed.Name()); err == nil && t.Failed() {
			t.Logf("%s printed, at the end:\n%s", program, text[max(0, len(text)-6000):])
		}
	})
	return command
}

func address(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// startExample runs a configuration of examples/ that reads the last two hours of an API.
func startExample(t *testing.T, name string, api *simulator.Simulator, backend string, over ...string) {
	t.Helper()
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	folder := t.TempDir()
	file := filepath.Join(folder, "over.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`
receivers:
  jumpcloud:
    poll_interval: 1s
    rescan_interval: 5s
    backfill:
      lookback: 2h
service:
  telemetry:
    metrics:
      level: none
`), 0o600))
	arguments := []string{"--config", root + "examples/" + name, "--config", file}
	for i, configuration := range over {
		more := filepath.Join(folder, fmt.Sprintf("more-%d.yaml", i))
		require.NoError(t, os.WriteFile(more, []byte(configuration+"\n"), 0o600))
		arguments = append(arguments, "--config", more)
	}
	run(t, []string{
		"JUMPCLOUD_API_KEY=key-for-tests", "JUMPCLOUD_ENDPOINT=" + server.URL, "BACKEND_ENDPOINT=" + backend,
		"STATE_DIRECTORY=" + filepath.Join(folder, "state"),
	}, root+"_build/otelcol-jumpcloud", arguments...)
}

// corpus makes so many events of the known ones, with the largest that fits into a message of Kafka's default size.
func corpus(t *testing.T, count int) []simulator.Event {
	t.Helper()
	return made.Events(t, root+"testdata/events", count, largest)
}

// requireEachOnce compares bodies by id with the events.
func requireEachOnce(t *testing.T, events []simulator.Event, bodies map[string][]string) {
	t.Helper()
	missing, again, altered, strangers := made.Compare(events, bodies)
	t.Logf("%d events: %d missing, %d again, %d altered, %d strangers", len(events), missing, again, altered, strangers)
	assert.Equal(t, [4]int{}, [4]int{missing, again, altered, strangers})
}
