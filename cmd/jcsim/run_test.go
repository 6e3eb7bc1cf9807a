// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func TestServesUntilItIsStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, []string{"-listen", "127.0.0.1:0", "-history", "20", "-rate", "100"}, writer)
	}()
	line := make([]byte, 200)
	n, err := reader.Read(line)
	require.NoError(t, err)
	address := regexp.MustCompile(`http://[0-9.:]+[0-9]`).FindString(string(line[:n]))
	require.NotEmpty(t, address, string(line[:n]))

	start := time.Now().Add(-49 * time.Hour).UTC().Format(time.RFC3339)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/insights/directory/v1/events",
		strings.NewReader(`{"service":["all"],"start_time":"`+start+`"}`))
	require.NoError(t, err)
	request.Header.Set("X-Api-Key", "any")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.GreaterOrEqual(t, response.Header.Get("X-Result-Count"), "20")

	http.DefaultClient.CloseIdleConnections()
	stop()
	require.NoError(t, <-done)
}

func TestMistakesAreRefused(t *testing.T) {
	for _, test := range []struct{ arguments, text string }{
		{"-listen 0.0.0.0:0", "not loopback: add -allow-remote"},
		{"-listen nowhere", "no address with a port"},
		{"-rate -1", "-rate is -1, it must be within 0 and 10000"},
		{"-unknown", "flag provided but not defined"},
		{"-listen 127.0.0.1:0 -fault 418", `-fault: "418" is no fault: there are 401, 403, 429, 500, count, hang, login, reset, size, uncounted, future, late`},
	} {
		require.ErrorContains(t, run(t.Context(), strings.Fields(test.arguments), io.Discard), test.text)
	}
}

// rehearse asks for a page of the last hour, or for its count, and returns the status and the body.
func rehearse(t *testing.T, handler http.Handler, method, path, body string) (status int, text string) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	request.Header.Set("X-Api-Key", "any")
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder.Code, recorder.Body.String()
}

func TestFaultsAreRehearsed(t *testing.T) {
	const events = "/insights/directory/v1/events"
	api := simulator.New(simulator.Settings{})
	at := time.Now().Add(-time.Minute)
	api.Add(simulator.NewGenerator(1, 0, 0).History("", at.Add(-time.Minute), at, 3)...)
	rehearsed := newRehearsal(api)
	handler := rehearsed.handler()
	query := `{"service":["all"],"start_time":"` + at.Add(-time.Hour).UTC().Format(time.RFC3339) + `"%s}`
	page, few := strings.Replace(query, "%s", "", 1), strings.Replace(query, "%s", `,"limit":20`, 1)

	for name, want := range map[string]int{"401": 401, "403": 403, "429": 429, "500": 500, "size": 413} {
		t.Run(name, func(t *testing.T) {
			_, told := rehearse(t, handler, http.MethodPost, "/rehearse/"+name, "")
			assert.Equal(t, "faults: "+name+"\n", told)
			status, _ := rehearse(t, handler, http.MethodPost, events, page)
			assert.Equal(t, want, status)
			_, told = rehearse(t, handler, http.MethodDelete, "/rehearse", "")
			assert.Equal(t, "faults: \n", told)
			status, _ = rehearse(t, handler, http.MethodPost, events, page)
			assert.Equal(t, http.StatusOK, status)
		})
	}
	t.Run("size lets small pages pass", func(t *testing.T) {
		rehearse(t, handler, http.MethodPost, "/rehearse/size", "")
		status, _ := rehearse(t, handler, http.MethodPost, events, few)
		assert.Equal(t, http.StatusOK, status)
		rehearsed.end()
	})
	t.Run("count", func(t *testing.T) {
		rehearse(t, handler, http.MethodPost, "/rehearse/count", "")
		_, counted := rehearse(t, handler, http.MethodPost, events+"/count", page)
		assert.JSONEq(t, `{"count":8}`, counted)
		rehearsed.end()
	})
	t.Run("late and future", func(t *testing.T) {
		generator := simulator.NewGenerator(1, 0, 0)
		now := time.Now()
		require.NoError(t, rehearsed.begin("late"))
		assert.Equal(t, now.Add(90*time.Second), rehearsed.live(generator, "", now).Visible)
		rehearsed.end()
		require.NoError(t, rehearsed.begin("future"))
		assert.WithinDuration(t, now.Add(24*time.Hour), rehearsed.live(generator, "", now).Time, time.Second)
		rehearsed.end()
		assert.WithinDuration(t, now, rehearsed.live(generator, "", now).Time, time.Second)
	})
	status, text := rehearse(t, handler, http.MethodPost, "/rehearse/418", "")
	assert.Equal(t, http.StatusNotFound, status)
	assert.Contains(t, text, "there are 401")
}
