// SPDX-License-Identifier: Apache-2.0

package simulator_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

func TestTimePassesBeforeTheHeadersAndWhileTheBodyIsSent(t *testing.T) {
	for _, compressed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			api := simulator.New(simulator.Settings{Latency: 200 * time.Millisecond, BodyTime: 100 * time.Millisecond, Gzip: compressed})
			api.Add(simulator.NewGenerator(1, 0, 0).History("", time.Now().Add(-time.Minute), time.Now(), 50)...)
			began := time.Now()
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://api"+events, strings.NewReader(since(time.Hour, "")))
			require.NoError(t, err)
			request.Header.Set("X-Api-Key", "key")
			response, err := api.RoundTripper().RoundTrip(request)
			require.NoError(t, err)
			assert.Equal(t, 200*time.Millisecond, time.Since(began))
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			assert.Equal(t, 300*time.Millisecond, time.Since(began))
			assert.Len(t, ids(t, string(body)), 50)
			require.NoError(t, response.Body.Close())
		})
	}
}
