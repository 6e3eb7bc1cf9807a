// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"fmt"
	"net/http"
	"sync"
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
	return text + ": check client id and secret, scopes and token_url of the extension that auth names"
}

// ServerClock implements Failure. It is zero: the answer was not the API's.
func (*CredentialsError) ServerClock() ServerClock { return ServerClock{} }

// RetryAfter implements Failure. It is 0.
func (*CredentialsError) RetryAfter() time.Duration { return 0 }

// Timeout implements Failure. It is false.
func (*CredentialsError) Timeout() bool { return false }

// TokenAnswer reads from an error what a token endpoint answered in the place of a token: the status and
// the OAuth error code, or "". Answered is false for every other error.
type TokenAnswer func(error) (status int, code string, answered bool)

// GuardTokens returns a client that tells a token endpoint's refusal, a *CredentialsError, from a network
// that is broken. For a rest after a refusal the token endpoint is not asked again: all who use the client
// get the same error.
func GuardTokens(base *http.Client, rest time.Duration, answer TokenAnswer) *http.Client {
	guarded := *base
	if guarded.Transport == nil {
		guarded.Transport = http.DefaultTransport
	}
	guarded.Transport = &credentialsTransport{next: guarded.Transport, rest: rest, answer: answer, sanitize: newSanitizer()}
	return &guarded
}

// credentialsTransport remembers the last refusal.
type credentialsTransport struct {
	next     http.RoundTripper
	rest     time.Duration
	answer   TokenAnswer
	sanitize sanitizer

	mu      sync.Mutex
	until   time.Time
	refusal *CredentialsError
}

// RoundTrip implements http.RoundTripper.
func (t *credentialsTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if refusal := t.resting(); refusal != nil {
		closeBody(request)
		return nil, refusal
	}
	response, err := t.next.RoundTrip(request)
	if err == nil {
		return response, nil
	}
	status, code, answered := t.answer(err)
	if !answered {
		return nil, err
	}
	refusal := &CredentialsError{StatusCode: status, Code: t.sanitize.text(code)}
	if refusal.passes() {
		return nil, fmt.Errorf("the token endpoint answered with status %d", status)
	}
	t.remember(refusal)
	return nil, refusal
}

// resting returns the refusal after which nobody asks yet, or nil.
func (t *credentialsTransport) resting() *CredentialsError {
	t.mu.Lock()
	defer t.mu.Unlock()
	if time.Now().Before(t.until) {
		return t.refusal
	}
	return nil
}

func (t *credentialsTransport) remember(refusal *CredentialsError) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refusal, t.until = refusal, time.Now().Add(t.rest)
}

// passes says that the token endpoint itself is in trouble, whoever asks it.
func (e *CredentialsError) passes() bool {
	switch e.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	default:
		return e.StatusCode >= http.StatusInternalServerError || e.Code == "temporarily_unavailable" || e.Code == "server_error"
	}
}
