// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// second adds a pipeline with an exporter of its own to a collector: the receiver is one, and the
// collector hands its batches to both.
func (i *installation) second(backend string) {
	i.t.Helper()
	config, err := os.ReadFile(i.config)
	require.NoError(i.t, err)
	text := strings.Replace(string(config), "\nexporters:\n", fmt.Sprintf("\nexporters:\n  otlp_http/second:\n    endpoint: %s\n%s\n", backend, indent(queueless)), 1)
	text += "    logs/second:\n      receivers: [jumpcloud]\n      exporters: [otlp_http/second]\n"
	require.NoError(i.t, os.WriteFile(i.config, []byte(text), 0o600))
}

// TestFault_K3_TwoPipelinesThatRefuseForGoodAndForNowLoseNothing: what one backend refuses for good
// waits with what the other one refuses for now, and is offered to both again.
func TestFault_K3_TwoPipelinesThatRefuseForGoodAndForNowLoseNothing(t *testing.T) {
	from := time.Now().Add(-2 * time.Hour)
	api := simulator.New(simulator.Settings{})
	api.Add(simulator.NewGenerator(1, 0, 0).History("", from.Add(time.Minute), time.Now(), 5_000)...)
	expected := api.Expected("", from)
	first, second := newBackend(t), newBackend(t)
	first.status.Store(http.StatusBadRequest)
	second.status.Store(http.StatusServiceUnavailable)
	collector := install(t, serve(t, api), first.server.URL, fast+"backfill:\n  lookback: 2h\n")
	collector.second(second.server.URL)
	collector.start()
	refusedAgain := func() {
		already := second.refused.Load()
		require.Eventually(t, func() bool { return second.refused.Load() >= already+4 }, enough, often, collector.output.String)
	}
	refusedAgain()
	assert.Zero(t, first.total.Load()+second.total.Load())

	attempts := second.refused.Load()
	first.status.Store(0)
	refusedAgain()
	second.status.Store(0)
	require.Eventually(t, func() bool {
		missing, _ := first.compare(expected)
		missingToo, _ := second.compare(expected)
		return missing+missingToo == 0
	}, enough, often, collector.output.String)
	collector.signal(syscall.SIGTERM)
	attempts = second.refused.Load() - attempts
	_, again := first.compare(expected)
	_, againToo := second.compare(expected)
	t.Logf("%d events, 0 lost; %d duplicates where the backend was good, in %d attempts that the other one refused", len(expected), again, attempts)
	assert.Positive(t, again)
	assert.LessOrEqual(t, again, batch*int(attempts))
	assert.Zero(t, againToo)
	assert.NotContains(t, collector.output.String(), "refused events for good")
}
