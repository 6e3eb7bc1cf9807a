// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/backoff"
)

// limitTransport lets a request wait for its turn: until the API may be asked again by whoever shares its
// hold, and for the rate limit.
type limitTransport struct {
	next    http.RoundTripper
	limiter *rate.Limiter
	hold    *backoff.Hold
	traffic Traffic
}

func newLimitTransport(next http.RoundTripper, limiter *rate.Limiter, hold *backoff.Hold, traffic Traffic) *limitTransport {
	if limiter == nil {
		limiter = rate.NewLimiter(rate.Inf, 0)
	}
	if hold == nil {
		hold = new(backoff.Hold)
	}
	return &limitTransport{next: next, limiter: limiter, hold: hold, traffic: traffic}
}

// RoundTrip implements http.RoundTripper. An answer that asks to wait (429, 503) extends the hold.
func (t *limitTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := t.wait(request.Context()); err != nil {
		closeBody(request)
		return nil, err
	}
	response, err := t.next.RoundTrip(request)
	if err == nil && asksToWait(response) {
		t.hold.Extend(time.Now().Add(retryAfter(response.Header)))
	}
	return response, err
}

// wait takes its turn again after a hold, so that those who were held don't come at the same time.
func (t *limitTransport) wait(ctx context.Context) error {
	for {
		if held := time.Until(t.hold.Until()); held > 0 {
			if !backoff.Sleep(ctx, held) {
				return fmt.Errorf("waiting as the API asked: %w", context.Cause(ctx))
			}
			t.traffic.Waited(WaitAsked, held)
		}
		began := time.Now()
		if err := t.limiter.Wait(ctx); err != nil {
			return fmt.Errorf("waiting for the rate limit: %w", err)
		}
		t.traffic.Waited(WaitRateLimit, time.Since(began))
		if !t.hold.Until().After(time.Now()) {
			return nil
		}
	}
}

func asksToWait(response *http.Response) bool {
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return retryAfter(response.Header) > 0
	default:
		return false
	}
}

// closeBody does what a RoundTripper must do with a request that it doesn't send.
func closeBody(request *http.Request) {
	if request.Body != nil {
		_ = request.Body.Close()
	}
}
