// SPDX-License-Identifier: Apache-2.0

package insights_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
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

func TestPageIsReadAsItCame(t *testing.T) {
	body := ` [ {"id":"a","timestamp":"2026-03-02T09:00:00.12345678Z","service":"sso","event_type":"sso_auth","organization":"o"} , 17,"x" ,null,{"id":7,"timestamp":"yesterday"} ] `
	page, err := client(t, answering(200, body,
		"X-Result-Count", "5", "X-Limit", "5", "X-Search_after", `[1,"x"]`, "X-Request-Id", "r", "Date", "Mon, 02 Mar 2026 09:00:01 GMT"), nil).Events(t.Context(), query())
	require.NoError(t, err)
	assert.True(t, page.Full())
	assert.Equal(t, `[1,"x"]`, string(page.Token))
	assert.Equal(t, "r", page.RequestID)
	assert.Equal(t, time.Date(2026, 3, 2, 9, 0, 1, 0, time.UTC), page.Clock.Date.UTC())
	var raw []string
	for _, event := range page.Events {
		raw = append(raw, string(event.Raw))
	}
	assert.Equal(t, []string{
		`{"id":"a","timestamp":"2026-03-02T09:00:00.12345678Z","service":"sso","event_type":"sso_auth","organization":"o"}`,
		"17", `"x"`, "null", `{"id":7,"timestamp":"yesterday"}`,
	}, raw)
	first := page.Events[0]
	assert.Equal(t, []string{"a", "sso", "sso_auth", "o"}, []string{first.ID, first.Service, first.EventType, first.Organization})
	assert.Equal(t, time.Date(2026, 3, 2, 9, 0, 0, 123456780, time.UTC), first.Timestamp)
	assert.Equal(t, "yesterday", page.Events[4].TimestampText)
	assert.True(t, page.Events[4].Timestamp.IsZero())
}

func TestDeeplyNestedEventIsRead(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 9_999) + "1" + strings.Repeat("}", 9_999)
	page, err := client(t, answering(200, "["+deep+","+deep+"]"), nil).Events(t.Context(), query())
	require.NoError(t, err)
	assert.Equal(t, deep, string(page.Events[1].Raw))
}

func TestAnswerThatIsNoPageIsAnError(t *testing.T) {
	for name, test := range map[string]struct {
		status  int
		body    string
		headers []string
		reason  string
	}{
		"P1 object":             {200, `{"message":"x"}`, nil, "the body is no JSON array"},
		"P1 null":               {200, `null`, nil, "the body is no JSON array"},
		"P1 text":               {200, `""`, nil, "the body is no JSON array"},
		"P1 empty":              {200, ``, nil, "the body is no JSON array"},
		"T13 HTML":              {200, `<html>`, nil, "the body is no JSON array"},
		"T10 truncated":         {200, `[{"id":"a"}`, nil, "the body ends before the array does"},
		"T10 truncated event":   {200, `[{"id":"a"},{"id":`, nil, "the body ends before the array does"},
		"trailing bytes":        {200, `[] []`, nil, "something follows the array"},
		"P2 malformed":          {200, `[{"id":"a"},{"id":]`, nil, "the JSON of the body is broken"},
		"no comma":              {200, `[1 2]`, nil, "the JSON of the body is broken"},
		"G7 wrong count":        {200, `[1,2]`, []string{"X-Result-Count", "3"}, "X-Result-Count is not the number of events"},
		"A15 204":               {204, ``, nil, "the status is none that carries one"},
		"A15 206":               {206, `[]`, nil, "the status is none that carries one"},
		"more than asked for":   {200, "[" + strings.Repeat("1,", 100) + "1]", nil, "there are more events than were asked for"},
		"null with events left": {200, `null`, []string{"X-Result-Count", "1"}, "the body is no JSON array"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client(t, answering(test.status, test.body, test.headers...), nil).Events(t.Context(), query())
			failed, ok := errors.AsType[*insights.ResponseError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, test.reason, failed.Reason)
			assert.Equal(t, strings.Contains(test.reason, "broken"), failed.Malformed)
		})
	}
}

