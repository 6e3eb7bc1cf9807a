// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver"
)

const (
	unreachable = "JumpCloud cannot be reached"
	noPage      = "the answers are not Directory Insights pages"
	head        = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	event       = `{"id":"half","timestamp":"2026-03-02T09:00:00Z"}`
)

// writes is a connection that carries this text and ends.
func writes(text string) func(net.Conn) {
	return func(conn net.Conn) { _, _ = io.WriteString(conn, text) }
}

// resets is a connection that carries this text and breaks.
func resets(text string) func(net.Conn) {
	return func(conn net.Conn) {
		_, _ = io.WriteString(conn, text)
		_ = conn.(*net.TCPConn).SetLinger(0)
	}
}

func TestFault_T4_ResetWithinTheHeadersIsKept(t *testing.T) {
	requireBrokenAnswersKept(t, unreachable, resets("HTTP/1.1 200 OK\r\nContent-Ty"))
}

func TestFault_T4_ResetWithinTheBodyDiscardsThePage(t *testing.T) {
	requireBrokenAnswersKept(t, unreachable, resets(head+"Content-Length: 1000\r\n\r\n["+event+","))
}

func TestFault_T7_BlackHoleIsKept(t *testing.T) {
	assert.Equal(t, time.Minute, defaults().ClientConfig.Timeout)
	requireBrokenAnswersKept(t, unreachable, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
}

func TestFault_T8_SlowLorisIsKept(t *testing.T) {
	requireBrokenAnswersKept(t, unreachable, func(conn net.Conn) {
		_, _ = io.WriteString(conn, head+"Content-Length: 1000\r\n\r\n[")
		drip := time.NewTicker(20 * time.Millisecond)
		defer drip.Stop()
		for range drip.C {
			if _, err := conn.Write([]byte(" ")); err != nil {
				return
			}
		}
	})
}

func TestFault_T9_BodyShorterThanAnnouncedIsKept(t *testing.T) {
	requireBrokenAnswersKept(t, unreachable, writes(head+"Content-Length: 1000\r\n\r\n["+event+"]"))
}

func TestFault_T10_ChunksWithoutAnEndAreKept(t *testing.T) {
	whole := "[" + event + "]"
	requireBrokenAnswersKept(t, unreachable, writes(fmt.Sprintf("%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", head, len(whole), whole)))
}

func TestFault_T10_PrefixOfAnArrayIsKept(t *testing.T) {
	prefix := "[" + event
	requireBrokenAnswersKept(t, noPage, writes(fmt.Sprintf("%sConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", head, len(prefix), prefix)))
}

func TestFault_T11_CorruptGzipIsKept(t *testing.T) {
	var body bytes.Buffer
	compressor := gzip.NewWriter(&body)
	_, _ = compressor.Write(bytes.Repeat([]byte(event), 100))
	require.NoError(t, compressor.Close())
	body.Bytes()[body.Len()-6] ^= 0xff // the checksum
	requireBrokenAnswersKept(t, unreachable, writes(fmt.Sprintf("%sContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", head, body.Len(), body.String())))
}

func TestFault_T11_BombHalvesThePageAndMissesNothing(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.config.PageSize = 1000
		c.config.MaxResponseSize = 1 << 20
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		add(c, "a", 1200)
		sent := len(c.api.Requests())
		c.api.Inject(simulator.Fault{
			When:   func(r simulator.Request) bool { return r.Query.SearchAfter != nil && r.Query.Limit > 250 },
			Effect: simulator.GzipBomb(1 << 30),
		})
		c.pass(10 * time.Second)
		c.requireEachOnce("", from)
		met := c.api.Requests()[sent:]
		require.Greater(t, len(met), 3)
		var limits []int
		for _, request := range met {
			// A token goes with its own query only, so a smaller page begins by time.
			if query := request.Query; query.Fields == nil && query.SearchAfter == nil && len(limits) < 4 {
				limits = append(limits, query.Limit)
			}
		}
		assert.Equal(t, []int{1000, 1000, 500, 250}, limits, "whole again after a look by ids, then by halves")
	})
}

func TestFault_T12_HeadersWithoutAnEndAreRefused(t *testing.T) {
	before := allocated()
	var written int64
	var mu sync.Mutex
	line := bytes.Repeat([]byte("X-Filler: "+string(bytes.Repeat([]byte("a"), 1000))+"\r\n"), 64)
	requireBrokenAnswersKept(t, unreachable, func(conn net.Conn) {
		total, err := io.WriteString(conn, head)
		for err == nil {
			var n int
			n, err = conn.Write(line)
			total += n
		}
		mu.Lock()
		defer mu.Unlock()
		written = max(written, int64(total))
	})
	mu.Lock()
	defer mu.Unlock()
	assert.Less(t, written, int64(32<<20), "the headers are not read to their end, which they have not")
	assert.Less(t, allocated()-before, uint64(1<<30))
}

func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

func TestFault_T13_LoginPageOfAProxyIsNoPage(t *testing.T) {
	c := networked(t)
	f, server := serveFront(t, c)
	c.config.ClientConfig.Endpoint = "http://api.example.test"
	c.config.ClientConfig.ProxyURL = server.URL
	page := "<!DOCTYPE html><html><body>Please log in</body></html>"
	login := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(page), page)
	requireOutage(t, c, func() { f.breakWith(writes(login)) }, func() { f.breakWith(nil) }, noPage)
	assert.NotContains(t, c.logs.String(), "Please log in")
}

func defaults() *jumpcloudreceiver.Config {
	return jumpcloudreceiver.NewFactory().CreateDefaultConfig().(*jumpcloudreceiver.Config)
}

// connKey is the context key of the number of requests on a connection.
type connKey struct{}

func TestFault_T5_StaleConnectionIsReplacedUnseen(t *testing.T) {
	c := networked(t)
	// Only the client's own repetition is in time.
	c.config.RetryOnFailure.InitialInterval, c.config.RetryOnFailure.MaxInterval = time.Hour, time.Hour
	var mu sync.Mutex
	var stale int
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		assert.NotContains(t, r.Header, "X-Idempotency-Key")
		count := r.Context().Value(connKey{}).(*int)
		if *count++; *count == 1 {
			c.api.ServeHTTP(w, r)
			return
		}
		stale++
		_, _ = io.Copy(io.Discard, r.Body)
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			_ = conn.Close()
		}
	}))
	server.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, new(int))
	}
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(c.stop)
	c.config.ClientConfig.Endpoint = server.URL
	c.start()
	from := time.Now()
	require.Eventually(t, func() bool { return len(c.api.Requests()) > 2 }, enough, often)
	add(c, "a", 20)
	require.Eventually(t, func() bool { return len(c.sink.counts()) == 20 && len(c.api.Requests()) > 10 }, enough, often)
	c.stop()
	c.requireEachOnce("", from)
	c.requireStatuses("")
	mu.Lock()
	defer mu.Unlock()
	assert.GreaterOrEqual(t, stale, 10, "each request but the first met a connection that was closed")
}
