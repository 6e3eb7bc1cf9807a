// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"flag"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var queues = flag.Bool("queues", false, "measure what the exporter's queues lose when the collector is killed")

// briskly retries soon, so that a measurement takes minutes and not hours.
const briskly = "timeout: 6s\nretry_on_failure:\n  initial_interval: 100ms\n  max_interval: 1s\n"

// awaited is a queue that answers the receiver when the backend has answered, and makes batches of its own.
const awaited = `sending_queue:
  wait_for_result: true
  sizer: items
  queue_size: 10000
  batch:
    flush_timeout: 200ms
    min_size: 300
    max_size: 300
`

// TestExporterQueues measures what is lost behind the receiver: it has handed on a batch when
// the queue takes it, and the queue may not keep it.
func TestExporterQueues(t *testing.T) {
	if !*queues {
		t.Skip("a measurement of the exporter: run it with -queues")
	}
	for _, test := range []struct{ name, exporter string }{
		{"no queue", unhurried},
		{"in-memory queue, the default", briskly},
		{"persistent queue", briskly + "sending_queue:\n  storage: file_storage\n"},
		{"in-memory queue that waits for the result", briskly + awaited},
	} {
		for _, trouble := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				m := newMassacre(t, *seed, *kills, test.exporter)
				m.healthy = !trouble
				m.run(*kills, syscall.SIGKILL)
				events, lost, again := m.settle(20 * time.Second)
				t.Logf("%s, backend in trouble: %t: %d SIGKILLs, %d events, %d lost, %d duplicates (the receiver's bound is %d)",
					test.name, trouble, m.figures.killed, events, lost, again, m.bound())
				if test.exporter == unhurried || strings.Contains(test.exporter, awaited) {
					assert.Zero(t, lost)
				}
			})
		}
	}
}

// TestExporterQueueKilledAtItsStart aims at the moment in which a persistent queue has deleted
// the batches that were under way and has not yet put them back.
func TestExporterQueueKilledAtItsStart(t *testing.T) {
	if !*queues {
		t.Skip("a measurement of the exporter: run it with -queues")
	}
	m := newMassacre(t, *seed, *kills, briskly+"sending_queue:\n  storage: file_storage\n")
	m.healthy = true
	ctx, stop := context.WithCancel(t.Context())
	var live sync.WaitGroup
	live.Go(func() { m.live(ctx, 500) })
	m.journal.behave(false, 50*time.Millisecond)
	m.collector.start()
	met := 0
	for range *kills / 2 {
		resume := m.moment()
		require.NoError(t, m.collector.command.Process.Kill())
		require.Error(t, m.collector.command.Wait())
		resume()
		moved := m.collector.output.watch("Fetching items left for dispatch by consumers")
		m.collector.start()
		select {
		case <-moved:
			met++
			<-time.After(m.duration(0, 10*time.Millisecond))
		case <-time.After(2 * time.Second):
		}
		require.NoError(t, m.collector.command.Process.Kill())
		require.Error(t, m.collector.command.Wait())
		m.figures.killed += 2
		m.collector.start()
	}
	stop()
	live.Wait()
	events, lost, again := m.settle(20 * time.Second)
	t.Logf("persistent queue, killed at its start: %d SIGKILLs, %d of them within 10 ms of the start's log line, %d events, %d lost, %d duplicates",
		m.figures.killed, met, events, lost, again)
}
