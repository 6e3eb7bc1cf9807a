// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
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
	} {
		require.ErrorContains(t, run(t.Context(), strings.Fields(test.arguments), io.Discard), test.text)
	}
}
