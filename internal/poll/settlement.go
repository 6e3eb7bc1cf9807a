// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// settlement is what becomes of one page: what was delivered before is passed over, the rest is delivered
// batch by batch, each remembered before the next.
type settlement struct {
	engine *Engine
	lane   *lane
	page   *insights.Page
	report PageReport
	// stopped means that the rest of the page was not looked at.
	stopped bool
}

func (s *settlement) settle(ctx context.Context) error {
	p := s.lane.pass
	if p.run.light() && !s.isLight() {
		s.stopped = true
		return nil
	}
	pending := newBatch(s.engine.settings.BatchSize, len(s.page.Events))
	for _, event := range s.page.Events {
		if isNull(event.Raw) {
			s.report.Nulls++
			continue
		}
		id := identify(event)
		known := pending.contains(id) || s.engine.keeper.known(event, id)
		switch {
		case known:
			s.passOver(pending, event, id)
			continue
		case p.run.excludes(event):
			continue
		case p.skips(event):
			event.Oversize = true
		case p.run.light():
			s.stop(event)
			return s.accept(ctx, pending)
		}
		if err := s.add(ctx, pending, event, id); err != nil {
			return err
		}
	}
	return s.accept(ctx, pending)
}

// isLight reports whether a light page is what was asked for. Where it is not, rescans read whole events
// from here on. A pass that can't fetch an event whole has no other way, and takes what it gets.
func (s *settlement) isLight() bool {
	if s.lane.pass.partial != "" || !slices.ContainsFunc(s.page.Events, func(e insights.Event) bool { return !isLight(e) }) {
		return true
	}
	s.engine.observer.Anomaly(AnomalyNotLight)
	s.lane.light.allowed = false
	return false
}

// stop leaves the rest of a light page to whole ones. Everything before the event was delivered.
func (s *settlement) stop(event insights.Event) {
	s.stopped = true
	if run := s.lane.pass.run; run.ordered && run.dated(event) {
		run.position = later(run.position, event.Timestamp.Truncate(time.Millisecond))
	}
}

// passOver moves on behind an event that was delivered before.
func (s *settlement) passOver(pending *batch, event insights.Event, id checkpoint.ID) {
	p := s.lane.pass
	s.report.Duplicates++
	if !p.run.light() && pending.conflicts(id, event.Raw) {
		s.report.Conflicts++
	}
	p.run.passed(event)
	p.renew(event, id)
}

// add takes an event into the batch, and delivers the batch before where the event does not belong to it.
func (s *settlement) add(ctx context.Context, pending *batch, event insights.Event, id checkpoint.ID) error {
	delivery := s.delivery(event)
	if pending.closed(delivery) {
		if err := s.accept(ctx, pending); err != nil {
			return err
		}
		pending.reset()
	}
	if delivery == DeliveryLate {
		s.report.Late++
	}
	pending.add(event, delivery, s.lane.pass.entry(event, id))
	s.report.Delivered++
	s.lane.pass.run.passed(event)
	return nil
}

// delivery tells how an event came.
func (s *settlement) delivery(event insights.Event) Delivery {
	switch {
	case s.lane.kind == Backfill:
		return DeliveryHistory
	case s.lane.kind != Tail && s.lane.pass.run.dated(event) && event.Timestamp.Before(s.engine.keeper.frontier.Watermark):
		return DeliveryLate
	default:
		return DeliveryLive
	}
}

// accept delivers a batch and remembers it.
func (s *settlement) accept(ctx context.Context, b *batch) error {
	if len(b.events) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	e, p := s.engine, s.lane.pass
	if err := e.keeper.announce(ctx); err != nil {
		return err
	}
	batch := Batch{Events: b.events, Received: s.page.Clock.Received, Delivery: b.delivery}
	delivered, err := e.keeper.consumer.Deliver(ctx, batch)
	if err != nil {
		return fmt.Errorf("delivering a batch: %w", err)
	}
	if p.partial != "" {
		from, to := span(b.events)
		e.keeper.lose(Loss{Reason: p.partial, From: from, To: to, Events: len(b.events)})
	}
	for _, lost := range delivered.Lost {
		e.keeper.announceLater(lost)
	}
	news := e.keeper.met(delivered.Names, b.delivery)
	e.keeper.newest(b.events)
	e.keeper.frontier = e.keeper.frontier.advance(p.kind, p.run.position, p.asOf)
	if err := e.keeper.commit(ctx, b.entries); err != nil {
		return err
	}
	if len(news) > 0 {
		e.observer.Novel(news)
	}
	return nil
}

// span bounds the times of events, [from, to), by whole milliseconds. Both are zero where none has a time.
func span(events []insights.Event) (from, to time.Time) {
	for i := range events {
		at := events[i].Timestamp.Truncate(time.Millisecond)
		if events[i].Timestamp.IsZero() {
			continue
		}
		if from.IsZero() {
			from = at
		}
		from, to = earlier(from, at), later(to, at.Add(time.Millisecond))
	}
	return from, to
}

func isNull(raw json.RawMessage) bool {
	return bytes.Equal(bytes.TrimSpace(raw), []byte("null"))
}
