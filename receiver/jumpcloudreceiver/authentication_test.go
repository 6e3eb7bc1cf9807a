// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/configmiddleware"
	"go.opentelemetry.io/collector/config/configoptional"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver"
)

var authenticatorID = component.MustNewID("authenticates")

// authenticator is an extension that does something to each request.
type authenticator struct {
	component.StartFunc
	component.ShutdownFunc
	wrap func(base http.RoundTripper) http.RoundTripper
}

// RoundTripper implements extensionauth.HTTPClient.
func (a authenticator) RoundTripper(base http.RoundTripper) (http.RoundTripper, error) {
	return a.wrap(base), nil
}

// settingHeader sets a header as bearertokenauth does.
func settingHeader(name, value string) authenticator {
	return authenticator{wrap: func(base http.RoundTripper) http.RoundTripper {
		return roundTrip(func(request *http.Request) (*http.Response, error) {
			authorized := request.Clone(request.Context())
			authorized.Header.Set(name, value)
			return base.RoundTrip(authorized)
		})
	}}
}

type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (r roundTrip) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }

// authenticate puts an extension in the place of the key.
func (c *collector) authenticate(extension component.Component) {
	c.config.APIKey = ""
	c.config.ClientConfig.Auth = configoptional.Some(configauth.Config{AuthenticatorID: authenticatorID})
	c.host.extensions[authenticatorID] = extension
}

func TestAuthenticatorThatCannotWorkIsRefusedAtTheStart(t *testing.T) {
	const (
		scheme    = `auth::authenticator is "authenticates": it sends x-api-key with a scheme before the key, as "Bearer <key>", which JumpCloud refuses; write scheme: "" in that extension`
		header    = `auth::authenticator is "authenticates": it sends an API key as authorization, which JumpCloud refuses; write header: x-api-key and scheme: "" in that extension`
		legacyKey = "0123456789abcdef0123456789abcdef01234567"
	)
	for _, test := range []struct{ header, value, want string }{
		{"x-api-key", "Bearer " + canary, scheme},
		{"X-Api-Key", "Token " + canary, scheme},
		{"authorization", "Bearer " + canary, header},
		{"authorization", canary, header},
		{"authorization", "Bearer " + legacyKey, header},
		{"x-api-key", "$" + canary, `auth::authenticator is "authenticates": the key that it sends begins with "$": the collector does not expand it; write ${env:NAME} for the environment variable NAME`},
		{"x-api-key", canary, ""},
		// A file that is not read yet.
		{"x-api-key", "", ""},
		{"x-api-key", "Bearer ", ""},
		{"authorization", "Bearer eyJhbGciOi.eyJzdWIi.c2ln", ""},
		{"x-other", "Bearer " + canary, ""},
	} {
		t.Run(test.header+" "+strings.ReplaceAll(test.value, canary, "key"), func(t *testing.T) {
			collect(t, func(t *testing.T, c *collector) {
				c.authenticate(settingHeader(test.header, test.value))
				err := c.tryStart()
				if test.want == "" {
					require.NoError(t, err)
					return
				}
				require.EqualError(t, err, test.want)
				assert.Empty(t, c.api.Requests())
				assert.NotContains(t, c.logs.String(), canary)
			})
		})
	}
}

func TestAskingTheAuthenticatorSendsNothing(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		asked := 0
		c.authenticate(authenticator{wrap: func(base http.RoundTripper) http.RoundTripper {
			return roundTrip(func(request *http.Request) (*http.Response, error) {
				if request.Context().Err() == nil {
					asked++
				}
				return base.RoundTrip(request)
			})
		}})
		c.config.PollInterval = time.Hour
		c.config.RescanInterval = time.Hour
		c.start()
		c.pass(time.Second)
		assert.Len(t, c.api.Requests(), asked)
	})
}

func TestExtensionThatIsNotStartedIsToldWithItsKey(t *testing.T) {
	missing := component.MustNewID("missing")
	const remedy = ` is "missing", and the service starts no such extension: define it under extensions and list it under service::extensions`
	for key, change := range map[string]func(*jumpcloudreceiver.Config){
		"storage":            func(config *jumpcloudreceiver.Config) { config.Storage = &missing },
		"k8s_leader_elector": func(config *jumpcloudreceiver.Config) { config.LeaderElector = &missing },
		"auth::authenticator": func(config *jumpcloudreceiver.Config) {
			config.ClientConfig.Auth = configoptional.Some(configauth.Config{AuthenticatorID: missing})
		},
		"middlewares::1::id": func(config *jumpcloudreceiver.Config) {
			config.ClientConfig.Middlewares = append(config.ClientConfig.Middlewares, configmiddleware.Config{ID: missing})
		},
	} {
		collect(t, func(t *testing.T, c *collector) {
			change(c.config)
			require.EqualError(t, c.tryStart(), key+remedy)
		})
	}
	collect(t, func(t *testing.T, c *collector) {
		near := component.MustNewIDWithName("test_storage", "kep")
		c.config.Storage = &near
		require.ErrorContains(t, c.tryStart(), fmt.Sprintf("or did you mean %q?", storageID))
	})
	collect(t, func(t *testing.T, c *collector) {
		c.authenticate(component.Component(inProcess{api: c.api}))
		require.EqualError(t, c.tryStart(), `auth::authenticator is "authenticates", which does not authenticate HTTP clients: use one that does, such as bearertokenauth or oauth2client`)
	})
}

