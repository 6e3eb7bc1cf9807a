// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver"
)

// keyAuth is an authenticator that sets the key, as bearertokenauth does.
type keyAuth struct {
	component.StartFunc
	component.ShutdownFunc
}

func (keyAuth) RoundTripper(base http.RoundTripper) (http.RoundTripper, error) {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		authorized := r.Clone(r.Context())
		authorized.Header.Set("X-Api-Key", canary)
		return base.RoundTrip(authorized)
	}), nil
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// merge applies keys as a configuration file holds them.
func merge(t *testing.T, config *jumpcloudreceiver.Config, keys map[string]any) {
	t.Helper()
	require.NoError(t, confmap.NewFromStringMap(keys).Unmarshal(config))
}

func TestSecurity_1_NoRedirectCarriesTheKeyToAnotherHost(t *testing.T) {
	for name, keys := range map[string]map[string]any{
		"key field":   {"api_key": canary},
		"headers map": {"api_key": "", "headers": map[string]any{"x-api-key": canary}},
		"auth":        {"api_key": "", "auth": map[string]any{"authenticator": "key_auth"}},
	} {
		for _, code := range []int{301, 302, 303, 307, 308} {
			t.Run(fmt.Sprint(name, " ", code), func(t *testing.T) {
				c := networked(t)
				var other atomic.Int64
				second := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { other.Add(1) }))
				t.Cleanup(second.Close)
				_, first := serveFront(t, c)
				t.Cleanup(c.stop)
				c.api.Inject(simulator.Fault{Effect: simulator.Redirect(code, second.URL+"/secret?path")})
				c.host.extensions[component.MustNewID("key_auth")] = keyAuth{}
				merge(t, c.config, keys)
				c.config.ClientConfig.Endpoint = first.URL
				c.start()
				require.Eventually(t, func() bool {
					return len(c.api.Requests()) > 2 && strings.Contains(c.logs.String(), "a redirect to host")
				}, enough, often)
				c.stop()
				assert.Zero(t, other.Load(), "the other host was asked")
				assert.Equal(t, canary, c.api.Requests()[0].APIKey, "the first host got the key")
				assert.NotContains(t, c.logs.String(), "secret?path")
			})
		}
	}
}
