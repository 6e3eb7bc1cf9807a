// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

func TestSecurity_10_KeyIsRotatedInItsFileWithoutARestart(t *testing.T) {
	api := simulator.New(simulator.Settings{})
	var valid atomic.Value
	valid.Store("jca_first")
	var refused atomic.Int64
	guarded := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Api-Key") != valid.Load() {
			refused.Add(1)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		api.ServeHTTP(w, r)
	})
	sink := newBackend(t)
	collector := install(t, serve(t, guarded), sink.server.URL, fast)
	file := filepath.Join(collector.folder, "key")
	require.NoError(t, os.WriteFile(file, []byte("jca_first"), 0o600))
	authenticateBy(t, collector, "bearertokenauth", "header: x-api-key\nscheme: \"\"\nfilename: "+file)
	collector.start()
	require.Eventually(t, func() bool { return len(api.Requests()) > 2 }, enough, often, collector.output.String)

	from := time.Now()
	valid.Store("jca_second")
	api.Add(simulator.NewGenerator(1, 0, 0).History("", from, from.Add(time.Second), 100)...)
	require.Eventually(t, func() bool { return refused.Load() > 0 }, enough, often)
	require.NoError(t, os.WriteFile(file, []byte("jca_second"), 0o600))
	// One backoff for a refused key is 3 s at the longest here.
	expected := api.Expected("", from)
	require.Eventually(t, func() bool { missing, _ := sink.compare(expected); return missing == 0 }, 10*time.Second, often, collector.output.String)
	collector.signal(syscall.SIGTERM)
	_, again := sink.compare(expected)
	assert.Zero(t, again)
	assert.NotContains(t, collector.output.String(), "jca_")
}
