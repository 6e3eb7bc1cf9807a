// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
)

const (
	// enough is how long a test waits for what must happen.
	enough = 20 * time.Second
	often  = 5 * time.Millisecond
)

// networked returns a collector that reaches the simulated API over loopback connections, and
// goes fast.
func networked(t *testing.T) *collector {
	c := newCollector(t)
	c.config.ClientConfig.Middlewares = nil
	c.config.PollInterval = 20 * time.Millisecond
	c.config.RescanInterval = 100 * time.Millisecond
	c.config.RequestsPerSecond = 1000
	c.config.RetryOnFailure.InitialInterval = 10 * time.Millisecond
	c.config.RetryOnFailure.MaxInterval = 50 * time.Millisecond
	t.Cleanup(c.stop)
	return c
}

// front serves the API until something breaks its answers.
type front struct {
	api http.Handler

	mu     sync.Mutex
	broken func(conn net.Conn)
	asked  int
}

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	broken := f.ask()
	if broken == nil {
		f.api.ServeHTTP(w, r)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	broken(conn)
}

func (f *front) ask() func(net.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	return f.broken
}

func (f *front) breakWith(broken func(net.Conn)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.broken, f.asked = broken, 0
}

func (f *front) requests() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// serveFront serves the collector's API, with http and without an error log.
func serveFront(t *testing.T, c *collector) (*front, *httptest.Server) {
	f := &front{api: c.api}
	server := httptest.NewUnstartedServer(f)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	// After the receiver has stopped: cleanups run backwards, and this one is the first to be added.
	t.Cleanup(server.Close)
	return f, server
}

// requireOutage breaks something under a receiver that works, and mends it. Nothing may be lost
// or come twice, and the status must change twice.
func requireOutage(t *testing.T, c *collector, breaks, mends func(), status string) {
	t.Helper()
	t.Cleanup(c.stop)
	c.start()
	require.Eventually(t, func() bool { return len(c.api.Requests()) > 2 }, enough, often)
	breaks()
	from := time.Now()
	add(c, "a", 20)
	require.Eventually(t, func() bool { return len(c.host.reported()) > 0 }, enough, often)
	require.Equal(t, componentstatus.StatusRecoverableError, c.host.reported()[0].Status())
	assert.Empty(t, c.sink.counts(), "nothing is delivered while it lasts")
	mends()
	require.Eventually(t, func() bool { return len(c.sink.counts()) == 20 }, enough, often)
	require.Eventually(t, func() bool { return len(c.host.reported()) == 2 }, enough, often)
	c.stop()
	c.requireEachOnce("", from)
	c.requireStatuses(status)
	assert.NotContains(t, c.logs.String(), canary)
}

// requireBrokenAnswersKept lets answers break on their connection.
func requireBrokenAnswersKept(t *testing.T, status string, broken func(net.Conn)) {
	t.Helper()
	c := networked(t)
	f, server := serveFront(t, c)
	c.config.ClientConfig.Endpoint = server.URL
	c.config.ClientConfig.Timeout = 200 * time.Millisecond
	requireOutage(t, c, func() { f.breakWith(broken) }, func() {
		assert.Positive(t, f.requests())
		f.breakWith(nil)
	}, status)
}
