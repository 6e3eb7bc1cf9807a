// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// redisServer is a real server on loopback, with a folder of its own.
type redisServer struct {
	t       *testing.T
	program string
	address string
	folder  string
	command *exec.Cmd
}

// newRedis starts a server that writes every change to disk before it answers.
func newRedis(t *testing.T) *redisServer {
	t.Helper()
	program := tool(t, "redis-server")
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())
	server := &redisServer{t: t, program: program, address: address, folder: t.TempDir()}
	t.Cleanup(server.stop)
	server.start()
	return server
}

func (r *redisServer) start() {
	r.t.Helper()
	host, port, err := net.SplitHostPort(r.address)
	require.NoError(r.t, err)
	r.command = exec.Command(r.program, "--bind", host, "--port", port, "--dir", r.folder, "--save", "",
		"--appendonly", "yes", "--appendfsync", "always", "--daemonize", "no")
	log, err := os.Create(filepath.Join(r.folder, "log"))
	require.NoError(r.t, err)
	defer func() { require.NoError(r.t, log.Close()) }()
	r.command.Stdout, r.command.Stderr = log, log
	require.NoError(r.t, r.command.Start())
	require.Eventually(r.t, func() bool { return strings.HasPrefix(r.ask("PING"), "+PONG") }, enough, often)
}

// stop kills the server, as a crash would.
func (r *redisServer) stop() {
	if r.command != nil {
		_ = r.command.Process.Signal(syscall.SIGKILL)
		_ = r.command.Wait()
		r.command = nil
	}
}

// ask sends a command and returns what is answered at once, or the error's text.
func (r *redisServer) ask(command string) string {
	connection, err := net.DialTimeout("tcp", r.address, time.Second)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = connection.Close() }()
	_ = connection.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = fmt.Fprintf(connection, "%s\r\n", command)
	answer := make([]byte, 4096)
	n, err := connection.Read(answer)
	if err != nil {
		return err.Error()
	}
	return string(answer[:n])
}

// useRedis makes an installation keep its checkpoint in redis.
func (i *installation) useRedis(address string) {
	i.t.Helper()
	i.reconfigure("storage: file_storage", "storage: redis_storage")
	i.reconfigure("extensions: [file_storage]", "extensions: [redis_storage]")
	i.reconfigure("  file_storage:\n    directory: "+filepath.Join(i.folder, "state")+"\n    "+createDirectory,
		"  redis_storage:\n    endpoint: "+address+"\n    tls:\n      insecure: true")
}

// tearing is a proxy before redis. While it tears, it breaks a connection off before the first
// write of a state, so that of each batch only what is written before reaches the server.
type tearing struct {
	listener net.Listener
	target   string
	active   atomic.Bool
	torn     atomic.Int32
	running  sync.WaitGroup
}

func newTearing(t *testing.T, target string) *tearing {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	proxy := &tearing{listener: listener, target: target}
	proxy.running.Go(proxy.serve)
	t.Cleanup(func() {
		_ = listener.Close()
		proxy.running.Wait()
	})
	return proxy
}

func (p *tearing) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.pass(client) })
	}
}

func (p *tearing) pass(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	p.running.Go(func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	})
	buffer := make([]byte, 1<<20)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		if at := bytes.Index(buffer[:n], []byte("own/state")); p.active.Load() && at >= 0 {
			_, _ = server.Write(buffer[:at])
			p.torn.Add(1)
			return
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}
