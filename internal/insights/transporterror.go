// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"time"
)

// TransportReason groups transport errors by what an operator looks at.
type TransportReason string

const (
	// ReasonClosed: the connection was closed before the answer, or before its end.
	ReasonClosed TransportReason = "closed"
	// ReasonRefused: nothing listens at the address.
	ReasonRefused TransportReason = "refused"
	// ReasonLookup: the host's name was not resolved.
	ReasonLookup TransportReason = "lookup"
	// ReasonTLS: no secure connection was agreed on.
	ReasonTLS TransportReason = "tls"
	// ReasonTimeout: no connection was made, or no answer came or ended, in time.
	ReasonTimeout TransportReason = "timeout"
	// ReasonOther: anything else, for instance a proxy that refuses.
	ReasonOther TransportReason = "other"
)

// words begin the text of an error.
func (r TransportReason) words() string {
	switch r {
	case ReasonClosed:
		return "the connection was closed before the answer was complete: "
	case ReasonRefused:
		return "the connection was refused: "
	case ReasonLookup:
		return "the host's name was not resolved: "
	case ReasonTLS:
		return "TLS failed: "
	case ReasonTimeout:
		return "timed out: "
	default:
		return ""
	}
}

var _ Failure = (*TransportError)(nil)

// TransportError says that no answer came, or that one broke off. It carries its text and no
// cause: what a proxy or a resolver puts into an error may hold what must not be printed.
type TransportError struct {
	// Clock is the API's clock where the headers of an answer had come, or zero.
	Clock  ServerClock
	Reason TransportReason

	text    string
	timeout bool
	// ended is context.Canceled, context.DeadlineExceeded or nil.
	ended error
}

func newTransportError(doing, text string, cause error, clock ServerClock) *TransportError {
	reason := transportReason(cause)
	failed := &TransportError{Clock: clock, Reason: reason, text: doing + reason.words() + text, timeout: isTimeout(cause)}
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(cause, ended) {
			failed.ended = ended
		}
	}
	return failed
}

// Error is printable: keys and addresses are masked.
func (e *TransportError) Error() string { return e.text }

// ServerClock implements Failure.
func (e *TransportError) ServerClock() ServerClock { return e.Clock }

// RetryAfter implements Failure. It is 0.
func (*TransportError) RetryAfter() time.Duration { return 0 }

// Timeout says that an answer did not come, or did not end, in time. It is false where no connection
// was made in time: a smaller page would not help.
func (e *TransportError) Timeout() bool { return e.timeout }

// Is tells errors.Is that the request was ended by its context.
func (e *TransportError) Is(target error) bool { return e.ended != nil && target == e.ended }

func isTimeout(err error) bool {
	failed, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && failed.Timeout()
}

func transportReason(err error) TransportReason {
	_, lookup := errors.AsType[*net.DNSError](err)
	switch {
	case lookup:
		return ReasonLookup
	case errors.Is(err, errDial), isTimeout(err):
		return ReasonTimeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return ReasonRefused
	case isTLS(err):
		return ReasonTLS
	case isClosed(err):
		return ReasonClosed
	default:
		return ReasonOther
	}
}

// isTLS goes by the text too: crypto/tls has no type for what the other side complains of.
func isTLS(err error) bool {
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	return certificate || record || unknown || strings.Contains(err.Error(), "tls: ") ||
		strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}

// isClosed goes by the text too: net/http has no type for a connection that ends while it is idle.
func isClosed(err error) bool {
	for _, closed := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, net.ErrClosed} {
		if errors.Is(err, closed) {
			return true
		}
	}
	return strings.Contains(err.Error(), "server closed idle connection")
}
