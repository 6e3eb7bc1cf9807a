// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// WaitCause says what a request waits for before it is sent.
type WaitCause string

const (
	// WaitRateLimit is the limit that the client keeps by itself.
	WaitRateLimit WaitCause = "rate_limit"
	// WaitAsked is what the API asked whoever shares the key to wait.
	WaitAsked WaitCause = "asked"
)

// Traffic is told of each try of a request. Its methods are called by the goroutine that asks, or that closes the
// answer, and must not block.
type Traffic interface {
	// Sent tells that a try is over: its status, or 0 where no answer came, the time from its sending to the end
	// of its body, and the inflated bytes that were read of it.
	Sent(status int, took time.Duration, bytes int)
	// Retried tells that a request is sent again.
	Retried()
	// Waited tells how long a try waited for its turn.
	Waited(cause WaitCause, waited time.Duration)
}

// untold is the traffic that nobody is told of.
type untold struct{}

func (untold) Sent(int, time.Duration, int)    {}
func (untold) Retried()                        {}
func (untold) Waited(WaitCause, time.Duration) {}

// trafficTransport tells of each try.
type trafficTransport struct {
	next    http.RoundTripper
	traffic Traffic
}

// RoundTrip implements http.RoundTripper. An answer is told of when its body is closed.
func (t *trafficTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	sent := time.Now()
	response, err := t.next.RoundTrip(request)
	if err != nil {
		t.traffic.Sent(0, time.Since(sent), 0)
		return nil, err
	}
	body := &countedBody{ReadCloser: response.Body}
	body.ended = sync.OnceFunc(func() { t.traffic.Sent(response.StatusCode, time.Since(sent), int(body.bytes.Load())) })
	response.Body = body
	return response, nil
}

// countedBody counts what is read of a body, which another goroutine may close.
type countedBody struct {
	io.ReadCloser
	bytes atomic.Int64
	ended func()
}

// Read implements io.Reader.
func (b *countedBody) Read(into []byte) (int, error) {
	read, err := b.ReadCloser.Read(into)
	b.bytes.Add(int64(read))
	return read, err
}

// Close implements io.Closer.
func (b *countedBody) Close() error {
	b.ended()
	return b.ReadCloser.Close()
}
