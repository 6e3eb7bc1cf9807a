// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrInvalidQuery is returned, and nothing is sent, for a query that the API refuses for ever.
var ErrInvalidQuery = errors.New("invalid query")

// StatusError is an answer with a status of 300 or more.
type StatusError struct {
	StatusCode int
	// Message is the API's message: at most 256 bytes, printable, keys and addresses masked.
	Message string
	// RetryAfter is the wait that the API asks for, or 0.
	RetryAfter time.Duration
	// RequestID is X-Request-Id, or "".
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
	return text + details(e.Message, e.RequestID)
}

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

// TransportError says that no answer came, or that one broke off. It carries its text and no
// cause: what a proxy or a resolver puts into an error may hold what must not be printed.
type TransportError struct {
	// Clock is the API's clock where the headers of an answer had come, or zero.
	Clock ServerClock

	text    string
	timeout bool
	// ended is context.Canceled, context.DeadlineExceeded or nil.
	ended error
}

func newTransportError(text string, cause error, clock ServerClock) *TransportError {
	failed := &TransportError{Clock: clock, text: text}
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(cause, ended) {
			failed.ended = ended
		}
	}
	timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](cause)
	failed.timeout = ok && timeout.Timeout()
	return failed
}

// Error is printable: keys and addresses are masked.
func (e *TransportError) Error() string { return e.text }

// Timeout says that an answer did not come, or did not end, in time.
func (e *TransportError) Timeout() bool { return e.timeout }

// Is tells errors.Is that the request was ended by its context.
func (e *TransportError) Is(target error) bool { return e.ended != nil && target == e.ended }

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
