// SPDX-License-Identifier: Apache-2.0

package insights_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

func TestShortWaitsAreWaitedForWithinARequest(t *testing.T) {
	for name, test := range map[string]struct {
		status   int
		headers  func(now time.Time) []string
		low, top time.Duration
	}{
		"A9 429 alone":  {429, func(time.Time) []string { return nil }, 0, 5 * time.Second},
		"A13 503 alone": {503, func(time.Time) []string { return nil }, 0, 5 * time.Second},
		"A10 seconds":   {429, func(time.Time) []string { return []string{"Retry-After", "4"} }, 4 * time.Second, 4400 * time.Millisecond},
		"A13 seconds":   {503, func(time.Time) []string { return []string{"Retry-After", "4"} }, 4 * time.Second, 4400 * time.Millisecond},
		"A11 date, by its own now": {429, func(now time.Time) []string {
			return []string{"Retry-After", date(now.Add(-time.Hour + 4*time.Second)), "Date", date(now.Add(-time.Hour))}
		}, 4 * time.Second, 4400 * time.Millisecond},
		"A11 date that is past": {429, func(now time.Time) []string {
			return []string{"Retry-After", date(now.Add(-time.Minute)), "Date", date(now)}
		}, 0, 5 * time.Second},
		"A12 garbage":  {429, func(time.Time) []string { return []string{"Retry-After", "soon"} }, 0, 5 * time.Second},
		"A12 negative": {429, func(time.Time) []string { return []string{"Retry-After", "-5"} }, 0, 5 * time.Second},
		"A12 huge":     {429, func(time.Time) []string { return []string{"Retry-After", "1000000000000000000"} }, 0, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				var second time.Time
				transport := roundTripper(func(r *http.Request) (*http.Response, error) {
					if tries++; tries == 1 {
						return answering(test.status, "", test.headers(time.Now())...)(r)
					}
					second = time.Now()
					return answering(200, "[]")(r)
				})
				began := time.Now()
				_, err := client(t, transport, trying).Events(t.Context(), query())
				require.NoError(t, err)
				assert.GreaterOrEqual(t, second.Sub(began), test.low)
				assert.LessOrEqual(t, second.Sub(began), test.top)
			})
		})
	}
}

// Who waits for its turn meanwhile waits for one time-out.
func TestRequestThatTimedOutIsTheCallersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		transport := roundTripper(func(r *http.Request) (*http.Response, error) {
			tries++
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		_, err := client(t, transport, trying).Events(t.Context(), query())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 1, tries)
	})
}

// What a request waits for is not seen from outside.
func TestLongWaitIsTheCallersAtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		status  int
		headers func(now time.Time) []string
		wait    time.Duration
	}{
		"A10 seconds": {429, func(time.Time) []string { return []string{"Retry-After", "6"} }, 6 * time.Second},
		"A10 capped":  {429, func(time.Time) []string { return []string{"Retry-After", "86400"} }, 15 * time.Minute},
		"A11 date, by its own now": {429, func(now time.Time) []string {
			return []string{"Retry-After", date(now.Add(-time.Hour + time.Minute)), "Date", date(now.Add(-time.Hour))}
		}, time.Minute},
		"A13 seconds": {503, func(time.Time) []string { return []string{"Retry-After", "40"} }, 40 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				transport := roundTripper(func(r *http.Request) (*http.Response, error) {
					tries++
					return answering(test.status, `{"message":"slow down"}`, test.headers(time.Now())...)(r)
				})
				began := time.Now()
				_, err := client(t, transport, trying).Events(t.Context(), query())
				var status *insights.StatusError
				require.ErrorAs(t, err, &status)
				assert.Equal(t, test.wait, status.Wait)
				assert.Equal(t, "slow down", status.Message)
				assert.Equal(t, 1, tries)
				assert.Zero(t, time.Since(began))
			})
		})
	}
}

func date(at time.Time) string { return at.UTC().Format(http.TimeFormat) }

func trying(s *insights.ClientSettings) {
	s.Retry = insights.RetrySettings{InitialInterval: 5 * time.Second, MaxInterval: time.Minute, MaxTries: 3}
}

func TestTriesEndAndRepeatTheBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bodies []string
		transport := roundTripper(func(r *http.Request) (*http.Response, error) {
			body, _ := io.ReadAll(r.Body)
			bodies = append(bodies, string(body))
			return nil, io.ErrUnexpectedEOF
		})
		_, err := client(t, transport, func(s *insights.ClientSettings) {
			s.Retry = insights.RetrySettings{InitialInterval: time.Second, MaxInterval: time.Minute, MaxTries: 3}
		}).Events(t.Context(), query())
		require.ErrorContains(t, err, io.ErrUnexpectedEOF.Error())
		require.Len(t, bodies, 3)
		assert.NotEmpty(t, bodies[0])
		assert.Equal(t, bodies[0], bodies[2])
	})
}

func TestRefusalIsNotTriedAgain(t *testing.T) {
	for _, status := range []int{400, 401, 402, 403, 404} {
		tries := 0
		transport := roundTripper(func(r *http.Request) (*http.Response, error) {
			tries++
			return answering(status, "")(r)
		})
		_, err := client(t, transport, func(s *insights.ClientSettings) { s.Retry.MaxTries = 3 }).Events(t.Context(), query())
		require.Error(t, err)
		assert.Equal(t, 1, tries)
	}
}
