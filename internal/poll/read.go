// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"fmt"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// read fetches the next page of a pass, settles its events and moves the pass on.
func (e *Engine) read(ctx context.Context, p *pass) error {
	page, err := e.fetch(ctx, p)
	if err != nil {
		return err
	}
	e.observeClock(page.Clock)
	p.opened(asOf(page.Clock))
	continued := p.token != nil
	repeated := p.repeats(page)
	p.inspect(page)
	report, err := e.settle(ctx, p, page)
	if err != nil {
		return err
	}
	p.bad = 0
	if !e.besideFailure(p) {
		e.size.succeeded() // else what is halved there would be raised here
	}
	report.Limit = e.size.limit
	e.observer.Page(report)
	if err := ctx.Err(); err != nil {
		return err // what is left is to store, and a stop has no time for more than a batch
	}
	if err := e.turn(ctx, p, page, repeated); err != nil {
		return err
	}
	if p.restarted && !continued && p.token != nil {
		return nil // the token that follows may be refused again
	}
	p.restarted = false
	e.recovered(p)
	return nil
}

func (e *Engine) query(p *pass) insights.Query {
	query := insights.Query{
		Services:    e.settings.Services,
		Start:       p.start,
		End:         p.end,
		Limit:       e.size.limit,
		SearchAfter: p.token,
	}
	if p.bypass != "" {
		query.Limit, query.Fields = 1, []string{"id", "timestamp"}
	}
	return query
}

// settle delivers a page's events that were not delivered before, batch by batch, each
// remembered before the next.
func (e *Engine) settle(ctx context.Context, p *pass, page *insights.Page) (PageReport, error) {
	report := PageReport{Pass: p.kind}
	pending := newBatch(len(page.Events))
	for _, event := range page.Events {
		if isNull(event.Raw) {
			report.Nulls++
			continue
		}
		if p.excludes(event) {
			continue
		}
		event.Oversize = p.bypass != ""
		id := identify(event)
		if pending.contains(id) || e.store.Seen(id) {
			report.Duplicates++
			if pending.conflicts(id, event.Raw) {
				report.Conflicts++
			}
			p.passed(event)
			p.renew(event, id)
			continue
		}
		if pending.full(len(event.Raw)) {
			if err := e.accept(ctx, p, pending, page); err != nil {
				return report, err
			}
			pending.reset()
		}
		if p.kind == Rescan && p.dated(event) && event.Timestamp.Before(e.state.Watermark) {
			report.Late++
		}
		pending.add(event, id)
		pending.entries = p.remember(pending.entries, event, id)
		report.Delivered++
		p.passed(event)
	}
	err := e.accept(ctx, p, pending, page)
	return report, err
}

// accept delivers a batch and remembers it.
func (e *Engine) accept(ctx context.Context, p *pass, b *batch, page *insights.Page) error {
	if len(b.events) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := e.deliver(ctx, Batch{Events: b.events, Received: page.Clock.Received, Delivery: p.delivery()}); err != nil {
		return fmt.Errorf("delivering a batch: %w", err)
	}
	if p.bypass != "" {
		e.observer.Lost(Loss{Reason: p.bypass, Events: len(b.events)})
	}
	e.advance(p, p.reached())
	return e.commit(ctx, checkpoint.Delivered{Lane: p.lane(), Entries: b.entries, AsOf: p.asOf})
}

// advance moves the kept start of a pass: everything before reached has been accepted.
func (e *Engine) advance(p *pass, reached time.Time) {
	if p.kind == Backfill {
		e.state.Backfill.Next = later(e.state.Backfill.Next, earlier(reached, p.end))
	} else {
		e.state.Watermark = later(e.state.Watermark, reached)
	}
	e.state.From = later(e.state.From, e.pruned())
}

// turn decides what follows a page: the next one, the same place again by time, or the end.
func (e *Engine) turn(ctx context.Context, p *pass, page *insights.Page, repeated bool) error {
	p.bypass = ""
	// Without any header a page shorter than its limit may still be followed by another one.
	more := page.Full() || page.HeadersMissing && page.Token != nil && len(page.Events) > 0
	if !more {
		return e.finish(ctx, p)
	}
	if page.Token != nil && !repeated {
		p.token = page.Token
		return nil
	}
	if repeated {
		e.observer.Anomaly(AnomalyRepeatedPage)
	} else {
		e.observer.Anomaly(AnomalyNoToken)
	}
	if p.resume() || p.raise(&e.size) {
		return nil
	}
	return fmt.Errorf("%w (%s)", errStuck, p.position.Format(time.RFC3339Nano))
}

// finish ends a pass: its last page is settled.
func (e *Engine) finish(ctx context.Context, p *pass) error {
	switch p.kind {
	case Backfill:
		e.advance(p, p.end)
		e.lanes.backfill = nil
	case Rescan:
		e.state.Rescanned = p.asOf
		fallthrough
	default:
		e.advance(p, p.asOf)
		e.lanes.live = nil
	}
	e.restoreSize()
	return e.commit(ctx, checkpoint.Delivered{Lane: p.lane(), Entries: p.renewed, AsOf: p.asOf})
}

// restoreSize ends what a pass raised. The other lane may still need it, and may raise it again.
func (e *Engine) restoreSize() {
	e.size.restore()
	if e.lanes.live != nil {
		e.lanes.live.raised = false
	}
	if e.lanes.backfill != nil {
		e.lanes.backfill.raised = false
	}
}

// commit stores the state and a batch's ids. It tries for as long as it takes: nothing is
// fetched before it succeeded. An error means that ctx is done.
func (e *Engine) commit(ctx context.Context, delivered checkpoint.Delivered) error {
	graceful, cancel := WithGrace(ctx, CommitGrace)
	defer cancel()
	var tries attempt
	for {
		err := e.store.Commit(graceful, e.state, delivered)
		if err == nil {
			e.works(ConditionStorage)
			e.observer.Progress(e.progress())
			return nil
		}
		wait := tries.failed(FailureCheckpoint, err, e.settings.Backoff)
		e.report(Failure{Condition: ConditionStorage, Kind: FailureCheckpoint, Err: err, Consecutive: tries.consecutive, Wait: wait})
		if !sleep(graceful, wait) {
			return fmt.Errorf("storing the checkpoint: %w", err)
		}
	}
}

func (e *Engine) progress() Progress {
	progress := Progress{
		Watermark:  e.state.Watermark,
		Now:        e.clock.earliest(),
		Skew:       e.clock.skew(),
		Remembered: e.store.Remembered(),
	}
	if e.state.Backfill.Pending() {
		progress.BackfillRemaining = e.state.Backfill.End.Sub(e.state.Backfill.Next)
	}
	return progress
}

func (e *Engine) observeClock(answer insights.ServerClock) {
	if answer.Date.IsZero() {
		e.observer.Anomaly(AnomalyNoDate)
	}
	e.clock.observe(answer)
}
