// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// runbook is what the collector names where it can't use its storage.
const runbook = `"Storage" in docs/reliability.md`

// hour reads one hour of history, in pages small enough to be interrupted.
const hour = fast + "backfill:\n  lookback: 1h\npage_size: 100\n"

// stateFile is the file that file_storage keeps for the receiver.
func (i *installation) stateFile() string {
	return filepath.Join(i.folder, "state", "receiver_jumpcloud_")
}

// reconfigure replaces a part of the configuration, which must be there.
func (i *installation) reconfigure(before, after string) {
	i.t.Helper()
	config, err := os.ReadFile(i.config)
	require.NoError(i.t, err)
	require.Contains(i.t, string(config), before)
	require.NoError(i.t, os.WriteFile(i.config, []byte(strings.Replace(string(config), before, after, 1)), 0o600))
}

// refused starts the collector, which must end by itself with an error.
func (i *installation) refused() {
	i.t.Helper()
	i.start()
	ended := make(chan error, 1)
	go func() { ended <- i.command.Wait() }()
	select {
	case err := <-ended:
		require.Error(i.t, err, "the collector ended without an error")
	case <-time.After(enough):
		_ = i.command.Process.Kill()
		require.Error(i.t, <-ended)
		i.t.Fatal("the collector goes on, although its storage can't be used:\n" + i.output.String())
	}
}

// chapter forgets what was printed, so that the next run's output stands alone.
func (i *installation) chapter() { i.output = &output{} }

var startState = regexp.MustCompile(`"state": "(\w+)"`)

// starts returns on what ground each run of the output began.
func (i *installation) starts() (states []string) {
	for _, match := range startState.FindAllStringSubmatch(i.output.String(), -1) {
		states = append(states, match[1])
	}
	return states
}

// complete waits until every expected event has arrived.
func (b *backend) complete(t *testing.T, i *installation, expected []simulator.Event) {
	t.Helper()
	require.Eventually(t, func() bool { missing, _ := b.compare(expected); return missing == 0 }, enough, often, i.output.String)
}

// ids returns how often each record was taken until now.
func (b *backend) ids() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.taken)
}

// reset makes the backend one that has taken just these records.
func (b *backend) reset(taken map[string]int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken = maps.Clone(taken)
}

// history makes an API with so many events in the last hour.
func history(count int) (api *simulator.Simulator, expected []simulator.Event) {
	from := time.Now().Add(-time.Hour)
	api = simulator.New(simulator.Settings{})
	api.Add(simulator.NewGenerator(1, 0, 0).History("", from.Add(time.Minute), time.Now(), count)...)
	expected = api.Expected("", from)
	return api, expected
}

// killTwice kills the collector twice while it reads, lets it end its work, and wants every
// event with at most one batch again for each kill.
func killTwice(t *testing.T, collector *installation, sink *backend, expected []simulator.Event) {
	t.Helper()
	for _, share := range []int{4, 2} {
		collector.start()
		require.Eventually(t, func() bool { return len(sink.ids()) > len(expected)/share }, enough, often, collector.output.String)
		collector.signal(syscall.SIGKILL)
	}
	collector.start()
	sink.complete(t, collector, expected)
	collector.signal(syscall.SIGTERM)
	_, again := sink.compare(expected)
	t.Logf("of %d events none is missing after two kills, %d came again", len(expected), again)
	assert.LessOrEqual(t, again, 2*batch)
	assert.Equal(t, []string{"fresh", "continued", "continued"}, collector.starts())
}
