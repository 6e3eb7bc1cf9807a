// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Types of HTTP/2 frames, and codes of errors.
const (
	frameHeaders   = 1
	frameReset     = 3
	frameSettings  = 4
	frameGoAway    = 7
	noError        = 0
	refusedStream  = 7
	prefaceLength  = 24
	frameHeadBytes = 9
)

// interceptor hands the first connections to something that speaks HTTP/2 badly.
type interceptor struct {
	net.Listener
	settings *tls.Config
	speak    func(conn net.Conn, stream uint32)

	mu    sync.Mutex
	times int
	met   int
	group sync.WaitGroup
}

// Accept implements net.Listener.
func (i *interceptor) Accept() (net.Conn, error) {
	for {
		conn, err := i.Listener.Accept()
		if err != nil || !i.take() {
			return conn, err
		}
		i.group.Go(func() {
			secured := tls.Server(conn, i.settings)
			defer func() { _ = secured.Close() }()
			if stream, ok := firstStream(secured); ok {
				i.speak(secured, stream)
			}
		})
	}
}

func (i *interceptor) take() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.times == 0 {
		return false
	}
	i.times--
	i.met++
	return true
}

func frame(kind, flags byte, stream uint32, payload ...byte) []byte {
	head := []byte{0, 0, byte(len(payload)), kind, flags, 0, 0, 0, 0}
	binary.BigEndian.PutUint32(head[5:], stream)
	return append(head, payload...)
}

func word(value uint32) []byte { return binary.BigEndian.AppendUint32(nil, value) }

// firstStream begins HTTP/2 and waits for the headers of a request.
func firstStream(conn net.Conn) (stream uint32, ok bool) {
	if _, err := io.ReadFull(conn, make([]byte, prefaceLength)); err != nil {
		return 0, false
	}
	_, _ = conn.Write(frame(frameSettings, 0, 0))
	for {
		head := make([]byte, frameHeadBytes)
		if _, err := io.ReadFull(conn, head); err != nil {
			return 0, false
		}
		length := int64(head[0])<<16 | int64(head[1])<<8 | int64(head[2])
		if _, err := io.CopyN(io.Discard, conn, length); err != nil {
			return 0, false
		}
		switch {
		case head[3] == frameSettings && head[4] == 0:
			_, _ = conn.Write(frame(frameSettings, 1, 0))
		case head[3] == frameHeaders:
			return binary.BigEndian.Uint32(head[5:]), true
		}
	}
}

// requireHTTP2Kept lets the first connection break. Nothing may be lost, nor come twice.
func requireHTTP2Kept(t *testing.T, change func(*collector), speak func(conn net.Conn, stream uint32)) *collector {
	t.Helper()
	c := networked(t)
	trusted := newAuthority(t)
	c.config.ClientConfig.TLS.CAFile = trusted.file()
	c.config.Backfill.Lookback = time.Hour
	if change != nil {
		change(c)
	}
	server := httptest.NewUnstartedServer(c.api)
	server.EnableHTTP2 = true
	server.TLS = trusted.sign(nil)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	broken := &interceptor{Listener: server.Listener, settings: server.TLS.Clone(), speak: speak, times: 1}
	server.Listener = broken
	server.StartTLS()
	c.config.ClientConfig.Endpoint = server.URL
	t.Cleanup(func() {
		c.stop()
		server.Close()
		broken.group.Wait()
	})
	from := time.Now().Add(-time.Minute)
	add(c, "a", 20)
	c.start()
	require.Eventually(t, func() bool { return len(c.sink.counts()) == 20 }, enough, often)
	c.stop()
	c.requireEachOnce("", from)
	broken.mu.Lock()
	defer broken.mu.Unlock()
	assert.Equal(t, 1, broken.met)
	return c
}

func TestFault_T6_GoAwayIsRepeatedUnseen(t *testing.T) {
	c := requireHTTP2Kept(t, nil, func(conn net.Conn, _ uint32) {
		_, _ = conn.Write(frame(frameGoAway, 0, 0, append(word(0), word(noError)...)...))
		_, _ = io.Copy(io.Discard, conn)
	})
	c.requireStatuses("")
}

func TestFault_T6_RefusedStreamIsRepeatedUnseen(t *testing.T) {
	c := requireHTTP2Kept(t, nil, func(conn net.Conn, stream uint32) {
		_, _ = conn.Write(frame(frameReset, 0, stream, word(refusedStream)...))
		_, _ = conn.Write(frame(frameGoAway, 0, 0, append(word(stream), word(noError)...)...))
		_, _ = io.Copy(io.Discard, conn)
	})
	c.requireStatuses("")
}

func TestFault_T6_DeadConnectionIsFoundBeforeTheTimeout(t *testing.T) {
	assert.Equal(t, 30*time.Second, defaults().ClientConfig.HTTP2ReadIdleTimeout)
	began := time.Now()
	requireHTTP2Kept(t, func(c *collector) {
		c.config.ClientConfig.HTTP2ReadIdleTimeout = 50 * time.Millisecond
		c.config.ClientConfig.HTTP2PingTimeout = 50 * time.Millisecond
	}, func(conn net.Conn, _ uint32) { _, _ = io.Copy(io.Discard, conn) })
	assert.Less(t, time.Since(began), defaults().ClientConfig.Timeout/2)
}
