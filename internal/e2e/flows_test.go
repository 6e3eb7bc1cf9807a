// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFlowsOfTheBackendsArrive names the test that runs each configuration of docs/backends.md.
func TestFlowsOfTheBackendsArrive(t *testing.T) {
	text, err := os.ReadFile("../../docs/backends.md")
	require.NoError(t, err)
	run := map[string]string{
		"files":           "arrived_test.go: TestCorpusArrives",
		"large-messages":  "backends/kafka_test.go: TestKafka_TakesALargeEventWhereBothLimitsAreRaised",
		"streams":         "streams_test.go: TestLoki_HistoryAndLiveEventsArrive",
		"wait-for-result": "flows_test.go: TestQueueThatWaitsForTheResultLosesNothing",
	}
	assert.ElementsMatch(t, slices.Collect(maps.Keys(run)), slices.Collect(maps.Keys(snippets(string(text)))))
	for name, test := range run {
		file, function, _ := strings.Cut(test, ": ")
		source, err := os.ReadFile(filepath.Clean(file))
		require.NoError(t, err)
		assert.Contains(t, string(source), "func "+function+"(")
		assert.Contains(t, string(source), name)
	}
}

// TestQueueThatWaitsForTheResultLosesNothing runs the documented queue: it makes batches of its own, and yet accepts
// only when the backend has accepted.
func TestQueueThatWaitsForTheResultLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	const kills = 5
	m := bareMassacre(t, *seed, kills)
	m.healthy = true
	documented := backendSnippet(t, "wait-for-result")
	const placeholder = "https://otlp.example.com"
	require.Contains(t, documented, placeholder)
	m.collector = installMerged(t,
		received("jumpcloud", serve(t, m.api), filepath.Join(t.TempDir(), "state"), "page_size: 2000\nbackfill:\n  lookback: 2h\n"),
		strings.Replace(documented, placeholder, m.journal.server.URL, 1),
		"service:\n  pipelines:\n    logs:\n      receivers: [jumpcloud]\n      exporters: [otlp_http]\n")
	m.run(kills, syscall.SIGKILL)
	m.check()
	counted := m.journal.counted()
	assert.LessOrEqual(t, counted.records, 300*counted.requests, "its batches have at most 300 records")
}
