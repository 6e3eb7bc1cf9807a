// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// twice sends every request two times at once.
type twice struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (w twice) RoundTrip(request *http.Request) (*http.Response, error) {
	body, err := request.GetBody()
	if err != nil {
		return nil, err
	}
	second := request.Clone(request.Context())
	second.Body = body
	go func() {
		if response, err := w.next.RoundTrip(second); err == nil {
			_ = response.Body.Close()
		}
	}()
	return w.next.RoundTrip(request)
}

// Not one of the ways to lose events, but a promise to the API that the oracle has to see broken.
func TestSimulation_OracleSeesTwoRequestsAtOnce(t *testing.T) {
	for seed := range uint64(5) {
		came := simulate(t, newPlan(seed+1), func(_ *run, p *parts) { p.network = twice{p.network} })
		require.Contains(t, strings.Join(came.violations, "\n"), "that wait for headers")
	}
}
