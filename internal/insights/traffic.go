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

// Traffic observes each try of a request. The goroutine that asks, or that closes the answer, calls its methods. They
// must not block.
type Traffic interface {
	// Sent is called when a try is over. status is 0 without an answer, took is the time from sending to the end of the
	// answer's body, and bytes is the number of inflated bytes that were read.
	Sent(status int, took time.Duration, bytes int)
	// Retried is called when a request is sent again.
	Retried()
	// Waited is called when a try has waited for its turn.
	Waited(cause WaitCause, waited time.Duration)
}

// unobserved is a Traffic that does nothing.
type unobserved struct{}

func (unobserved) Sent(int, time.Duration, int)    {}
func (unobserved) Retried()                        {}
func (unobserved) Waited(WaitCause, time.Duration) {}

// trafficTransport reports each try.
type trafficTransport struct {
	next    http.RoundTripper
	traffic Traffic
}

// RoundTrip implements http.RoundTripper. An answer is reported when its body is closed.
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
