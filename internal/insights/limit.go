// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"fmt"
	"net/http"

	"golang.org/x/time/rate"
)

// limitTransport lets a request wait for its turn.
type limitTransport struct {
	next    http.RoundTripper
	limiter *rate.Limiter
}

// RoundTrip implements http.RoundTripper.
func (t *limitTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := t.limiter.Wait(request.Context()); err != nil {
		closeBody(request)
		return nil, fmt.Errorf("waiting for the rate limit: %w", err)
	}
	return t.next.RoundTrip(request)
}

// closeBody does what a RoundTripper must do with a request that it doesn't send.
func closeBody(request *http.Request) {
	if request.Body != nil {
		_ = request.Body.Close()
	}
}
