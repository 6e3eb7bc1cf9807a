// SPDX-License-Identifier: Apache-2.0

package insights_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/backoff"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// 300 organizations of one key ask at the same time, and the first is asked to wait a minute.
func TestFault_E19_WaitThatOneClientIsAskedForIsKeptByAllOfItsKey(t *testing.T) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				var mu sync.Mutex
				var asked []time.Duration
				base := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
					mu.Lock()
					defer mu.Unlock()
					asked = append(asked, time.Since(began))
					answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("[]"))}
					if len(asked) == 1 {
						answer.StatusCode = status
						answer.Header.Set("Retry-After", "60")
					}
					return answer, nil
				})}
				limiter, hold := rate.NewLimiter(10, 1), new(backoff.Hold)
				var clients sync.WaitGroup
				for range 300 {
					client, err := insights.NewClient(base, insights.ClientSettings{
						Endpoint: "https://api.example.com", APIKey: insights.NewSecret("key"), Limiter: limiter, Hold: hold,
					})
					require.NoError(t, err)
					clients.Go(func() {
						if answer, err := client.Open(t.Context(), insights.Query{Services: []string{"all"}, Start: began, Limit: 1}); err == nil {
							answer.Close()
						}
					})
				}
				clients.Wait()
				require.Len(t, asked, 300)
				for _, at := range asked[1:] {
					require.GreaterOrEqual(t, at, time.Minute)
				}
				assert.GreaterOrEqual(t, asked[299]-asked[1], 29*time.Second, "and they don't come together afterwards")
			})
		})
	}
}
