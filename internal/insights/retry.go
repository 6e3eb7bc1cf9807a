// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/backoff"
)

// maxQuietWait is the longest wait that the API may ask for and that is waited for within a
// request: nothing is told of it.
const maxQuietWait = 5 * time.Second

// RetrySettings say how a request is tried again that failed for reasons which tend to pass.
type RetrySettings struct {
	// InitialInterval and MaxInterval bound the wait between tries, which has full jitter.
	InitialInterval, MaxInterval time.Duration
	// MaxTries includes the first one; 0 and 1 are no retry.
	MaxTries int
	// Random decides the waits by numbers in [0, 1). Nil is the process's own source.
	Random func() float64
}

// waits has full jitter.
func (s RetrySettings) waits() backoff.Settings {
	return backoff.Settings{Initial: s.InitialInterval, Max: s.MaxInterval, Random: s.Random}
}

// retryTransport tries a request a few times, within which nobody hears of a failure. A wait that
// the API asks for is its caller's where it is long: others have to know of it.
type retryTransport struct {
	next     http.RoundTripper
	settings RetrySettings
	traffic  Traffic
}

// RoundTrip implements http.RoundTripper. After the last try it returns what that one brought.
func (t *retryTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	settings := t.settings.waits()
	waits := backoff.NewWaits(settings)
	for try := 1; ; try++ {
		response, err := t.next.RoundTrip(request)
		if try >= t.settings.MaxTries || !passes(request.Context(), response, err) {
			return response, err
		}
		wait := waits.Next()
		if err == nil {
			asked := retryAfter(response.Header)
			if asked > maxQuietWait {
				return response, nil
			}
			if asked > 0 {
				// Clients that were told the same don't come at the same time.
				wait = asked + settings.Jittered(asked/10)
			}
			discard(response)
		}
		if !backoff.Sleep(request.Context(), wait) {
			return nil, fmt.Errorf("waiting to try again: %w", request.Context().Err())
		}
		if request, err = again(request); err != nil {
			return nil, err
		}
		t.traffic.Retried()
	}
}

// passes says that what was met may be gone at the next try.
func passes(ctx context.Context, response *http.Response, err error) bool {
	if _, refused := errors.AsType[*CredentialsError](err); refused {
		return false
	}
	// What waits for its turn meanwhile has waited for one time-out: the next try is the caller's.
	if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() {
		return false
	}
	if err != nil {
		return ctx.Err() == nil
	}
	switch response.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	default:
		return response.StatusCode >= http.StatusInternalServerError
	}
}

// discard lets the connection be used again.
func discard(response *http.Response) {
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxErrorBody))
	_ = response.Body.Close()
}

// again returns the request with a fresh body.
func again(request *http.Request) (*http.Request, error) {
	repeated := request.Clone(request.Context())
	if request.GetBody == nil {
		return repeated, nil
	}
	body, err := request.GetBody()
	if err != nil {
		return nil, fmt.Errorf("repeating a request: %w", err)
	}
	repeated.Body = body
	return repeated, nil
}
