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

// jittered is a part of wait, from nothing to all of it.
func (s RetrySettings) jittered(wait time.Duration) time.Duration {
	random := s.Random
	if random == nil {
		random = rand.Float64
	}
	return time.Duration(random() * float64(wait))
}

// retryTransport tries a request a few times, within which nobody hears of a failure. A wait that
// the API asks for is its caller's where it is long: others have to know of it.
type retryTransport struct {
	next     http.RoundTripper
	settings RetrySettings
}

// RoundTrip implements http.RoundTripper. After the last try it returns what that one brought.
func (t *retryTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	waits := &backoff.ExponentialBackOff{
		InitialInterval: t.settings.InitialInterval,
		MaxInterval:     t.settings.MaxInterval,
		Multiplier:      2,
	}
	for try := 1; ; try++ {
		response, err := t.next.RoundTrip(request)
		if try >= t.settings.MaxTries || !passes(request.Context(), response, err) {
			return response, err
		}
		wait := t.settings.jittered(waits.NextBackOff())
		if err == nil {
			asked := retryAfter(response.Header)
			if asked > maxQuietWait {
				return response, nil
			}
			if asked > 0 {
				// Clients that were told the same don't come at the same time.
				wait = asked + t.settings.jittered(asked/10)
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
