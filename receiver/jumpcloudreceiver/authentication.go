// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/extension/extensionauth"
	"golang.org/x/oauth2"
)

// checkExtensions finds the extensions that the HTTP client asks for, and refuses an authenticator whose
// credentials can't be accepted in the way that it sends them.
func checkExtensions(ctx context.Context, host component.Host, client confighttp.ClientConfig) error {
	for i, middleware := range client.Middlewares {
		if _, err := findExtension(host, fmt.Sprintf("middlewares::%d::id", i), middleware.ID); err != nil {
			return err
		}
	}
	auth := client.Auth.Get()
	if auth == nil {
		return nil
	}
	extension, err := findExtension(host, "auth::authenticator", auth.AuthenticatorID)
	if err != nil {
		return err
	}
	authenticator, ok := extension.(extensionauth.HTTPClient)
	if !ok {
		return fmt.Errorf("auth::authenticator is %q, which does not authenticate HTTP clients: use one that does, such as bearertokenauth or oauth2client", auth.AuthenticatorID)
	}
	if remedy := headersMistake(sentHeaders(ctx, authenticator)); remedy != "" {
		return fmt.Errorf("auth::authenticator is %q: %s", auth.AuthenticatorID, remedy)
	}
	return nil
}

// sentHeaders returns the headers that an authenticator sets, or nil where it needs an answer of somebody
// first. Nothing is sent: the request is over before it begins.
func sentHeaders(ctx context.Context, authenticator extensionauth.HTTPClient) http.Header {
	var sent http.Header
	recorded := recorder(func(request *http.Request) (*http.Response, error) {
		sent = request.Header
		return nil, errors.New("only the headers are looked at")
	})
	transport, err := authenticator.RoundTripper(recorded)
	if err != nil || transport == nil {
		return nil // the client says why
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://localhost", http.NoBody)
	if err != nil {
		return nil
	}
	if response, err := transport.RoundTrip(request); err == nil {
		_ = response.Body.Close()
	}
	return sent
}

// recorder is a transport that is a function.
type recorder func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (r recorder) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }

// apiKey is the form of JumpCloud's keys, of today and of before.
var apiKey = regexp.MustCompile(`^(jca_[0-9A-Za-z]+|[0-9a-f]{40})$`)

// headersMistake says what to write where the headers can't be what the API wants, else "". It shows
// none of them.
func headersMistake(sent http.Header) string {
	key := strings.TrimSpace(sent.Get("X-Api-Key"))
	credentials := strings.Fields(sent.Get("Authorization"))
	switch {
	case strings.Contains(key, " "):
		return `it sends x-api-key with a scheme before the key, as "Bearer <key>", which JumpCloud refuses; write scheme: "" in that extension`
	case key != "":
		if remedy := keyMistake(key); remedy != "" {
			return "the key that it sends " + remedy
		}
	case len(credentials) > 0 && apiKey.MatchString(credentials[len(credentials)-1]):
		return `it sends an API key as authorization, which JumpCloud refuses; write header: x-api-key and scheme: "" in that extension`
	}
	return ""
}

// tokenAnswer implements insights.TokenAnswer for the errors of oauth2client.
func tokenAnswer(err error) (status int, code string, answered bool) {
	failed, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok || failed.Response == nil {
		return 0, "", false
	}
	return failed.Response.StatusCode, failed.ErrorCode, true
}
