// SPDX-License-Identifier: Apache-2.0

package insights_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

func TestEveryErrorOfARequestAnswersForItself(t *testing.T) {
	const day = "Mon, 02 Mar 2026 09:00:01 GMT"
	for name, test := range map[string]struct {
		transport roundTripper
		dated     bool
		wait      time.Duration
		timeout   bool
	}{
		"status":      {answering(403, "", "Date", day, "Retry-After", "7"), true, 7 * time.Second, false},
		"response":    {answering(200, "{}", "Date", day), true, 0, false},
		"too large":   {answering(200, "[1,2,3,4,5,6,7,8]", "Date", day), true, 0, false},
		"transport":   {func(*http.Request) (*http.Response, error) { return nil, os.ErrDeadlineExceeded }, false, 0, true},
		"credentials": {func(*http.Request) (*http.Response, error) { return nil, errNoToken }, false, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := guarded(t, test.transport, func(s *insights.ClientSettings) { s.MaxResponseSize = 8 }).Events(t.Context(), query())
			failed, ok := errors.AsType[insights.Failure](err)
			require.True(t, ok, "%T", err)
			assert.Equal(t, test.dated, !failed.ServerClock().Date.IsZero())
			assert.Equal(t, test.wait, failed.RetryAfter())
			assert.Equal(t, test.timeout, failed.Timeout())
		})
	}
}

var errNoToken = errors.New("no token")

// guarded is a client whose token endpoint refuses where the transport says errNoToken.
func guarded(t *testing.T, transport http.RoundTripper, change func(*insights.ClientSettings)) *insights.Client {
	t.Helper()
	return client(t, guard(transport, http.StatusUnauthorized, "invalid_client\n\x1b"), change)
}

func guard(transport http.RoundTripper, status int, code string) http.RoundTripper {
	return insights.GuardTokens(&http.Client{Transport: transport}, time.Minute, func(err error) (int, string, bool) {
		return status, code, errors.Is(err, errNoToken)
	}).Transport
}

// refusing counts how often it is asked.
func refusing(tries *int) roundTripper {
	return func(*http.Request) (*http.Response, error) {
		*tries++
		return nil, fmt.Errorf("getting a token, with the secret %s: %w", canary, errNoToken)
	}
}

func TestRefusedClientIsToldAtOnceAndNotTriedAgain(t *testing.T) {
	tries := 0
	_, err := guarded(t, refusing(&tries), trying).Events(t.Context(), query())
	failed, ok := errors.AsType[*insights.CredentialsError](err)
	require.True(t, ok, "%T", err)
	assert.Equal(t, 401, failed.StatusCode)
	assert.Equal(t, "invalid_client", failed.Code)
	require.EqualError(t, err, "the token endpoint refused the client with status 401 (invalid_client): check client id and secret, scopes and token_url of the extension that auth names")
	assert.Equal(t, 1, tries)
}

func TestTokenEndpointThatRefusedRestsForAllWhoAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		shared := guard(refusing(&tries), http.StatusBadRequest, "invalid_scope")
		for minute := 1; minute <= 3; minute++ {
			for range 100 {
				_, err := client(t, shared, trying).Events(t.Context(), query())
				_, ok := errors.AsType[*insights.CredentialsError](err)
				require.True(t, ok, "%T", err)
			}
			assert.Equal(t, minute, tries)
			time.Sleep(time.Minute)
		}
	})
}

func TestTokenEndpointInTroubleIsTriedAgain(t *testing.T) {
	for name, answer := range map[string]struct {
		status int
		code   string
	}{
		"server error":            {503, ""},
		"too many requests":       {429, "slow_down"},
		"temporarily unavailable": {400, "temporarily_unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				_, err := client(t, guard(refusing(&tries), answer.status, answer.code), trying).Events(t.Context(), query())
				_, ok := errors.AsType[*insights.TransportError](err)
				require.True(t, ok, "%T", err)
				require.EqualError(t, err, fmt.Sprintf("the token endpoint answered with status %d", answer.status))
				assert.Equal(t, 3, tries)
			})
		})
	}
}

func TestKeyThatWentOutWithASchemeIsToldWithItsRemedy(t *testing.T) {
	for sent, told := range map[string]bool{"Bearer " + canary: true, canary: false, "": false} {
		withKey := roundTripper(func(r *http.Request) (*http.Response, error) {
			r.Header.Set("X-Api-Key", sent)
			return answering(401, "")(r)
		})
		_, err := client(t, withKey, func(s *insights.ClientSettings) { s.APIKey = insights.Secret{} }).Events(t.Context(), query())
		const remedy = `since x-api-key has a scheme before the key: write scheme: "" in the extension that auth names`
		assert.Equal(t, told, strings.Contains(err.Error(), remedy), err)
		assert.NotContains(t, err.Error(), canary)
	}
}

func TestStatusTellsWhoAuthenticated(t *testing.T) {
	for _, byExtension := range []bool{true, false} {
		_, err := client(t, answering(401, ""), func(s *insights.ClientSettings) {
			if byExtension {
				s.APIKey = insights.Secret{}
			}
		}).Events(t.Context(), query())
		failed, ok := errors.AsType[*insights.StatusError](err)
		require.True(t, ok)
		assert.Equal(t, byExtension, failed.ByExtension)
	}
}

func TestTransportErrorTellsWhatBroke(t *testing.T) {
	for name, test := range map[string]struct {
		cause  error
		reason insights.TransportReason
		text   string
	}{
		"closed":      {io.EOF, insights.ReasonClosed, "the connection was closed before the answer was complete: EOF"},
		"reset":       {syscall.ECONNRESET, insights.ReasonClosed, "the connection was closed before the answer was complete: connection reset by peer"},
		"refused":     {&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}, insights.ReasonRefused, "the connection was refused: dial tcp: connection refused"},
		"lookup":      {&net.DNSError{Err: "no such host", Name: "api.example.com"}, insights.ReasonLookup, "the host's name was not resolved: lookup api.example.com: no such host"},
		"certificate": {&tls.CertificateVerificationError{Err: errors.New("expired")}, insights.ReasonTLS, "TLS failed: tls: failed to verify certificate: expired"},
		"alert":       {errors.New("remote error: tls: handshake failure"), insights.ReasonTLS, "TLS failed: remote error: tls: handshake failure"},
		"timeout":     {os.ErrDeadlineExceeded, insights.ReasonTimeout, "timed out: i/o timeout"},
		"other":       {errors.New("Proxy Authentication Required"), insights.ReasonOther, "Proxy Authentication Required"},
	} {
		t.Run(name, func(t *testing.T) {
			broken := roundTripper(func(*http.Request) (*http.Response, error) { return nil, test.cause })
			_, err := client(t, broken, nil).Events(t.Context(), query())
			failed, ok := errors.AsType[*insights.TransportError](err)
			require.True(t, ok, "%T", err)
			assert.Equal(t, test.reason, failed.Reason)
			assert.Equal(t, test.text, failed.Error())
		})
	}
}
