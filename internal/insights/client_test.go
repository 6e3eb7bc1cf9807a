// SPDX-License-Identifier: Apache-2.0

package insights_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

const canary = "jca_canary0123456789"

func query() insights.Query {
	return insights.Query{Services: []string{"all"}, Start: time.Now().Add(-time.Hour), Limit: 100}
}

// roundTripper answers requests in process.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func client(t *testing.T, transport http.RoundTripper, change func(*insights.ClientSettings)) *insights.Client {
	t.Helper()
	settings := insights.ClientSettings{Endpoint: "http://127.0.0.1", APIKey: insights.NewSecret(canary)}
	if change != nil {
		change(&settings)
	}
	created, err := insights.NewClient(&http.Client{Transport: transport}, settings)
	require.NoError(t, err)
	return created
}

// answering returns a transport that always sends the same answer.
func answering(status int, body string, headers ...string) roundTripper {
	return func(r *http.Request) (*http.Response, error) {
		response := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
		for i := 0; i+1 < len(headers); i += 2 {
			response.Header.Set(headers[i], headers[i+1])
		}
		return response, nil
	}
}

func TestRequestIsWhatTheAPIDocuments(t *testing.T) {
	var got *http.Request
	var body []byte
	record := roundTripper(func(r *http.Request) (*http.Response, error) {
		got = r
		body, _ = io.ReadAll(r.Body)
		return answering(200, "[]", "X-Result-Count", "0")(r)
	})
	token := json.RawMessage(`[ 1.576181718e12 , "DZrPyW8BNsa9iKWoOm7h" ]`)
	_, err := client(t, record, func(s *insights.ClientSettings) { s.OrganizationID = "5f1b1c4e0e8b7d0001a1b2c3" }).Events(t.Context(), insights.Query{
		Services:    []string{"sso", "ldap"},
		Start:       time.Date(2026, 3, 2, 9, 0, 0, 999_999, time.FixedZone("", 3600)),
		End:         time.Date(2026, 3, 2, 9, 0, 0, 1, time.UTC),
		Limit:       17,
		SearchAfter: token,
		Fields:      []string{"id"},
	})
	require.NoError(t, err)
	assert.Equal(t, "http://127.0.0.1/insights/directory/v1/events", got.URL.String())
	assert.Equal(t, http.MethodPost, got.Method)
	assert.Equal(t, canary, got.Header.Get("X-Api-Key"))
	assert.Equal(t, "5f1b1c4e0e8b7d0001a1b2c3", got.Header.Get("X-Org-Id"))
	assert.Equal(t, `{"service":["sso","ldap"],"start_time":"2026-03-02T08:00:00.000Z","end_time":"2026-03-02T09:00:00.001Z","limit":17,"sort":"ASC","fields":["id"],"search_after":`+string(token)+`}`, string(body))
}

func TestFault_A2_QueryThatTheAPIRefusesForEverIsNotSent(t *testing.T) {
	now := time.Now()
	refused := roundTripper(func(*http.Request) (*http.Response, error) {
		t.Fatal("a request left")
		return nil, errors.New("unreachable")
	})
	for name, change := range map[string]func(*insights.Query){
		"A2 start after end":  func(q *insights.Query) { q.Start, q.End = now, now.Add(-time.Second) },
		"A2 start equals end": func(q *insights.Query) { q.Start, q.End = now.Truncate(time.Second), now.Truncate(time.Second) },
		"no service":          func(q *insights.Query) { q.Services = nil },
		"no start":            func(q *insights.Query) { q.Start = time.Time{} },
		"limit 0":             func(q *insights.Query) { q.Limit = 0 },
		"limit 10001":         func(q *insights.Query) { q.Limit = 10_001 },
	} {
		t.Run(name, func(t *testing.T) {
			asked := query()
			change(&asked)
			_, err := client(t, refused, nil).Events(t.Context(), asked)
			require.ErrorIs(t, err, insights.ErrInvalidQuery)
		})
	}
}

func TestStatusErrorTellsWhatTheAPISays(t *testing.T) {
	body := `{"message":"bad\n\u001b[31m key ` + canary + ` of fay@example.com ` + strings.Repeat("x ", 250) + `"}`
	_, err := client(t, answering(403, body, "X-Request-Id", "r1", "Retry-After", "7", "Date", "Mon, 02 Mar 2026 09:00:01 GMT"), nil).Events(t.Context(), query())
	failed, ok := errors.AsType[*insights.StatusError](err)
	require.True(t, ok)
	assert.Equal(t, 403, failed.StatusCode)
	assert.Equal(t, 7*time.Second, failed.Wait)
	assert.False(t, failed.Clock.Date.IsZero())
	assert.LessOrEqual(t, len(failed.Message), 256)
	assert.Regexp(t, `^the API answered with status 403: bad +\[31m key \[masked\] of \[masked\] (x )+\(request id r1\)$`, err.Error())
}

func TestKeyIsInNoPrintAndNoError(t *testing.T) {
	api := simulator.New(simulator.Settings{})
	api.Inject(simulator.Fault{Effect: simulator.EchoKey()})
	made := client(t, api.RoundTripper(), nil)
	_, refused := made.Events(t.Context(), query())
	leaking := roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("proxy: bad header " + canary) })
	_, broken := client(t, leaking, nil).Events(t.Context(), query())
	for _, value := range []any{made, *made, refused, broken} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
			assert.NotContains(t, fmt.Sprintf(verb, value), canary)
		}
	}
}

func TestAnswerThatIsTooLargeIsAnError(t *testing.T) {
	api := simulator.New(simulator.Settings{})
	api.Inject(simulator.Fault{Effect: simulator.GzipBomb(2 << 30)})
	_, err := client(t, api.RoundTripper(), func(s *insights.ClientSettings) { s.MaxResponseSize = 1 << 20 }).Events(t.Context(), query())
	failed, ok := errors.AsType[*insights.TooLargeError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, int64(1<<20), failed.Limit)
}

func TestCount(t *testing.T) {
	api := simulator.New(simulator.Settings{})
	for i := range 7 {
		api.Add(simulator.Event{ID: strconv.Itoa(i), Service: "sso", Time: time.Now().Add(-time.Minute)})
	}
	count, clock, err := client(t, api.RoundTripper(), nil).Count(t.Context(), query())
	require.NoError(t, err)
	assert.Equal(t, int64(7), count)
	assert.False(t, clock.Date.IsZero())
	_, _, err = client(t, answering(200, `{}`), nil).Count(t.Context(), query())
	require.ErrorContains(t, err, "the body is no count")
}