// tokenEndpoint is what a service account asks for its token.
type tokenEndpoint struct {
	status atomic.Int64
	asked  moments
}

// RoundTrip implements http.RoundTripper.
func (e *tokenEndpoint) RoundTrip(*http.Request) (*http.Response, error) {
	e.asked.now()
	status, body := int(e.status.Load()), `{"error":"invalid_client","error_description":"`+canary+`"}`
	if status == http.StatusOK {
		body = `{"access_token":"token","token_type":"Bearer","expires_in":1800}`
	}
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{"Content-Type": {"application/json"}},
		Body:       io.NopCloser(strings.NewReader(body)),
	}, nil
}

// serviceAccount authenticates by the module that oauth2client uses. The simulated API takes the token
// as a key.
func serviceAccount(endpoint *tokenEndpoint) authenticator {
	credentials := clientcredentials.Config{ClientID: "id", ClientSecret: canary, TokenURL: "https://oauth.example.com/token", AuthStyle: oauth2.AuthStyleInHeader}
	return authenticator{wrap: func(base http.RoundTripper) http.RoundTripper {
		return roundTrip(func(request *http.Request) (*http.Response, error) {
			if err := request.Context().Err(); err != nil {
				return nil, err
			}
			token, err := credentials.Token(context.WithValue(request.Context(), oauth2.HTTPClient, &http.Client{Transport: endpoint}))
			if err != nil {
				return nil, fmt.Errorf("failed to get security token from token endpoint: %w", err)
			}
			authorized := request.Clone(request.Context())
			authorized.Header.Set("X-Api-Key", token.AccessToken)
			return base.RoundTrip(authorized)
		})
	}}
}

func TestRefusedClientOfTheTokenEndpointIsAnAuthenticationFailure(t *testing.T) {
	for _, organizations := range []int{1, 20} {
		t.Run(strconv.Itoa(organizations), func(t *testing.T) {
			collect(t, func(t *testing.T, c *collector) {
				endpoint := &tokenEndpoint{}
				endpoint.status.Store(http.StatusUnauthorized)
				c.authenticate(serviceAccount(endpoint))
				for i := range organizations {
					c.config.Organizations = append(c.config.Organizations, jumpcloudreceiver.OrganizationConfig{ID: fmt.Sprint("organization-", i)})
				}
				c.config.RequestsPerSecond, c.config.PollInterval, c.config.RescanInterval = 1000, 30*time.Second, 5*time.Minute
				c.start()
				c.pass(3 * time.Hour)
				assert.Empty(t, c.api.Requests())
				asked := endpoint.asked.seen()
				assert.LessOrEqual(t, len(asked), 180, "once a minute at the most, whatever the number of organizations")
				for i := 1; i < len(asked); i++ {
					assert.GreaterOrEqual(t, asked[i].Sub(asked[i-1]), time.Minute)
				}
				assert.Contains(t, c.logs.String(), "the token endpoint refused the client with status 401 (invalid_client): check client id and secret")
				assert.NotContains(t, c.logs.String(), "cannot be reached")
				assert.NotContains(t, c.logs.String(), "api_key")
				endpoint.status.Store(http.StatusOK)
				c.pass(20 * time.Minute)
				reported := c.host.reported()
				require.ErrorContains(t, reported[0].Err(), "the token endpoint refuses the client: check client id and secret")
				assert.Equal(t, componentstatus.StatusOK, reported[len(reported)-1].Status())
				assert.NotEmpty(t, c.api.Requests())
				assert.NotContains(t, c.logs.String(), canary)
			})
		})
	}
}

func TestTokenEndpointThatIsInTroubleIsATransportFailure(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		endpoint := &tokenEndpoint{}
		endpoint.status.Store(http.StatusServiceUnavailable)
		c.authenticate(serviceAccount(endpoint))
		c.start()
		c.pass(10 * time.Minute)
		endpoint.status.Store(http.StatusOK)
		c.pass(6 * time.Minute)
		c.requireStatuses("cannot be reached")
		assert.Contains(t, c.logs.String(), "the token endpoint answered with status 503")
		assert.NotContains(t, c.logs.String(), canary)
	})
}

func TestRefusalOfWhatAnExtensionSendsSpeaksOfTheExtension(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		endpoint := &tokenEndpoint{}
		endpoint.status.Store(http.StatusOK)
		c.authenticate(serviceAccount(endpoint))
		c.start()
		c.pass(10 * time.Second)
		c.api.Inject(simulator.Fault{Until: time.Now().Add(time.Hour), Effect: simulator.Status(401, "Unauthorized")})
		c.pass(80 * time.Minute)
		c.requireStatuses("does not accept the credentials of the extension that auth names (401)")
		assert.NotContains(t, c.logs.String(), "api_key")
		assert.NotContains(t, c.logs.String(), "API key")
	})
}