func TestNullIsAnEmptyPageWhereTheCountSaysSo(t *testing.T) {
	page, err := client(t, answering(200, `null`, "X-Result-Count", "0"), nil).Events(t.Context(), query())
	require.NoError(t, err)
	assert.Empty(t, page.Events)
}

func TestFullPage(t *testing.T) {
	for name, test := range map[string]struct {
		headers       []string
		full, missing bool
	}{
		"G6 the applied limit counts": {[]string{"X-Limit", "2", "X-Result-Count", "2"}, true, false},
		"below the applied limit":     {[]string{"X-Limit", "3", "X-Result-Count", "2"}, false, false},
		"G8 without headers":          {nil, true, true},
		"a limit that is no number":   {[]string{"X-Limit", "many"}, true, true},
		"a limit above the asked one": {[]string{"X-Limit", "5"}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			asked := query()
			asked.Limit = 2
			if !test.full {
				asked.Limit = 3
			}
			page, err := client(t, answering(200, `[1,2]`, test.headers...), nil).Events(t.Context(), asked)
			require.NoError(t, err)
			assert.Equal(t, test.full, page.Full())
			assert.Equal(t, test.missing, page.HeadersMissing)
		})
	}
}

func TestTokenThatCanBeNoneIsAsMissing(t *testing.T) {
	for _, value := range []string{"", "garbage", `{"a":1}`, `[]`, `[1`, `"x"`, "[" + strings.Repeat(" ", 5000) + "1]"} {
		page, err := client(t, answering(200, `[1]`, "X-Search_after", value), nil).Events(t.Context(), query())
		require.NoError(t, err)
		assert.Nil(t, page.Token, value)
	}
}

func TestInvalidQueryIsNotSent(t *testing.T) {
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
	body := `{"message":"bad\n\u001b[31m key ` + canary + ` of fay@example.com ` + strings.Repeat("x", 500) + `"}`
	_, err := client(t, answering(403, body, "X-Request-Id", "r1", "Retry-After", "7", "Date", "Mon, 02 Mar 2026 09:00:01 GMT"), nil).Events(t.Context(), query())
	failed, ok := errors.AsType[*insights.StatusError](err)
	require.True(t, ok)
	assert.Equal(t, 403, failed.StatusCode)
	assert.Equal(t, 7*time.Second, failed.RetryAfter)
	assert.False(t, failed.Clock.Date.IsZero())
	assert.LessOrEqual(t, len(failed.Message), 256)
	assert.Regexp(t, `^the API answered with status 403: bad +\[31m key \[masked\] of \[masked\] x+ \(request id r1\)$`, err.Error())
}

func TestRedirectIsNotFollowedAndTheKeyStays(t *testing.T) {
	for _, code := range []int{301, 302, 303, 307, 308} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the other host was asked") }))
			defer other.Close()
			api := simulator.New(simulator.Settings{})
			api.Inject(simulator.Fault{Effect: simulator.Redirect(code, other.URL+"/secret?path")})
			server := httptest.NewServer(api)
			defer server.Close()
			_, err := client(t, http.DefaultTransport, func(s *insights.ClientSettings) { s.Endpoint = server.URL }).Events(t.Context(), query())
			require.ErrorContains(t, err, "a redirect to host \"127.0.0.1:")
			assert.NotContains(t, err.Error(), "secret")
			http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		})
	}
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

