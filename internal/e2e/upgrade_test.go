// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// The state of an earlier release is taken over in the middle of history, beside live and late events, and
// once more when history is read. -before names its collector.
func TestUpgradeLosesNothingAndBringsNothingAgain(t *testing.T) {
	if *before == "" {
		t.Skip("-before has no path of an earlier collector")
	}
	earlier, err := filepath.Abs(*before)
	require.NoError(t, err)
	for name, share := range map[string]int{"in the middle of history": 3, "after it": 1} {
		t.Run(name, func(t *testing.T) {
			api, expected := history(20_000)
			sink := newBackend(t)
			collector := install(t, serve(t, api), sink.server.URL, hour)
			collector.binary = earlier
			collector.start()
			require.Eventually(t, func() bool { return len(sink.ids()) >= len(expected)/share }, enough, often, collector.output.String)
			collector.signal(syscall.SIGTERM)
			for n := range 500 {
				at := time.Now().Add(-time.Duration(n) * time.Second / 50)
				late := simulator.Event{Service: "sso", Type: "sso_auth", ID: fmt.Sprint("meanwhile-", n), Time: at, Visible: time.Now()}
				api.Add(late)
				expected = append(expected, late)
			}
			collector.binary = binary
			collector.chapter()
			collector.start()
			sink.complete(t, collector, expected)
			collector.signal(syscall.SIGTERM)
			missing, again := sink.compare(expected)
			assert.Zero(t, missing)
			assert.Zero(t, again)
			assert.Equal(t, []string{"continued"}, collector.starts())
		})
	}
}
