// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// ErrInvalidQuery is returned, and nothing is sent, for a query that the API refuses for ever.
var ErrInvalidQuery = errors.New("invalid query")

// Failure is what every error of a request answers for itself. An error that is none came before the
// request was sent.
type Failure interface {
	error
	// ServerClock is the API's clock where an answer told it, or zero.
	ServerClock() ServerClock
	// RetryAfter is the wait that the API asks for, or 0.
	RetryAfter() time.Duration
	// Timeout says that an answer did not come, or did not end, in time: a smaller page may.
	Timeout() bool
}

var (
	_ Failure = (*StatusError)(nil)
	_ Failure = (*ResponseError)(nil)
	_ Failure = (*TooLargeError)(nil)
)

// StatusError is an answer with a status of 300 or more.
type StatusError struct {
	StatusCode int
	// ByExtension says that an extension authenticated the request, and not an API key.
	ByExtension bool
	// SchemeSent says that x-api-key was sent with a word before the key.
	SchemeSent bool
	// Message is the API's message: at most 256 bytes, printable, keys and addresses masked.
	Message string
	// Wait is what the API asks to wait for, or 0.
	Wait time.Duration
	// RequestID is X-Request-Id, or "": at most 64 bytes, printable, keys masked.
	RequestID string
	Clock     ServerClock
	// RedirectHost is the host that a redirect names, or "". Redirects are never followed.
	RedirectHost string
}

// Error names the status, and what the API says of it.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("the API answered with status %d", e.StatusCode)
	if e.RedirectHost != "" {
		text += fmt.Sprintf(", a redirect to host %q, which is not followed", e.RedirectHost)
	}
	if e.SchemeSent && e.StatusCode == http.StatusUnauthorized {
		text += `, since x-api-key has a scheme before the key: write scheme: "" in the extension that auth names`
	}
	return text + details(e.Message, e.RequestID)
}

// ServerClock implements Failure.
func (e *StatusError) ServerClock() ServerClock { return e.Clock }

// RetryAfter implements Failure.
func (e *StatusError) RetryAfter() time.Duration { return e.Wait }

// Timeout implements Failure. It is false.
func (*StatusError) Timeout() bool { return false }

// ResponseError is an answer with a status below 300 that is no complete page.
type ResponseError struct {
	// Reason is a constant text.
	Reason string
	// Malformed says that a page was begun and its JSON is broken: one of its events may be the cause.
	Malformed bool
	RequestID string
	Clock     ServerClock
}

// Error says what is wrong with the answer.
func (e *ResponseError) Error() string {
	return "the answer is no page of events: " + e.Reason + details("", e.RequestID)
}

// ServerClock implements Failure.
func (e *ResponseError) ServerClock() ServerClock { return e.Clock }

// RetryAfter implements Failure. It is 0.
func (*ResponseError) RetryAfter() time.Duration { return 0 }

// Timeout implements Failure. It is false.
func (*ResponseError) Timeout() bool { return false }

// TooLargeError is an answer whose inflated body is larger than the limit.
type TooLargeError struct {
	// Limit is in bytes.
	Limit     int64
	RequestID string
	Clock     ServerClock
}

// Error names the limit.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the answer is larger than %d bytes", e.Limit) + details("", e.RequestID)
}

// ServerClock implements Failure.
func (e *TooLargeError) ServerClock() ServerClock { return e.Clock }

// RetryAfter implements Failure. It is 0.
func (*TooLargeError) RetryAfter() time.Duration { return 0 }

// Timeout implements Failure. It is false.
func (*TooLargeError) Timeout() bool { return false }

func details(message, requestID string) string {
	var text strings.Builder
	if message != "" {
		text.WriteString(": " + message)
	}
	if requestID != "" {
		text.WriteString(" (request id " + requestID + ")")
	}
	return text.String()
}
