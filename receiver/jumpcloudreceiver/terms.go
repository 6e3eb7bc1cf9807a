// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"context"
	"sync"
	"time"
)

// terms are the times in which the receiver reads, never two at once. Its methods may be called
// at any time and in any order, and their caller may hold a lock.
type terms struct {
	mu     sync.Mutex
	closed bool
	// cancel ends the term under way; it is nil where there is none.
	cancel context.CancelFunc
	// ended is closed when nothing of the last term is under way any more.
	ended chan struct{}
}

// begin spawns a term, and returns at once. work must return soon after its context is done. A
// term under way goes on in place of another one, and after close there is none.
func (t *terms) begin(ctx context.Context, work func(ctx context.Context)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	// Of a lead that was lost at once, the loss may be told first.
	if t.closed || t.cancel != nil || ctx.Err() != nil {
		return
	}
	ctx, t.cancel = context.WithCancel(ctx)
	before, ended := t.ended, make(chan struct{})
	t.ended = ended
	go func() {
		defer close(ended)
		if before != nil {
			<-before
		}
		work(ctx)
	}()
}

// termEnd is what came of the end of a term.
type termEnd int

const (
	noTerm termEnd = iota
	termEnded
	termHangs
)

// end stops the term under way and waits until nothing of it is left, or until the limit.
func (t *terms) end(limit time.Duration) termEnd {
	t.mu.Lock()
	cancel, ended := t.cancel, t.ended
	t.cancel = nil
	closed := t.closed
	t.mu.Unlock()
	if cancel == nil || closed {
		return noTerm
	}
	cancel()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-ended:
		return termEnded
	case <-timer.C:
		return termHangs
	}
}

// close ends the term under way, and prevents others. What it returns is closed when nothing is
// under way any more.
func (t *terms) close() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	if t.cancel != nil {
		t.cancel()
		t.cancel = nil
	}
	if t.ended == nil {
		t.ended = make(chan struct{})
		close(t.ended)
	}
	return t.ended
}
