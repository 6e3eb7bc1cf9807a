// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// twice sends every request two times at once.
type twice struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (w twice) RoundTrip(request *http.Request) (*http.Response, error) {
	content, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	// Each has a body of its own: what GetBody gives of a traced request may not be read by two at once.
	withBody := func() *http.Request {
		own := request.Clone(request.Context())
		own.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
		own.Body = io.NopCloser(bytes.NewReader(content))
		return own
	}
	first, second := withBody(), withBody()
	go func() {
		if response, err := w.next.RoundTrip(second); err == nil {
			_ = response.Body.Close()
		}
	}()
	return w.next.RoundTrip(first)
}

// Not one of the ways to lose events, but a promise to the API that the oracle has to see broken.
func TestSimulation_OracleSeesTwoRequestsAtOnce(t *testing.T) {
	for seed := range uint64(5) {
		came := simulate(t, newPlan(seed+1), func(_ *run, p *parts) { p.network = twice{p.network} })
		require.Contains(t, strings.Join(came.violations, "\n"), "that wait for headers")
	}
}
