// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"flag"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var queues = flag.Bool("queues", false, "measure what the exporter's queues lose when the collector is killed")

// briskly retries soon, so that a measurement takes minutes and not hours.
const briskly = "timeout: 6s\nretry_on_failure:\n  initial_interval: 100ms\n  max_interval: 1s\n"

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
	} {
		for _, trouble := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				m := newMassacre(t, *seed, *kills, test.exporter)
				m.healthy = !trouble
				m.run(*kills, syscall.SIGKILL)
				events, lost, again := m.settle(20 * time.Second)
				t.Logf("%s, backend in trouble: %t: %d SIGKILLs, %d events, %d lost, %d duplicates (the receiver's bound is %d)",
					test.name, trouble, m.figures.killed, events, lost, again, m.bound())
				if test.exporter == unhurried {
					assert.Zero(t, lost)
				}
			})
		}
	}
}
