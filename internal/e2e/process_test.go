// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// reached fails unless the appointment is kept.
func (m *meeting) reached(t *testing.T) {
	t.Helper()
	select {
	case <-m.met:
	case <-time.After(enough):
		require.Fail(t, "no such request came")
	}
}

func (i *installation) printed(text string) func() bool {
	return func() bool { return strings.Contains(i.output.String(), text) }
}

func TestFault_D1_StopInsideAPageEndsTheBatchAndFetchesNoMore(t *testing.T) {
	m := newMassacre(t, 1, 10, queueless)
	// Pages have two batches each, and a batch is two messages: the third is the first of the second batch.
	met := m.journal.meet(stored, 2)
	m.collector.start()
	met.reached(t)
	asked := len(m.api.Requests())
	require.NoError(t, m.collector.command.Process.Signal(syscall.SIGTERM))
	began := time.Now()
	require.Eventually(t, m.collector.printed("Received signal from OS"), enough, often)
	close(met.resume)
	require.NoError(t, m.collector.command.Wait(), m.collector.output.String())
	assert.Less(t, time.Since(began), 10*time.Second)
	assert.Len(t, m.api.Requests(), asked, "nothing is fetched after the signal")
	assert.Equal(t, 4, m.journal.counted().requests, "the batch under way is the last")

	m.collector.start()
	_, lost, again := m.settle(10 * time.Second)
	assert.Zero(t, lost)
	assert.Zero(t, again, "the batch under way was remembered")
}

func TestFault_D4_KillBetweenConsumeAndCommitCostsABatch(t *testing.T) {
	m := newMassacre(t, 2, 10, queueless)
	for round := range 6 {
		met := m.journal.meet([]stage{stored, answered}[round%2], 1)
		m.collector.start()
		met.reached(t)
		require.NoError(t, m.collector.command.Process.Kill())
		m.figures.killed++
		require.Error(t, m.collector.command.Wait())
		close(met.resume)
	}
	m.collector.start()
	events, lost, again := m.settle(10 * time.Second)
	t.Logf("%d kills: %d events, %d lost, %d duplicates of at most %d", m.figures.killed, events, lost, again, m.bound())
	assert.Zero(t, lost)
	assert.Positive(t, again, "a batch that was stored and not answered comes again")
	assert.LessOrEqual(t, again, m.bound())
}

func TestFault_D6_ReloadContinuesWhereItStopped(t *testing.T) {
	m := newMassacre(t, 3, 10, queueless)
	met := m.journal.meet(stored, 2)
	m.collector.start()
	met.reached(t)
	config, err := os.ReadFile(m.collector.config)
	require.NoError(t, err)
	changed := strings.Replace(string(config), "page_size: 2000", "page_size: 700", 1)
	require.NoError(t, os.WriteFile(m.collector.config, []byte(changed), 0o600))
	require.NoError(t, m.collector.command.Process.Signal(syscall.SIGHUP))
	require.Eventually(t, m.collector.printed("Received signal from OS"), enough, often)
	close(met.resume)
	_, lost, again := m.settle(10 * time.Second)
	assert.Zero(t, lost)
	assert.Zero(t, again)
	requests := slices.DeleteFunc(m.api.Requests(), func(r simulator.Request) bool { return strings.HasSuffix(r.Path, "/count") })
	assert.Equal(t, 700, requests[len(requests)-1].Query.Limit, "the new configuration is in force")
}

func TestFault_D7_TwoReplicasWithSeparateStorageDeliverEverythingTwice(t *testing.T) {
	m := newMassacre(t, 4, 3, queueless)
	other := install(t, m.collector.api, m.journal.server.URL, m.collector.receiver)
	m.collector.start()
	other.start()
	expected := m.api.Expected("", m.from)
	require.Eventually(t, func() bool { return m.journal.counted().records >= 2*len(expected) }, enough, often)
	m.collector.signal(syscall.SIGTERM)
	other.signal(syscall.SIGTERM)
	lost, again, strangers := m.journal.compare(expected)
	assert.Zero(t, lost)
	assert.Equal(t, len(expected), again)
	assert.Zero(t, strangers)
}

// TestFault_C8_HaltedProcessCatchesUp halts it for longer than an event may be delayed.
func TestFault_C8_HaltedProcessCatchesUp(t *testing.T) {
	m := newMassacre(t, 5, 1, queueless)
	m.generator = simulator.NewGenerator(6, 0.3, 1500*time.Millisecond)
	m.collector = install(t, m.collector.api, m.journal.server.URL,
		"poll_interval: 1s\nrescan_interval: 1s\nmax_event_delay: 3s\nrequests_per_second: 1000\nbackfill:\n  lookback: 2h\n")
	m.collector.start()
	require.Eventually(t, func() bool { return m.journal.counted().records >= 3000 }, enough, often)
	ctx, stop := context.WithCancel(t.Context())
	var live sync.WaitGroup
	live.Go(func() { m.live(ctx, 100) })
	<-time.After(time.Second)
	require.NoError(t, m.collector.command.Process.Signal(syscall.SIGSTOP))
	before := m.journal.counted().records
	<-time.After(6 * time.Second)
	// What was under way when it was halted may have been counted after the look.
	assert.LessOrEqual(t, m.journal.counted().records, before+batch)
	require.NoError(t, m.collector.command.Process.Signal(syscall.SIGCONT))
	<-time.After(time.Second)
	stop()
	live.Wait()
	events, lost, again := m.settle(10 * time.Second)
	t.Logf("%d events, %d lost, %d duplicates", events, lost, again)
	assert.Zero(t, lost)
	assert.Zero(t, again)
}

// TestFault_D5_SyncedStorageIsReadBackAfterAKill: that fsync reaches the disk is the
// operating system's promise; that the shipped configurations ask for it is ours.
func TestFault_D5_SyncedStorageIsReadBackAfterAKill(t *testing.T) {
	for _, file := range []string{"../../README.md", "../../examples/jumpcloud.yaml"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Regexp(t, `(?m)^  file_storage:\n(    .*\n)*    fsync: true\n`, string(text), "%s: the storage survives a power loss", file)
	}
	m := newMassacre(t, 7, 5, queueless)
	config, err := os.ReadFile(m.collector.config)
	require.NoError(t, err)
	synced := strings.Replace(string(config), "create_directory: true", "create_directory: true\n    fsync: true", 1)
	require.NoError(t, os.WriteFile(m.collector.config, []byte(synced), 0o600))
	met := m.journal.meet(arrived, 4)
	m.collector.start()
	met.reached(t)
	require.NoError(t, m.collector.command.Process.Kill())
	require.Error(t, m.collector.command.Wait())
	close(met.resume)
	m.collector.start()
	_, lost, again := m.settle(10 * time.Second)
	assert.Zero(t, lost)
	assert.LessOrEqual(t, again, batch, "four batches were remembered")
}
