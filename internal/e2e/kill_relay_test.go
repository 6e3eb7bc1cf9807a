// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	encoding "encoding/binary"
	"io"
	"net"
	"sync"
	"time"

	"github.com/stretchr/testify/require"
)

// produce is the API key of Kafka's request that stores records.
const produce = 0

// conversation is a connection of a Kafka client to a broker, with the appointments of a journal.
type conversation struct {
	journal        *journal
	client, broker net.Conn

	mu sync.Mutex
	// produced has the correlation ids of the requests that store records and are not answered yet.
	produced map[uint32]bool
}

// relay stands before a broker and returns its own address. A request that stores records has the stages of a
// journal's: it arrived, it is stored once the broker answers, and it is answered.
func relay(j *journal, broker string) string {
	listener, err := new(net.ListenConfig).Listen(j.t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(j.t, err)
	var open sync.WaitGroup
	j.t.Cleanup(func() {
		_ = listener.Close()
		open.Wait()
	})
	open.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", broker)
			if err != nil {
				_ = client.Close()
				continue
			}
			c := &conversation{journal: j, client: client, broker: server, produced: make(map[uint32]bool)}
			open.Go(func() { c.pass(client, server, c.asked, func() {}) })
			open.Go(func() { c.pass(server, client, c.known, func() { j.pass(answered) }) })
		}
	})
	return listener.Addr().String()
}

// pass hands on messages until either side has gone. Both directions end together.
func (c *conversation) pass(from io.Reader, to io.Writer, before func(message []byte) bool, after func()) {
	defer c.client.Close()
	defer c.broker.Close()
	for {
		var size [4]byte
		if _, err := io.ReadFull(from, size[:]); err != nil {
			return
		}
		message := make([]byte, encoding.BigEndian.Uint32(size[:]))
		if _, err := io.ReadFull(from, message); err != nil {
			return
		}
		met := before(message)
		if _, err := to.Write(append(size[:], message...)); err != nil {
			return
		}
		if met {
			after()
		}
	}
}

// asked notes a request that stores records: its API key, its version, its correlation id.
func (c *conversation) asked(message []byte) bool {
	if len(message) < 8 || encoding.BigEndian.Uint16(message) != produce {
		return false
	}
	c.mu.Lock()
	c.produced[encoding.BigEndian.Uint32(message[4:])] = true
	c.mu.Unlock()
	_, wait := c.journal.draw()
	<-time.After(wait)
	c.journal.pass(arrived)
	return true
}

// known says whether an answer is to a request that stores records.
func (c *conversation) known(message []byte) bool {
	if len(message) < 4 {
		return false
	}
	id := encoding.BigEndian.Uint32(message)
	c.mu.Lock()
	found := c.produced[id]
	delete(c.produced, id)
	c.mu.Unlock()
	if found {
		c.journal.count(func(f *journalFigures) { f.requests++ })
		c.journal.pass(stored)
	}
	return found
}
