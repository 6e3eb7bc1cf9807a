// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"net/http"
	"os"
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
	// enough is how long a test waits for what takes seconds.
	enough = 2 * time.Minute
	often  = 50 * time.Millisecond
	// batch is the largest number of records that the receiver hands on at once.
	batch = 1000
)

const fast = `
poll_interval: 1s
rescan_interval: 2s
max_event_delay: 30s
requests_per_second: 1000
retry_on_failure:
  initial_interval: 100ms
  max_interval: 1s
`

func TestHistoryIsDeliveredOnceAcrossRestartsAndKills(t *testing.T) {
	from := time.Now().Add(-48 * time.Hour)
	api := simulator.New(simulator.Settings{Gzip: true, Latency: 5 * time.Millisecond})
	api.Add(simulator.NewGenerator(1, 0, 0).History("", from.Add(time.Minute), time.Now(), 50_000)...)
	expected := api.Expected("", from)
	sink := newBackend(t)
	collector := install(t, serve(t, api), sink.server.URL, fast+"backfill:\n  lookback: 48h\npage_size: 1000\n")

	collector.start()
	require.Eventually(t, func() bool { return sink.total.Load() > 5_000 }, enough, often)
	collector.signal(syscall.SIGKILL)
	collector.start()
	require.Eventually(t, func() bool { return sink.total.Load() > 20_000 }, enough, often)
	assert.Less(t, collector.signal(syscall.SIGTERM), 10*time.Second)
	collector.start()
	require.Eventually(t, func() bool { missing, _ := sink.compare(expected); return missing == 0 }, enough, often, collector.output.String)
	collector.signal(syscall.SIGTERM)
	missing, again := sink.compare(expected)
	t.Logf("of %d events %d are missing, %d came again", len(expected), missing, again)
	assert.Zero(t, missing)
	assert.LessOrEqual(t, again, batch, "one kill costs one batch at the most")

	before := sink.total.Load()
	collector.start()
	api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: "after", Time: time.Now()})
	require.Eventually(t, func() bool { return sink.total.Load() > before }, enough, often)
	collector.signal(syscall.SIGTERM)
	assert.Equal(t, before+1, sink.total.Load(), "nothing comes twice after a clean stop")
}

func TestUninterruptedDrainHasNoDuplicate(t *testing.T) {
	from := time.Now().Add(-48 * time.Hour)
	api := simulator.New(simulator.Settings{Gzip: true})
	api.Add(simulator.NewGenerator(1, 0, 0).History("", from.Add(time.Minute), time.Now(), 50_000)...)
	expected := api.Expected("", from)
	sink := newBackend(t)
	collector := install(t, serve(t, api), sink.server.URL, fast+"backfill:\n  lookback: 48h\n")
	collector.start()
	require.Eventually(t, func() bool { missing, _ := sink.compare(expected); return missing == 0 }, enough, often)
	collector.signal(syscall.SIGTERM)
	assert.Equal(t, int64(len(expected)), sink.total.Load())
}

func TestBackendOutageLosesNothing(t *testing.T) {
	api := simulator.New(simulator.Settings{})
	sink := newBackend(t)
	sink.status.Store(http.StatusServiceUnavailable)
	from := time.Now().Add(-time.Hour)
	api.Add(simulator.NewGenerator(1, 0, 0).History("", from.Add(time.Minute), time.Now(), 5_000)...)
	collector := install(t, serve(t, api), sink.server.URL, fast+"backfill:\n  lookback: 1h\n")
	collector.start()
	require.Eventually(t, func() bool { return strings.Contains(collector.output.String(), "does not accept events") }, enough, often)
	sink.status.Store(0)
	expected := api.Expected("", from)
	require.Eventually(t, func() bool { missing, _ := sink.compare(expected); return missing == 0 }, enough, often)
	collector.signal(syscall.SIGTERM)
	assert.Equal(t, int64(len(expected)), sink.total.Load())
}

func TestFault_T11_GzipBombIsAnErrorAndReadingGoesOn(t *testing.T) {
	api := simulator.New(simulator.Settings{})
	api.Inject(simulator.Fault{Skip: 1, Times: 2, Effect: simulator.GzipBomb(2 << 30)})
	sink := newBackend(t)
	collector := install(t, serve(t, api), sink.server.URL, fast)
	collector.start()
	require.Eventually(t, func() bool { return len(api.Requests()) > 3 }, enough, often)
	api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: "after", Time: time.Now()})
	require.Eventually(t, func() bool { return sink.total.Load() == 1 }, enough, often)
	memory := collector.memory()
	t.Logf("the largest resident size was %d MiB", memory>>20)
	assert.Less(t, memory, int64(400<<20))
	collector.signal(syscall.SIGTERM)
}

func TestKeyIsWrittenNowhere(t *testing.T) {
	api := simulator.New(simulator.Settings{})
	api.Inject(simulator.Fault{Skip: 3, Times: 3, Effect: simulator.EchoKey()})
	sink := newBackend(t)
	collector := install(t, serve(t, api), sink.server.URL, fast)
	collector.start()
	require.Eventually(t, func() bool { return strings.Contains(collector.output.String(), "forbids reading events (403)") }, enough, often)
	api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: "canary-event", Time: time.Now()})
	require.Eventually(t, func() bool { return sink.total.Load() > 0 }, enough, often)
	collector.signal(syscall.SIGTERM)
	assert.NotContains(t, collector.output.String(), canary)
	assert.NotContains(t, collector.output.String(), "admin@example.com")
	state := filepath.Join(collector.folder, "state")
	files, err := os.ReadDir(state)
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		data, err := os.ReadFile(filepath.Join(state, file.Name()))
		require.NoError(t, err)
		assert.NotContains(t, string(data), canary)
		assert.NotContains(t, string(data), "canary-event", "only hashes are stored")
	}
}

func TestMistakesAreNamedAllAtOnce(t *testing.T) {
	collector := install(t, "http://api.example.com", "http://127.0.0.1:1", "poll_interval: 1ms\npage_size: 0\nservices: []\n")
	collector.start()
	require.Error(t, collector.command.Wait())
	for _, key := range []string{"endpoint", "poll_interval", "page_size", "services"} {
		assert.Contains(t, collector.output.String(), key)
	}
}
