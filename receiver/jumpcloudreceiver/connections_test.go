// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

func TestNoConnectionOutlivesTheReceiver(t *testing.T) {
	api := simulator.New(simulator.Settings{})
	var open atomic.Int32
	server := httptest.NewUnstartedServer(api)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
		default:
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c := newCollector(t)
	c.config.ClientConfig.Endpoint = server.URL
	c.config.ClientConfig.Middlewares = nil
	c.start()
	require.Eventually(t, func() bool { return len(api.Requests()) > 0 && open.Load() == 1 }, 30*time.Second, 10*time.Millisecond)
	c.stop()
	require.Eventually(t, func() bool { return open.Load() == 0 }, 10*time.Second, 10*time.Millisecond)
}
