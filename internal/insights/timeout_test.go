// SPDX-License-Identifier: Apache-2.0

package insights_test

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// requireEndedAfter fails unless the client gives an answer of ten events up after that time.
func requireEndedAfter(t *testing.T, effect simulator.Effect, after time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		api := simulator.New(simulator.Settings{})
		for i := range 10 {
			api.Add(simulator.Event{ID: strconv.Itoa(i), Time: time.Now().Add(-time.Minute)})
		}
		api.Inject(simulator.Fault{Effect: effect})
		began := time.Now()
		_, err := client(t, api.RoundTripper(), nil).Events(t.Context(), query())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, after, time.Since(began))
	})
}

func TestFault_T7_BlackHoleEndsAfterAMinute(t *testing.T) {
	requireEndedAfter(t, simulator.Hang(), time.Minute)
}

func TestFault_T8_SlowBodyEndsAfterAMinute(t *testing.T) {
	requireEndedAfter(t, simulator.SlowBody(time.Second), time.Minute)
}

// dialing begins a connection as net/http does, and makes it after a time or never.
func dialing(madeAfter time.Duration) roundTripper {
	return func(r *http.Request) (*http.Response, error) {
		trace := httptrace.ContextClientTrace(r.Context())
		trace.ConnectStart("tcp", "192.0.2.1:443")
		if madeAfter > 0 {
			time.AfterFunc(madeAfter, func() { trace.ConnectDone("tcp", "192.0.2.1:443", nil) })
		}
		select {
		case <-r.Context().Done():
			return nil, r.Context().Err()
		case <-time.After(30 * time.Second):
			return answering(200, "[]")(r)
		}
	}
}

func TestFault_T2_ConnectionThatIsNotMadeEndsAfterTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := client(t, dialing(0), nil).Events(t.Context(), query())
		require.EqualError(t, err, "timed out: no connection was made within 10s")
		assert.Equal(t, 10*time.Second, time.Since(began))
		_, err = client(t, dialing(9*time.Second), nil).Events(t.Context(), query())
		require.NoError(t, err, "a connection that is made in time may be used for longer")
	})
}
