// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"context"
	"errors"
	"net/http/httptrace"
	"sync"
	"time"
)

// dialTimeout bounds the making of a connection: an address that swallows packets must not
// take all the time that an answer may take.
const dialTimeout = 10 * time.Second

var errDial = errors.New("no connection was made within " + dialTimeout.String())

// withDialTimeout returns a context in which abandon is called where a connection is begun and
// not made in time. It looks on from outside, since the dialer is that of the base client.
func withDialTimeout(ctx context.Context, abandon context.CancelCauseFunc) context.Context {
	watch := &dialWatch{abandon: abandon}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		ConnectStart: func(string, string) { watch.begin() },
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				watch.end()
			}
		},
		// Another request's connection may have become free first.
		GotConn: func(httptrace.GotConnInfo) { watch.end() },
	})
}

// dialWatch times the dials of one try, of which several may run at the same time.
type dialWatch struct {
	abandon context.CancelCauseFunc

	mu    sync.Mutex
	timer *time.Timer
	ended bool
}

func (w *dialWatch) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer == nil && !w.ended {
		w.timer = time.AfterFunc(dialTimeout, func() { w.abandon(errDial) })
	}
}

func (w *dialWatch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended = true; w.timer != nil {
		w.timer.Stop()
	}
}
