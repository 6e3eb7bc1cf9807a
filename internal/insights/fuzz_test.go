// SPDX-License-Identifier: Apache-2.0

package insights_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// FuzzPage wants any answer to be a page whose events are the array's elements, or an error.
func FuzzPage(f *testing.F) {
	f.Add([]byte(`[{"id":"a","timestamp":"2026-03-02T09:00:00Z"},null,1]`), "[1,\"x\"]", "2", "100")
	f.Add([]byte(`[{"id":"\ud800","a":1e400,"a":2}]`), "x", "", "-1")
	f.Add([]byte("[\"\xff\"]"), "", "1", "")
	f.Fuzz(func(t *testing.T, body []byte, token, count, limit string) {
		page, err := client(t, answering(200, string(body), "X-Search_after", token, "X-Result-Count", count, "X-Limit", limit), nil).Events(t.Context(), query())
		if err != nil {
			return
		}
		assert.LessOrEqual(t, len(page.Events), 100)
		if page.Token != nil {
			assert.Equal(t, token, string(page.Token))
		}
		var elements []json.RawMessage
		if json.Unmarshal(body, &elements) == nil && len(elements) > 0 {
			require.Len(t, page.Events, len(elements))
			for i, event := range page.Events {
				assert.Equal(t, string(elements[i]), string(event.Raw))
			}
		}
	})
}

// FuzzRetryAfter wants a wait between nothing and the cap, whatever the headers hold.
func FuzzRetryAfter(f *testing.F) {
	f.Add("5", "")
	f.Add("Mon, 02 Mar 2026 09:00:01 GMT", "Mon, 02 Mar 2026 09:00:00 GMT")
	f.Add("-1e18", "x")
	f.Fuzz(func(t *testing.T, value, date string) {
		_, err := client(t, answering(429, "", "Retry-After", value, "Date", date), nil).Events(t.Context(), query())
		failed := new(insights.StatusError)
		require.ErrorAs(t, err, &failed)
		assert.GreaterOrEqual(t, failed.RetryAfter, time.Duration(0))
		assert.LessOrEqual(t, failed.RetryAfter, 15*time.Minute)
	})
}
