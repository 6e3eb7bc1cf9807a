// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"fmt"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// read fetches the next page of a lane's pass, settles its events and moves the pass on.
func (e *Engine) read(ctx context.Context, l *lane) error {
	p, stays := l.pass, func() bool {
		now := time.Now()
		return e.lanes.stays(l, e.lanes.live(e.keeper.frontier, e.clock.earliest()), now)
	}
	asked := time.Now()
	page, err := e.fetcher.fetch(ctx, p.run, stays)
	if err != nil {
		if l != e.lanes.tail {
			l.attempt.took = time.Since(asked)
		}
		return err
	}
	e.observeClock(page.Clock)
	p.opened(e.clock.asOf(page.Clock))
	continued := p.run.token != nil
	repeated := p.run.repeats(page)
	p.run.inspect(page)
	if !continued {
		e.judgeRetention(l, page)
	}
	s := settlement{engine: e, lane: l, page: page, report: PageReport{Pass: l.kind}}
	if err := s.settle(ctx); err != nil {
		return err
	}
	l.succeeded()
	s.report.Limit = l.whole.limit
	e.observer.Page(s.report)
	if err := ctx.Err(); err != nil {
		return err // what is left is to store, and a stop has no time for more than a batch
	}
	if err := e.turn(ctx, l, &s, repeated); err != nil {
		return err
	}
	if p.restarted && !continued && l.pass == p && p.run.token != nil {
		return nil // the token that follows may be refused again
	}
	p.restarted = false
	e.recovered(l)
	return nil
}

// turn decides what follows a page: the next one, the same place in another way, or the end.
func (e *Engine) turn(ctx context.Context, l *lane, s *settlement, repeated bool) error {
	p, page := l.pass, s.page
	// Without any header a page shorter than its limit may still be followed by another one.
	more := page.Full() || page.HeadersMissing && page.Token != nil && len(page.Events) > 0
	if err := e.advance(ctx, p); err != nil {
		return err
	}
	switch {
	case p.skipped(!more || s.stopped) && p.skipTo.After(e.clock.earliest()):
		// The pass can't go on there by time, so what follows is left to the next rescan.
		l.passed()
		return e.finish(ctx, l)
	case e.reopened(l, s, !more):
		return nil
	case s.stopped:
		return fmt.Errorf("%w (%s)", errStuck, p.run.position.Format(time.RFC3339Nano))
	case !more, p.beyond():
		return e.finish(ctx, l)
	case page.Token != nil && !repeated:
		p.run.token = page.Token
		return nil
	}
	if repeated {
		e.observer.Anomaly(AnomalyRepeatedPage)
	} else {
		e.observer.Anomaly(AnomalyNoToken)
	}
	if l.resume() || l.raise() {
		return nil
	}
	if p.run.ahead() {
		// By time nothing leads further, and what is dated ahead is left to the rescans to come.
		return e.finish(ctx, l)
	}
	return fmt.Errorf("%w (%s)", errStuck, p.run.position.Format(time.RFC3339Nano))
}

// reopened begins another run where the pass is to be read in another way from here on, and reports whether
// it did.
func (e *Engine) reopened(l *lane, s *settlement, last bool) bool {
	p := l.pass
	further := p.run.position.After(p.run.query.Start)
	switch {
	case p.skipped(last || s.stopped):
		start := p.skipTo
		l.passed()
		l.begin(start)
	case s.stopped:
		if p.partial != "" && !further {
			return false
		}
		l.readWhole()
	case p.partial != "", last, p.beyond():
		return false
	case l.light.allowed && p.mayBeLight(s.report.Delivered) && !p.missedAt.After(e.clock.latest()):
		// Ahead of now, a run that is light again would begin at now, and read all that is known again.
		p.missedAt = time.Time{}
		l.resume()
	case p.run.query.Limit < l.size().limit && further:
		l.resume()
	default:
		return false
	}
	return true
}

// advance stores how far a pass is.
func (e *Engine) advance(ctx context.Context, p *pass) error {
	e.keeper.frontier = e.keeper.frontier.advance(p.kind, p.run.position, p.asOf)
	return e.keeper.commitProgress(ctx)
}

// finish ends a pass: its last page is settled.
func (e *Engine) finish(ctx context.Context, l *lane) error {
	p := l.pass
	e.keeper.frontier = e.keeper.frontier.finish(p.kind, p.asOf, p.end)
	switch l {
	case e.lanes.audit:
		e.audit.wasRead()
	case e.lanes.proof:
		e.proof.wasRead()
	}
	if p.kind == Rescan {
		e.keeper.fit()
		e.keeper.learned()
		e.lanes.rescanned(e.keeper.frontier)
		// A date that is far behind must not make one rescan follow the other without a pause.
		e.lanes.rescan.due = later(e.lanes.rescan.due, time.Now().Add(minWait))
		e.lanes.tail.overtaken(p.asOf)
		if !e.lanes.tail.due.After(time.Now()) {
			// The rescan was the tail as well.
			e.lanes.tail.due = time.Now().Add(e.settings.PollInterval)
		}
	}
	l.close()
	return e.keeper.commit(ctx, p.renewed)
}

// judgeRetention declares a loss where the API answers for a time from before its retention and shows
// nothing of it. It gives up nothing: a pass that starts there is read all the same. A rescan judges for the tail
// too, since it begins earlier.
func (e *Engine) judgeRetention(l *lane, page *insights.Page) {
	if l.kind != Rescan && l.kind != Backfill {
		return
	}
	from := e.keeper.frontier.losable(l.kind)
	if from, to := e.retention.missing(page, l.pass.run.query.Start, from, l.pass.end); from.Before(to) {
		e.keeper.lose(Loss{Reason: LossRetention, From: from, To: to})
	}
}
