// SPDX-License-Identifier: Apache-2.0

package simulator_test

import (
	"context"
	"encoding/json"
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

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// answer is a response that was read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

func ask(t *testing.T, api *simulator.Simulator, path, body string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://api"+path, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("X-Api-Key", "key")
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := api.RoundTripper().RoundTrip(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	data, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{status: response.StatusCode, header: response.Header, body: string(data)}
}

const events = "/insights/directory/v1/events"

func since(ago time.Duration, rest string) string {
	return fmt.Sprintf(`{"service":["all"],"start_time":%q%s}`, time.Now().Add(-ago).UTC().Format(time.RFC3339Nano), rest)
}

// pages reads everything from an hour ago on and returns the ids in their order.
func pages(t *testing.T, api *simulator.Simulator, limit int) (all []string) {
	t.Helper()
	token := ""
	for {
		got := ask(t, api, events, since(time.Hour, fmt.Sprintf(`,"limit":%d%s`, limit, token)))
		require.Equal(t, 200, got.status, got.body)
		page := ids(t, got.body)
		all = append(all, page...)
		if len(page) < limit {
			return all
		}
		token = `,"search_after":` + got.header.Get("X-Search_after")
	}
}

func ids(t *testing.T, body string) (list []string) {
	t.Helper()
	var elements []struct {
		ID string `json:"id"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &elements))
	for _, element := range elements {
		list = append(list, element.ID)
	}
	return list
}

func TestPagesHaveEachEventOnceInTheOrderOfTime(t *testing.T) {
	for _, shuffle := range []bool{false, true} {
		api := simulator.New(simulator.Settings{ShuffleTies: shuffle})
		at := time.Now().Add(-time.Minute)
		for i := range 250 {
			api.Add(simulator.Event{ID: fmt.Sprint("tie", i), Service: "sso", Time: at})
			api.Add(simulator.Event{ID: fmt.Sprint("own", i), Service: "sso", Time: at.Add(time.Duration(i) * time.Second / 10)})
		}
		first, second := pages(t, api, 7), pages(t, api, 100)
		assert.Len(t, first, 500)
		assert.ElementsMatch(t, first, second)
		assert.Equal(t, !shuffle, assert.ObjectsAreEqual(first, second), "the order of ties is drawn anew for each run")
	}
}

func TestHeadersAreSpeltAsTheAPISpellsThem(t *testing.T) {
	api := simulator.New(simulator.Settings{})
	api.Add(simulator.Event{ID: "a", Service: "sso", Time: time.Now().Add(-time.Minute)})
	got := ask(t, api, events, since(time.Hour, ""))
	assert.Equal(t, "1", got.header.Get("X-Result-Count"))
	assert.Equal(t, "1000", got.header.Get("X-Limit"))
	assert.Equal(t, "ASC", got.header.Get("X-Sort"))
	assert.NotEmpty(t, got.header.Get("X-Request-Id"))
	assert.Regexp(t, `^\[\d{13},"[A-Za-z0-9_-]{20}"\]$`, got.header.Get("X-Search_after"))
	again := ask(t, api, events, since(time.Hour, ""))
	assert.NotEqual(t, got.header.Get("X-Search_after"), again.header.Get("X-Search_after"), "a token changes on every answer")
}

func TestWhatTheAPIRefuses(t *testing.T) {
	api := simulator.New(simulator.Settings{APIKeys: map[string][]string{"key": {"a", "b"}}, Retention: 15 * 24 * time.Hour})
	now := time.Now().UTC()
	at := func(d time.Duration) string { return now.Add(d).Format(time.RFC3339) }
	for name, test := range map[string]struct {
		body    string
		headers []string
		status  int
		message string
	}{
		"no key":              {since(time.Hour, ""), []string{"X-Api-Key", ""}, 401, "Unauthorized"},
		"unknown key":         {since(time.Hour, ""), []string{"X-Api-Key", "other"}, 401, "Unauthorized"},
		"other organization":  {since(time.Hour, ""), []string{"X-Org-Id", "c"}, 403, "Forbidden"},
		"own organization":    {since(time.Hour, ""), []string{"X-Org-Id", "b"}, 200, ""},
		"no JSON":             {`{`, nil, 400, "invalid query JSON"},
		"no service":          {`{"start_time":"` + at(-time.Hour) + `"}`, nil, 400, "service is required"},
		"unknown service":     {`{"service":["ssso"],"start_time":"` + at(-time.Hour) + `"}`, nil, 400, "supported values: all, access_management"},
		"no start":            {`{"service":["all"]}`, nil, 400, "start_time is required"},
		"start in the future": {since(-time.Hour, ""), nil, 400, "in the future"},
		"before retention":    {since(16*24*time.Hour, ""), nil, 400, "Directory Insights' 15 day retention period"},
		"end before start":    {since(time.Hour, `,"end_time":"`+at(-2*time.Hour)+`"`), nil, 400, "Start Time not after End Time"},
		"no fields":           {since(time.Hour, `,"fields":[]`), nil, 400, "fields must not be empty"},
		"foreign token":       {since(time.Hour, `,"search_after":[1,"x"]`), nil, 400, "search_after is not valid"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ask(t, api, events, test.body, test.headers...)
			assert.Equal(t, test.status, got.status)
			assert.Contains(t, got.body, test.message)
		})
	}
}

func TestNonsenseFallsBackWithoutAWord(t *testing.T) {
	api := simulator.New(simulator.Settings{})
	for _, rest := range []string{`,"limit":0`, `,"limit":10001`, `,"limit":"x"`, `,"sort":"sideways"`} {
		got := ask(t, api, events, since(time.Hour, rest))
		assert.Equal(t, []string{"200", "1000", "ASC"}, []string{strconv.Itoa(got.status), got.header.Get("X-Limit"), got.header.Get("X-Sort")})
	}
}

func TestTokenExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := simulator.New(simulator.Settings{})
		api.Add(simulator.Event{ID: "a", Time: time.Now()})
		token := ask(t, api, events, since(time.Hour, "")).header.Get("X-Search_after")
		continued := since(time.Hour, `,"search_after":`+token)
		time.Sleep(4 * time.Minute)
		assert.Equal(t, 200, ask(t, api, events, continued).status)
		time.Sleep(2 * time.Minute)
		assert.Equal(t, 400, ask(t, api, events, continued).status)
	})
}

func TestEventIsFoundFromItsVisibilityOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := simulator.New(simulator.Settings{})
		api.Add(simulator.Event{ID: "late", Time: time.Now(), Visible: time.Now().Add(20 * time.Second)})
		assert.Empty(t, pages(t, api, 10))
		time.Sleep(20 * time.Second)
		assert.Equal(t, []string{"late"}, pages(t, api, 10))
	})
}

func TestEndIsInclusiveOrNot(t *testing.T) {
	at := time.Now().Add(-time.Minute).Truncate(time.Second)
	for _, exclusive := range []bool{false, true} {
		api := simulator.New(simulator.Settings{EndExclusive: exclusive})
		api.Add(simulator.Event{ID: "edge", Time: at})
		got := ask(t, api, events, since(time.Hour, `,"end_time":"`+at.UTC().Format(time.RFC3339)+`"`))
		assert.Equal(t, exclusive, got.body == "[]")
	}
}

func TestCountDistinctAndFields(t *testing.T) {
	api := simulator.New(simulator.Settings{})
	for i := range 5 {
		api.Add(simulator.Event{ID: strconv.Itoa(i), Service: []string{"sso", "ldap"}[i%2], Type: "t", Time: time.Now().Add(-time.Minute)})
	}
	assert.JSONEq(t, `{"count":5}`, ask(t, api, events+"/count", since(time.Hour, "")).body)
	assert.JSONEq(t, `{"buckets":[{"key":"ldap","doc_count":2},{"key":"sso","doc_count":3}],"doc_count_error_upper_bound":0,"sum_other_doc_count":0}`,
		ask(t, api, events+"/distinct", since(time.Hour, `,"field":"service"`)).body)
	assert.JSONEq(t, `{"buckets":[]}`, ask(t, api, events+"/interval", since(time.Second, `,"interval_unit":"h"`)).body)
	assert.Contains(t, ask(t, api, events+"/interval", since(time.Hour, `,"interval_unit":"w","interval_value":"1"`)).body, `"doc_count":5}`)
	assert.Equal(t, 400, ask(t, api, events+"/interval", since(time.Hour, "")).status)
	assert.Contains(t, ask(t, api, events, since(time.Hour, `,"limit":1,"fields":["service"]`)).body, `[{"service":"`)
	assert.Equal(t, 400, ask(t, api, events, since(time.Hour, `,"fields":["nothing"]`)).status)
}

func TestFaultMeetsTheRequestsItIsFor(t *testing.T) {
	api := simulator.New(simulator.Settings{})
	api.Inject(simulator.Fault{When: simulator.ForOrganization("a"), Skip: 1, Times: 2, Effect: simulator.Status(503, "busy")})
	var statuses []int
	for range 5 {
		statuses = append(statuses, ask(t, api, events, since(time.Hour, ""), "X-Org-Id", "a").status)
		assert.Equal(t, 200, ask(t, api, events, since(time.Hour, ""), "X-Org-Id", "b").status)
	}
	assert.Equal(t, []int{200, 503, 503, 200, 200}, statuses)
	assert.Len(t, api.Requests(), 10)
}

func TestConnectionFaultsLookTheSameInProcessAndOverTCP(t *testing.T) {
	for name, effect := range map[string]simulator.Effect{
		"reset":           simulator.Reset(),
		"reset mid body":  simulator.ResetMidBody(),
		"short body":      simulator.ShortBody(),
		"corrupt gzip":    simulator.CorruptGzip(),
		"hang":            simulator.Hang(),
		"slow body":       simulator.SlowBody(time.Hour),
		"complete answer": {},
	} {
		t.Run(name, func(t *testing.T) {
			api := simulator.New(simulator.Settings{Gzip: true})
			api.Add(simulator.Event{ID: "a", Time: time.Now().Add(-time.Minute)})
			api.Inject(simulator.Fault{Effect: effect})
			server := httptest.NewServer(api)
			defer server.Close()
			tcp := &http.Transport{}
			defer tcp.CloseIdleConnections()
			for _, transport := range []http.RoundTripper{api.RoundTripper(), tcp} {
				assert.Equal(t, name == "complete answer", succeeds(t, transport, server.URL))
			}
		})
	}
}

// succeeds says whether an answer came and could be read to its end.
func succeeds(t *testing.T, transport http.RoundTripper, url string) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+events, strings.NewReader(since(time.Hour, "")))
	require.NoError(t, err)
	request.Header.Set("X-Api-Key", "key")
	response, err := transport.RoundTrip(request)
	if err != nil {
		return false
	}
	defer func() { _ = response.Body.Close() }()
	_, err = io.ReadAll(response.Body)
	return err == nil
}

func TestGeneratedEventsAreWhatTheySay(t *testing.T) {
	from := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	history := simulator.NewGenerator(1, 0.5, time.Minute).History("org", from, from.Add(time.Hour), 2000)
	seen := make(map[string]bool)
	for _, event := range history {
		var fields map[string]any
		require.NoError(t, json.Unmarshal(event.JSON, &fields))
		assert.Equal(t, event.ID, fields["id"])
		assert.Equal(t, "org", fields["organization"])
		at, err := time.Parse(time.RFC3339Nano, fields["timestamp"].(string))
		require.NoError(t, err)
		assert.Equal(t, at, event.Time)
		assert.False(t, seen[event.ID])
		seen[event.ID] = true
	}
	assert.Equal(t, history, simulator.NewGenerator(1, 0.5, time.Minute).History("org", from, from.Add(time.Hour), 2000))
}
