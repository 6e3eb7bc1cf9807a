// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// RetrySettings say how a request is tried again that failed for reasons which tend to pass.
type RetrySettings struct {
	// InitialInterval and MaxInterval bound the wait between tries, which has full jitter.
	InitialInterval, MaxInterval time.Duration
	// MaxTries includes the first one; 0 and 1 are no retry.
	MaxTries int
}

// retryTransport tries a request a few times. A longer wait is its caller's.
type retryTransport struct {
	next     http.RoundTripper
	settings RetrySettings
}

// RoundTrip implements http.RoundTripper. After the last try it returns what that one brought.
func (t *retryTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	waits := &backoff.ExponentialBackOff{
		// A factor of 1 draws from [0, twice the interval].
		InitialInterval:     t.settings.InitialInterval / 2,
		MaxInterval:         t.settings.MaxInterval / 2,
		Multiplier:          2,
		RandomizationFactor: 1,
	}
	for try := 1; ; try++ {
		response, err := t.next.RoundTrip(request)
		if try >= t.settings.MaxTries || !passes(request.Context(), response, err) {
			return response, err
		}
		wait := waits.NextBackOff()
		if err == nil {
			if asked := retryAfter(response.Header); asked > 0 {
				wait = asked + jitter(asked)
			}
			discard(response)
		}
		if err := pause(request.Context(), wait); err != nil {
			return nil, fmt.Errorf("waiting to try again: %w", err)
		}
		if request, err = again(request); err != nil {
			return nil, err
		}
	}
}

// passes says that what was met may be gone at the next try.
func passes(ctx context.Context, response *http.Response, err error) bool {
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

// jitter is up to a tenth, so that clients that were told the same don't come at the same time.
func jitter(wait time.Duration) time.Duration {
	return time.Duration(rand.Float64() * float64(wait) / 10) //nolint:gosec // spreads load, hides nothing
}

// discard lets the connection be used again.
func discard(response *http.Response) {
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxErrorBody))
	_ = response.Body.Close()
}

func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
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
