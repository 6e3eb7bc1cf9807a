// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"bytes"
	"context"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// request is a page that was asked for.
type request struct {
	run    *run
	query  insights.Query
	cancel context.CancelFunc
	// opened is closed when answer or err is there.
	opened chan struct{}
	answer *insights.Answer
	err    error
}

// open waits for the answer's headers.
func (r *request) open() (*insights.Answer, error) {
	<-r.opened
	return r.answer, r.err
}

// continues reports whether the answer is what a run reads next.
func (r *request) continues(run *run) bool {
	return r.run == run && bytes.Equal(r.query.SearchAfter, run.token)
}

// askedToWait reports whether the answer is there and asks to wait, which goes for whoever asks next.
func (r *request) askedToWait() bool {
	select {
	case <-r.opened:
		return retryAfter(r.err) > 0
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

// fetcher asks for pages. At most one page is asked for ahead of its turn, and it is not read before its
// turn: what the API is able to send meanwhile waits in the connection.
type fetcher struct {
	source Source
	// ahead is the page that was asked for before its turn, or nil.
	ahead *request
}

// ask sends a request, which must be read or dropped.
func (f *fetcher) ask(ctx context.Context, run *run, query insights.Query) *request {
	ctx, cancel := context.WithCancel(ctx)
	r := &request{run: run, query: query, cancel: cancel, opened: make(chan struct{})}
	go func() {
		defer close(r.opened)
		r.answer, r.err = f.source.Open(ctx, query)
	}()
	return r
}

// fetch reads the next page of a run. Where the run stays the one that is read, the page behind it is
// asked for as soon as the headers are there, so that the API works while this one is read and delivered.
func (f *fetcher) fetch(ctx context.Context, run *run, stays func() bool) (*insights.Page, error) {
	for {
		current, waited := f.current(ctx, run)
		page, err := f.readPage(ctx, current, stays)
		current.cancel()
		if err == nil {
			return page, nil
		}
		f.dropAhead()
		if !waited || ctx.Err() != nil || current.err != nil || classify(err) != FailureTransport {
			return nil, err
		}
		// The answer may be broken off only because it had to wait for its turn: it is asked for again.
	}
}

// current returns the request for a run's next page, and whether it was sent ahead.
func (f *fetcher) current(ctx context.Context, run *run) (current *request, ahead bool) {
	if r := f.ahead; r != nil && (r.continues(run) || r.askedToWait()) {
		f.ahead = nil
		return r, true
	}
	f.dropAhead()
	return f.ask(ctx, run, run.next()), false
}

func (f *fetcher) readPage(ctx context.Context, r *request, stays func() bool) (*insights.Page, error) {
	answer, err := r.open()
	if err != nil {
		return nil, err
	}
	if answer.Continued() && !r.run.hasToken(answer.Token) && stays() {
		query := r.query
		query.SearchAfter = answer.Token
		f.ahead = f.ask(ctx, r.run, query)
	}
	return answer.Page()
}

func (f *fetcher) dropAhead() {
	if f.ahead != nil {
		f.ahead.drop()
		f.ahead = nil
	}
}
