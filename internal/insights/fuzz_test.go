// SPDX-License-Identifier: Apache-2.0

package insights_test

import (
	"encoding/json"
	"io"
	"net/http"
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
				if event.Tokens.Known() {
					assert.NotEmpty(t, all(t, event.Tokens, string(event.Raw)))
				}
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
		assert.GreaterOrEqual(t, failed.Wait, time.Duration(0))
		assert.LessOrEqual(t, failed.Wait, 15*time.Minute)
	})
}

// FuzzToken wants a paging token that came as a header's bytes to be sent back unchanged, in the
// body and nowhere else, or to be refused.
func FuzzToken(f *testing.F) {
	for _, value := range []string{`[1576181718000,"DZrPyW8BNsa9iKWoOm7h"]`, ` [ 1.5e12 , "\u00e9" ] `, `[]`, `{"a":1}`, `[1],"limit":1`, "[\"\xff\"]", `[1]}`, "[\"a\r\nX-Api-Key: b\"]"} {
		f.Add([]byte(value))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		var sent *http.Request
		var body []byte
		transport := roundTripper(func(r *http.Request) (*http.Response, error) {
			sent, body = r, nil
			var err error
			if body, err = io.ReadAll(r.Body); err != nil {
				return nil, err
			}
			response, err := answering(200, "[1]")(r)
			response.Header["X-Search_after"] = []string{string(value)}
			return response, err
		})
		made := client(t, transport, nil)
		page, err := made.Events(t.Context(), query())
		require.NoError(t, err)
		if page.Token == nil {
			return
		}
		require.Equal(t, value, []byte(page.Token))
		require.LessOrEqual(t, len(value), 4<<10)
		plain := len(body)
		next := query()
		next.SearchAfter = page.Token
		_, err = made.Events(t.Context(), next)
		require.NoError(t, err)
		require.Equal(t, `,"search_after":`+string(value)+"}", string(body[plain-1:]))
		require.True(t, json.Valid(body), "what follows the token is the end of the body")
		require.Equal(t, "http://127.0.0.1/insights/directory/v1/events", sent.URL.String())
		for name, values := range sent.Header {
			require.NotContains(t, values, string(value), name)
		}
	})
}
