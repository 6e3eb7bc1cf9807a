// SPDX-License-Identifier: Apache-2.0

package insights_test

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

func TestSecurity_7_AnswersWithoutAnEndAreBounded(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"bomb": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			compressor := gzip.NewWriter(w)
			endless(compressor)
			_ = compressor.Close()
		},
		"stream": func(w http.ResponseWriter, _ *http.Request) { endless(w) },
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(answer)
			defer server.Close()
			transport := http.DefaultTransport.(*http.Transport).Clone()
			defer transport.CloseIdleConnections()
			made := client(t, transport, func(s *insights.ClientSettings) { s.Endpoint = server.URL })
			before := allocated()
			_, err := made.Events(t.Context(), query())
			failed, ok := errors.AsType[*insights.TooLargeError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, int64(64<<20), failed.Limit)
			assert.Less(t, allocated()-before, uint64(256<<20), "all that was ever allocated for it")
		})
	}
}

// endless writes what might become an array until nobody reads it, or a gigabyte.
func endless(w io.Writer) {
	spaces := []byte(strings.Repeat(" ", 1<<20))
	_, err := w.Write([]byte("["))
	for range 1 << 10 {
		if err != nil {
			return
		}
		_, err = w.Write(spaces)
	}
}

func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}
