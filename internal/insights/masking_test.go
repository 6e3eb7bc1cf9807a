// SPDX-License-Identifier: Apache-2.0

package insights_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

func TestKeyThatAnAuthenticationExtensionSetIsMasked(t *testing.T) {
	for _, secret := range []string{
		"0123456789abcdef0123456789abcdef01234567",
		"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjbGllbnQifQ.c2lnbmF0dXJl_-c2lnbmF0dXJl",
	} {
		_, err := client(t, answering(403, `{"message":"key `+secret+` is not allowed"}`), nil).Events(t.Context(), query())
		require.Error(t, err)
		assert.NotContains(t, err.Error(), secret)
		assert.Contains(t, err.Error(), "key [masked] is not allowed")
	}
}

// bareKey is one without the prefix jca_, as older keys are.
const bareKey = "0123456789abcdef0123456789abcdef01234567"

func TestNoPartOfAKeyIsLeftWhereATextIsCut(t *testing.T) {
	for name, test := range map[string]struct{ before, after string }{
		"at the end of what is read":    {strings.Repeat(" ", 4096-31), " is not allowed"},
		"a few characters of it":        {strings.Repeat(" ", 4096-5), " is not allowed"},
		"at the end of what is printed": {strings.Repeat("x ", 120), " is not allowed"},
		"by a line break, a known one":  {"key 01234", " 0123456789abcdef01234567 is not allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, byExtension := range []bool{false, !strings.Contains(name, "known")} {
				_, err := client(t, answering(403, test.before+bareKey+test.after), func(s *insights.ClientSettings) {
					if s.APIKey = insights.NewSecret(bareKey); byExtension {
						s.APIKey = insights.Secret{}
					}
				}).Events(t.Context(), query())
				require.Error(t, err)
				assert.NotRegexp(t, "01234567|[^r]01234$|: 01234", err.Error())
			}
		})
	}
}

func TestKeyThatAnExtensionSentIsKnown(t *testing.T) {
	for header, value := range map[string]string{"X-Api-Key": "short-secret", "Authorization": "Bearer short-secret"} {
		refusing := roundTripper(func(r *http.Request) (*http.Response, error) {
			sent := r.Clone(r.Context())
			sent.Header.Set(header, value)
			return answering(401, "no short-secret", "X-Request-Id", "short-secret")(sent)
		})
		_, err := client(t, refusing, func(s *insights.ClientSettings) { s.APIKey = insights.Secret{} }).Events(t.Context(), query())
		require.EqualError(t, err, "the API answered with status 401: no [masked] (request id [masked])")
	}
}

func TestRequestIDIsShownUnlessItHoldsTheKey(t *testing.T) {
	for sent, shown := range map[string]string{
		"0d9c5c8e-7a54-4b0e-9d3c-2f1f0a6b7c8d": "0d9c5c8e-7a54-4b0e-9d3c-2f1f0a6b7c8d",
		"r-" + canary:                          "r-[masked]",
		"a\x1b[31mb":                           "a [31mb",
		strings.Repeat("ab", 50):               strings.Repeat("ab", 32),
	} {
		_, err := client(t, answering(403, "", "X-Request-Id", sent), nil).Events(t.Context(), query())
		failed, ok := errors.AsType[*insights.StatusError](err)
		require.True(t, ok)
		assert.Equal(t, shown, failed.RequestID)
	}
}
