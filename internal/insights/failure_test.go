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
	"syscall"
	"testing"
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
			_, err := client(t, test.transport, func(s *insights.ClientSettings) {
				s.MaxResponseSize, s.CredentialsRefused = 8, refusedToken
			}).Events(t.Context(), query())
			failed, ok := errors.AsType[insights.Failure](err)
			require.True(t, ok, "%T", err)
			assert.Equal(t, test.dated, !failed.ServerClock().Date.IsZero())
			assert.Equal(t, test.wait, failed.RetryAfter())
			assert.Equal(t, test.timeout, failed.Timeout())
		})
	}
}

var errNoToken = errors.New("no token")

func refusedToken(err error) (status int, code string, refused bool) {
	return 401, "invalid_client\n\x1b", errors.Is(err, errNoToken)
}

func TestRefusedClientIsToldAtOnceAndNotTriedAgain(t *testing.T) {
	tries := 0
	refusing := roundTripper(func(*http.Request) (*http.Response, error) {
		tries++
		return nil, fmt.Errorf("getting a token: %w", errNoToken)
	})
	_, err := client(t, refusing, func(s *insights.ClientSettings) {
		trying(s)
		s.CredentialsRefused = refusedToken
	}).Events(t.Context(), query())
	failed, ok := errors.AsType[*insights.CredentialsError](err)
	require.True(t, ok, "%T", err)
	assert.Equal(t, 401, failed.StatusCode)
	assert.Equal(t, "invalid_client", failed.Code)
	require.EqualError(t, err, "the token endpoint refused the client with status 401 (invalid_client): check the client id, its secret and the scopes of the extension that authenticates")
	assert.Equal(t, 1, tries)
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
