// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"encoding/binary"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Types and codes of DNS messages.
const (
	typeA      = 1
	typeAAAA   = 28
	noSuchName = 3
	dnsHead    = 12
)

// names is a DNS server for the names of a test.
type names struct {
	mu        sync.Mutex
	addresses []net.IP
}

// resolveBy makes names be looked up at a server of the test's own for as long as it runs.
func resolveBy(t *testing.T) *names {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	n := &names{}
	var serving sync.WaitGroup
	serving.Go(func() { n.serve(socket) })
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", socket.LocalAddr().String())
	}}
	t.Cleanup(func() {
		net.DefaultResolver = before
		_ = socket.Close()
		serving.Wait()
	})
	return n
}

// become sets the addresses of every name; none is that there is no such name.
func (n *names) become(addresses ...net.IP) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.addresses = addresses
}

func (n *names) serve(socket net.PacketConn) {
	buffer := make([]byte, 512)
	for {
		length, from, err := socket.ReadFrom(buffer)
		if err != nil {
			return
		}
		_, _ = socket.WriteTo(n.answer(buffer[:length]), from)
	}
}

// answer repeats the question and leaves out what else was sent.
func (n *names) answer(query []byte) []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	end := dnsHead
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	kind := binary.BigEndian.Uint16(query[end+1:])
	end += 5
	answer := append([]byte(nil), query[:end]...)
	answer[2], answer[3] = 0x81, 0x80
	binary.BigEndian.PutUint16(answer[8:], 0)
	binary.BigEndian.PutUint16(answer[10:], 0)
	var count uint16
	for _, address := range n.addresses {
		data := []byte(address.To4())
		if data == nil {
			data = address.To16()
		}
		if len(data) == net.IPv4len != (kind == typeA) || kind != typeA && kind != typeAAAA {
			continue
		}
		count++
		answer = append(answer, 0xc0, dnsHead, 0, byte(kind), 0, 1, 0, 0, 0, 0, 0, byte(len(data)))
		answer = append(answer, data...)
	}
	if binary.BigEndian.PutUint16(answer[6:], count); len(n.addresses) == 0 {
		answer[3] |= noSuchName
	}
	return answer
}

// listening is a server whose address may be left and taken again.
type listening struct {
	t       *testing.T
	handler http.Handler
	server  *httptest.Server
	address string
}

func listen(t *testing.T, address string, handler http.Handler) *listening {
	l := &listening{t: t, handler: handler, address: address}
	l.open()
	l.address = l.server.Listener.Addr().String()
	t.Cleanup(l.close)
	return l
}

func (l *listening) open() {
	l.t.Helper()
	socket, err := net.Listen("tcp", l.address)
	require.NoError(l.t, err)
	l.server = httptest.NewUnstartedServer(l.handler)
	_ = l.server.Listener.Close()
	l.server.Listener = socket
	l.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	l.server.Start()
}

func (l *listening) close() { l.server.Close() }

func (l *listening) port() string {
	_, port, err := net.SplitHostPort(l.address)
	require.NoError(l.t, err)
	return port
}

func TestFault_T1_NameThatIsNotThereIsKept(t *testing.T) {
	c := networked(t)
	resolver := resolveBy(t)
	resolver.become(net.IPv4(127, 0, 0, 1))
	l := listen(t, "127.0.0.1:0", c.api)
	c.config.ClientConfig.Endpoint = "http://api.example.test:" + l.port()
	requireOutage(t, c, func() {
		resolver.become()
		l.server.CloseClientConnections()
	}, func() { resolver.become(net.IPv4(127, 0, 0, 1)) }, unreachable)
	assert.Contains(t, c.logs.String(), "no such host")
}

func TestFault_T2_RefusedConnectionIsKept(t *testing.T) {
	c := networked(t)
	l := listen(t, "127.0.0.1:0", c.api)
	c.config.ClientConfig.Endpoint = "http://" + l.address
	requireOutage(t, c, l.close, l.open, unreachable)
	assert.Contains(t, c.logs.String(), "connection refused")
}

func TestFault_T14_ProxyThatIsDownIsWaitedFor(t *testing.T) {
	c := networked(t)
	proxy := listen(t, "127.0.0.1:0", c.api)
	c.config.ClientConfig.Endpoint = "http://api.example.test"
	c.config.ClientConfig.ProxyURL = "http://" + proxy.address
	requireOutage(t, c, proxy.close, proxy.open, unreachable)
}

func TestFault_T14_EitherFamilyOfAddressesWillDo(t *testing.T) {
	c := networked(t)
	resolver := resolveBy(t)
	resolver.become(net.IPv4(127, 0, 0, 1), net.IPv6loopback)
	four := listen(t, "127.0.0.1:0", c.api)
	probe, err := net.Listen("tcp", "[::1]:"+four.port())
	if err != nil {
		t.Skipf("there is no IPv6 here: %v", err)
	}
	_ = probe.Close()
	c.config.ClientConfig.Endpoint = "http://api.example.test:" + four.port()
	requireOutage(t, c, four.close, func() { listen(t, "[::1]:"+four.port(), c.api) }, unreachable)
	assert.Contains(t, c.logs.String(), "connection refused")
}
