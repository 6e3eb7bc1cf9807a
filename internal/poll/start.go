// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

const (
	loadTries = 3
	loadPause = time.Second
	// probeBack is how far back the first request asks: it serves to learn the API's time, so
	// its start must be in the past by any clock that is not days off.
	probeBack = 24 * time.Hour
	// retentionMargin keeps a start that is clamped to the retention from being outside of it
	// by the time the request arrives.
	retentionMargin = time.Minute
)

// Load reads the stored state, three times at the most. An error means that it is not known
// what was delivered, and the engine must not run.
func (e *Engine) Load(ctx context.Context) error {
	for try := 1; ; try++ {
		loaded, err := e.store.Load(ctx)
		if err == nil {
			e.loaded, e.state = loaded, loaded.State
			return nil
		}
		if try == loadTries || errors.Is(err, checkpoint.ErrNewerVersion) || !sleep(ctx, loadPause) {
			return fmt.Errorf("loading the checkpoint: %w", err)
		}
	}
}

// begin asks the API for its time and settles where the engine starts. It reports false where
// ctx was done first.
func (e *Engine) begin(ctx context.Context) bool {
	if !e.learnTime(ctx) {
		return false
	}
	start := Start{
		State:           StartContinued,
		DamagedKey:      e.loaded.DamagedKey,
		DamagedSegments: e.loaded.DamagedSegments,
		QueryChanged:    e.loaded.Found && e.state.Query != e.settings.Query,
	}
	if !e.loaded.Found {
		start.State = StartFresh
		if e.loaded.DamagedKey != "" {
			start.State = StartDamaged
		}
		start.BackfillClamped = e.beginFresh()
	}
	e.state.Query = e.settings.Query
	e.rewindClock()
	e.clampToRetention()
	// The clock may stand in for the API's, and be behind the last rescan.
	sinceRescan := max(0, e.clock.earliest().Sub(e.state.Rescanned))
	e.lanes.rescanAt = time.Now().Add(e.settings.RescanInterval - sinceRescan)
	start.Watermark = e.state.Watermark
	if e.state.Backfill.Pending() {
		start.BackfillFrom = e.state.Backfill.Next
	}
	e.observer.Started(start)
	return e.commit(ctx, checkpoint.Delivered{}) == nil
}

// learnTime sends one request, again after each failure that doesn't tell the time either. A
// refused one does: the engine's promise begins with its first contact, not with a good key.
func (e *Engine) learnTime(ctx context.Context) bool {
	var tries attempt
	for {
		answer, err := e.source.Open(ctx, insights.Query{
			Services: e.settings.Services,
			Start:    time.Now().Add(-min(probeBack, e.settings.Retention/2)),
			Limit:    1,
		})
		var page *insights.Page
		if err == nil {
			page, err = answer.Page()
		}
		if ctx.Err() != nil {
			return false
		}
		if err == nil {
			e.observeClock(page.Clock)
			return true
		}
		e.clock.hear(errorClock(err))
		kind := classify(err)
		wait := tries.failed(kind, err, e.settings.Backoff)
		e.report(Failure{Condition: ConditionTail, Kind: kind, Err: err, Consecutive: tries.consecutive, Wait: wait})
		if e.clock.known() {
			e.lanes.tailAt = tries.notBefore
			return true
		}
		if !sleep(ctx, wait) {
			return false
		}
	}
}

// beginFresh sets the state of a very first start. History ends where the live passes begin:
// what happened less than L ago may still become visible, so it is theirs.
func (e *Engine) beginFresh() (clamped bool) {
	now := e.clock.earliest().Truncate(time.Millisecond)
	e.state = checkpoint.State{From: now, Watermark: now, Rescanned: now}
	start := e.settings.History.Start.UTC()
	if e.settings.History.Lookback > 0 {
		start = now.Add(-e.settings.History.Lookback)
	}
	if start.IsZero() || !start.Before(now) {
		return false
	}
	if edge := e.retentionEdge(); start.Before(edge) {
		start, clamped = edge, true
	}
	live := later(start, now.Add(-e.settings.MaxEventDelay).Truncate(time.Second))
	e.state.From, e.state.Watermark = start, live
	e.state.Backfill = checkpoint.Backfill{Next: start, End: live}
	return clamped
}

// rewindClock goes back where the watermark is after the API's time: the API's clock was set
// back, or the state is not its own. What is remembered stays, and so does its edge where it can
// be true; where ids of the last L are forgotten already, their events come again: no event is lost.
func (e *Engine) rewindClock() {
	if !e.state.Watermark.After(e.clock.latest()) {
		return
	}
	now := e.clock.earliest()
	back := now.Add(-e.settings.MaxEventDelay)
	if e.state.From.After(now) || e.state.From.Equal(e.pruned()) && e.state.From.After(back) {
		e.state.From = back
	}
	e.state.Watermark = later(e.state.From, back)
	e.state.Rescanned = earlier(e.state.Rescanned, now)
	e.observer.Anomaly(AnomalyClockRewound)
}

// clampToRetention gives up what the API doesn't keep any more, and says so.
func (e *Engine) clampToRetention() {
	e.clampTo(e.retentionEdge())
}

func (e *Engine) clampTo(edge time.Time) {
	if e.state.Watermark.Before(edge) {
		e.observer.Lost(Loss{Reason: LossRetention, From: e.state.Watermark, To: edge})
		e.state.Watermark = edge
	}
	e.state.From = later(e.state.From, edge)
}

func (e *Engine) clampBackfill() {
	edge := e.retentionEdge()
	if next := e.state.Backfill.Next; next.Before(edge) {
		to := earlier(edge, e.state.Backfill.End)
		e.observer.Lost(Loss{Reason: LossRetention, From: next, To: to})
		e.state.Backfill.Next = to
	}
}

func (e *Engine) retentionEdge() time.Time {
	return e.clock.earliest().Add(retentionMargin - e.settings.Retention).Truncate(time.Second)
}

// errorClock is the clock of the answer that the error carries, and whether that is a refusal,
// which is more likely than other errors to be the API's own.
func errorClock(err error) (answer insights.ServerClock, refusal bool) {
	if status, ok := errors.AsType[*insights.StatusError](err); ok {
		return status.Clock, status.StatusCode >= http.StatusBadRequest && status.StatusCode < http.StatusInternalServerError
	}
	if response, ok := errors.AsType[*insights.ResponseError](err); ok {
		return response.Clock, false
	}
	if large, ok := errors.AsType[*insights.TooLargeError](err); ok {
		return large.Clock, false
	}
	if broken, ok := errors.AsType[*insights.TransportError](err); ok {
		return broken.Clock, false
	}
	return insights.ServerClock{}, false
}
