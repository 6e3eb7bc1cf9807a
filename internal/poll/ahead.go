// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"bytes"
	"context"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// request is a page that was asked for.
type request struct {
	pass   *pass
	query  insights.Query
	cancel context.CancelFunc
	// opened is closed when answer or err is there.
	opened chan struct{}
	answer *insights.Answer
	err    error
}

// ask sends a request, which must be read or dropped.
func (e *Engine) ask(ctx context.Context, p *pass, query insights.Query) *request {
	ctx, cancel := context.WithCancel(ctx)
	r := &request{pass: p, query: query, cancel: cancel, opened: make(chan struct{})}
	go func() {
		defer close(r.opened)
		r.answer, r.err = e.source.Open(ctx, query)
	}()
	return r
}

// open waits for the answer's headers.
func (r *request) open() (*insights.Answer, error) {
	<-r.opened
	return r.answer, r.err
}

// continues says that the answer is what a pass reads next. The limit may have changed since; the
// place is what counts.
func (r *request) continues(p *pass) bool {
	return r.pass == p && p.bypass == "" && bytes.Equal(r.query.SearchAfter, p.token)
}

// toldToWait says that the answer is there and asks to wait, which goes for whoever asks next.
func (r *request) toldToWait() bool {
	select {
	case <-r.opened:
		return asksToWait(r.err)
	default:
		return false
	}
}

// drop gives a request up that nobody needs any more.
func (r *request) drop() {
	r.cancel()
	if answer, err := r.open(); err == nil {
		answer.Close()
	}
}

// fetch reads the next page of a pass. As soon as its headers are there the page behind it is asked
// for, so that the API works while this one is read and delivered. At most one page is asked ahead,
// and it is not read before its turn: what the API is able to send meanwhile waits in the connection.
func (e *Engine) fetch(ctx context.Context, p *pass) (*insights.Page, error) {
	for {
		current, waited := e.current(ctx, p)
		page, err := e.readPage(ctx, current)
		current.cancel()
		if err == nil {
			return page, nil
		}
		e.dropAhead()
		if !waited || ctx.Err() != nil || current.err != nil || classify(err) != FailureTransport {
			return nil, err
		}
		// The answer may be broken off only because it had to wait for its turn: it is asked for again.
	}
}

// current returns the request for a pass's next page, and whether it was sent ahead.
func (e *Engine) current(ctx context.Context, p *pass) (current *request, ahead bool) {
	if r := e.ahead; r != nil && (r.continues(p) || r.toldToWait()) {
		e.ahead = nil
		return r, true
	}
	e.dropAhead()
	return e.ask(ctx, p, e.query(p)), false
}

func (e *Engine) readPage(ctx context.Context, r *request) (*insights.Page, error) {
	answer, err := r.open()
	if err != nil {
		return nil, err
	}
	// After a page of history a live pass that is due comes next.
	next := r.pass.kind != Backfill || !e.liveDue(time.Now())
	if query := r.query; next && answer.Continued() && !r.pass.came(answer.Token) && len(query.Fields) == 0 {
		query.SearchAfter, query.Limit = answer.Token, e.size.limit
		e.ahead = e.ask(ctx, r.pass, query)
	}
	return answer.Page()
}

func (e *Engine) dropAhead() {
	if e.ahead != nil {
		e.ahead.drop()
		e.ahead = nil
	}
}
