// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"fmt"
	"net/http"
	"time"
)

var _ Failure = (*CredentialsError)(nil)

// CredentialsError says that a token endpoint refused the client, so that the API was not asked.
type CredentialsError struct {
	// StatusCode is that of the token endpoint's answer.
	StatusCode int
	// Code is the OAuth error code, for instance invalid_client, or "". It is printable.
	Code string
}

// Error names the status and the code, and what to check.
func (e *CredentialsError) Error() string {
	text := fmt.Sprintf("the token endpoint refused the client with status %d", e.StatusCode)
	if e.Code != "" {
		text += " (" + e.Code + ")"
	}
	return text + ": check the client id, its secret and the scopes of the extension that authenticates"
}

// ServerClock implements Failure. It is zero: the answer was not the API's.
func (*CredentialsError) ServerClock() ServerClock { return ServerClock{} }

// RetryAfter implements Failure. It is 0.
func (*CredentialsError) RetryAfter() time.Duration { return 0 }

// Timeout implements Failure. It is false.
func (*CredentialsError) Timeout() bool { return false }

// credentialsTransport tells a refusal of the token endpoint from a network that is broken.
type credentialsTransport struct {
	next     http.RoundTripper
	refused  func(error) (status int, code string, refused bool)
	sanitize sanitizer
}

// RoundTrip implements http.RoundTripper.
func (t *credentialsTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(request)
	if err == nil {
		return response, nil
	}
	if status, code, refused := t.refused(err); refused {
		return nil, &CredentialsError{StatusCode: status, Code: t.sanitize.text(code)}
	}
	return nil, err
}
