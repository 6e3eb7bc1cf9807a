// SPDX-License-Identifier: Apache-2.0

package backends_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
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
func startExample(t *testing.T, name string, api *simulator.Simulator, backend, over string) {
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
	more := filepath.Join(folder, "more.yaml")
	require.NoError(t, os.WriteFile(more, []byte(over+"\n"), 0o600))
	arguments := []string{"--config", root + "examples/" + name, "--config", file}
	if over != "" {
		arguments = append(arguments, "--config", more)
	}
	run(t, []string{
		"JUMPCLOUD_API_KEY=key-for-tests", "JUMPCLOUD_ENDPOINT=" + server.URL, "BACKEND_ENDPOINT=" + backend,
		"STATE_DIRECTORY=" + filepath.Join(folder, "state"),
	}, root+"_build/otelcol-jumpcloud", arguments...)
}

// corpus makes so many events of the known ones, each with an id and a time of its own, and beside them
// one that is wide and one that is large.
func corpus(t *testing.T, count int) []simulator.Event {
	t.Helper()
	files, err := filepath.Glob(root + "testdata/events/*.ndjson")
	require.NoError(t, err)
	var known []map[string]json.RawMessage
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range bytes.Lines(data) {
			fields := make(map[string]json.RawMessage)
			if json.Unmarshal(line, &fields) == nil && len(fields) > 0 {
				known = append(known, fields)
			}
		}
	}
	require.Greater(t, len(known), 100)
	known = append(known, wide(), large(largest))
	from := time.Now().Add(-100 * time.Minute).UTC().Truncate(time.Millisecond)
	events := make([]simulator.Event, count)
	for i := range events {
		events[i] = stamped(t, known[i%len(known)], fmt.Sprintf("corpus-%05d", i), from.Add(time.Duration(i)*500*time.Millisecond))
		// Of the large one there is one only.
		if i == len(known)-1 {
			known = known[:len(known)-1]
		}
	}
	return events
}

// stamped is an event with an id and a time.
func stamped(t *testing.T, fields map[string]json.RawMessage, id string, at time.Time) simulator.Event {
	t.Helper()
	fields["id"] = fmt.Appendf(nil, "%q", id)
	fields["timestamp"] = fmt.Appendf(nil, "%q", at.Format("2006-01-02T15:04:05.000Z"))
	data, err := json.Marshal(fields)
	require.NoError(t, err)
	return simulator.Event{Service: "directory", ID: id, Time: at, JSON: data}
}

// wide has more fields than a record has attributes, deep in an object.
func wide() map[string]json.RawMessage {
	fields := make([]string, 300)
	for i := range fields {
		fields[i] = fmt.Sprintf(`"f%d":%d`, i, i)
	}
	return map[string]json.RawMessage{
		"service": []byte(`"directory"`), "event_type": []byte(`"wide"`),
		"resource_of_the_event": []byte(`{"attributes_before_it":{"policy_values":{` + strings.Join(fields, ",") + `}}}`),
	}
}

// large has a body of about so many bytes.
func large(bytes int) map[string]json.RawMessage {
	return map[string]json.RawMessage{
		"service": []byte(`"mdm"`), "event_type": []byte(`"large"`),
		"command": []byte(`{"payload":"` + strings.Repeat("certificate+/", bytes/13) + `"}`),
	}
}

// requireEachOnce compares bodies by id with the events.
func requireEachOnce(t *testing.T, events []simulator.Event, bodies map[string][]string) {
	t.Helper()
	missing, again, altered := 0, 0, 0
	for _, event := range events {
		switch found := bodies[event.ID]; {
		case len(found) == 0:
			missing++
		case len(found) > 1:
			again++
		case found[0] != string(event.JSON):
			altered++
			t.Logf("of %.200s came %.200s", event.JSON, found[0])
		}
	}
	t.Logf("%d events: %d missing, %d again, %d altered", len(events), missing, again, altered)
	assert.Equal(t, [3]int{}, [3]int{missing, again, altered})
	assert.Len(t, bodies, len(events), "ids that no event has")
}