func TestTriesWaitAsTheAPIAsks(t *testing.T) {
	date := func(at time.Time) string { return at.UTC().Format(http.TimeFormat) }
	for name, test := range map[string]struct {
		status   int
		headers  func(now time.Time) []string
		low, top time.Duration
	}{
		"A9 429 alone":  {429, func(time.Time) []string { return nil }, 0, 5 * time.Second},
		"A13 503 alone": {503, func(time.Time) []string { return nil }, 0, 5 * time.Second},
		"A10 seconds":   {429, func(time.Time) []string { return []string{"Retry-After", "40"} }, 40 * time.Second, 44 * time.Second},
		"A10 capped":    {429, func(time.Time) []string { return []string{"Retry-After", "86400"} }, 15 * time.Minute, 16*time.Minute + 30*time.Second},
		"A11 date, by its own now": {429, func(now time.Time) []string {
			return []string{"Retry-After", date(now.Add(-time.Hour + time.Minute)), "Date", date(now.Add(-time.Hour))}
		}, time.Minute, 66 * time.Second},
		"A11 date that is past": {429, func(now time.Time) []string {
			return []string{"Retry-After", date(now.Add(-time.Minute)), "Date", date(now)}
		}, 0, 5 * time.Second},
		"A12 garbage":  {429, func(time.Time) []string { return []string{"Retry-After", "soon"} }, 0, 5 * time.Second},
		"A12 negative": {429, func(time.Time) []string { return []string{"Retry-After", "-5"} }, 0, 5 * time.Second},
		"A12 huge":     {429, func(time.Time) []string { return []string{"Retry-After", "1000000000000000000"} }, 0, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				var second time.Time
				transport := roundTripper(func(r *http.Request) (*http.Response, error) {
					if tries++; tries == 1 {
						return answering(test.status, "", test.headers(time.Now())...)(r)
					}
					second = time.Now()
					return answering(200, "[]")(r)
				})
				began := time.Now()
				_, err := client(t, transport, func(s *insights.ClientSettings) {
					s.Retry = insights.RetrySettings{InitialInterval: 5 * time.Second, MaxInterval: time.Minute, MaxTries: 3}
				}).Events(t.Context(), query())
				require.NoError(t, err)
				assert.GreaterOrEqual(t, second.Sub(began), test.low)
				assert.LessOrEqual(t, second.Sub(began), test.top)
			})
		})
	}
}

func TestTriesEndAndRepeatTheBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bodies []string
		transport := roundTripper(func(r *http.Request) (*http.Response, error) {
			body, _ := io.ReadAll(r.Body)
			bodies = append(bodies, string(body))
			return nil, io.ErrUnexpectedEOF
		})
		_, err := client(t, transport, func(s *insights.ClientSettings) {
			s.Retry = insights.RetrySettings{InitialInterval: time.Second, MaxInterval: time.Minute, MaxTries: 3}
		}).Events(t.Context(), query())
		require.ErrorContains(t, err, io.ErrUnexpectedEOF.Error())
		require.Len(t, bodies, 3)
		assert.NotEmpty(t, bodies[0])
		assert.Equal(t, bodies[0], bodies[2])
	})
}

func TestRefusalIsNotTriedAgain(t *testing.T) {
	for _, status := range []int{400, 401, 402, 403, 404} {
		tries := 0
		transport := roundTripper(func(r *http.Request) (*http.Response, error) {
			tries++
			return answering(status, "")(r)
		})
		_, err := client(t, transport, func(s *insights.ClientSettings) { s.Retry.MaxTries = 3 }).Events(t.Context(), query())
		require.Error(t, err)
		assert.Equal(t, 1, tries)
	}
}

func TestTimeoutBoundsOneTryToTheEndOfItsBody(t *testing.T) {
	for name, effect := range map[string]simulator.Effect{
		"T7 black hole": simulator.Hang(),
		"T8 slow body":  simulator.SlowBody(time.Second),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := simulator.New(simulator.Settings{})
				for i := range 10 {
					api.Add(simulator.Event{ID: strconv.Itoa(i), Time: time.Now().Add(-time.Minute)})
				}
				api.Inject(simulator.Fault{Effect: effect})
				began := time.Now()
				_, err := client(t, api.RoundTripper(), nil).Events(t.Context(), query())
				require.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, time.Minute, time.Since(began))
			})
		})
	}
}
