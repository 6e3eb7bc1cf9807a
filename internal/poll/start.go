// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/backoff"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

const (
	loadTries = 3
	loadPause = time.Second
	// probeBack is how far back the first request asks: it serves to learn the API's time, so
	// its start must be in the past by any clock that is not days off.
	probeBack = 24 * time.Hour
)

// Load reads the stored state, three times at the most. An error means that it is not known
// what was delivered, and the engine must not run.
func (e *Engine) Load(ctx context.Context) error {
	for try := 1; ; try++ {
		loaded, err := e.keeper.store.Load(ctx)
		if err == nil {
			e.loaded = loaded
			e.keeper.frontier = frontier{State: loaded.State, delay: e.settings.MaxEventDelay, depth: e.settings.Audit.Depth}
			e.keeper.stored = e.keeper.frontier
			e.retention.resume(loaded.State)
			return nil
		}
		if try == loadTries || errors.Is(err, checkpoint.ErrNewerVersion) || !backoff.Sleep(ctx, loadPause) {
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
	f := &e.keeper.frontier
	start := Start{
		State:           StartContinued,
		DamagedKey:      e.loaded.DamagedKey,
		DamagedSegments: e.loaded.DamagedSegments,
		QueryChanged:    e.loaded.Found && f.Query != e.settings.Query,
		DelayHoldsFrom:  f.delayHoldsFrom(),
	}
	if !e.loaded.Found {
		start.State = StartFresh
		if e.loaded.DamagedKey != "" {
			start.State = StartDamaged
		}
		start.BackfillClamped = e.beginFresh()
	}
	if start.QueryChanged || start.DamagedSegments > 0 || e.keeper.store.Migrated() {
		f.ComparableFrom = e.clock.earliest()
	}
	f.Backfill = history{f.Backfill}.comparing(e.settings.Audit.enabled(), !start.QueryChanged && start.DamagedSegments == 0 && !e.keeper.store.Migrated()).Backfill
	f.Query, f.MaxEventDelay = e.settings.Query, e.settings.MaxEventDelay
	if f.Newest.IsZero() {
		f.Newest = e.clock.earliest()
	}
	e.keeper.rewind()
	if !f.Rescan.UnderWay() {
		e.lanes.rescanned(*f)
	}
	start.Watermark = f.Watermark
	if f.Backfill.Pending() {
		start.BackfillFrom = f.Backfill.Next
	}
	e.observer.Started(start)
	return e.keeper.commit(ctx, nil) == nil
}

// learnTime asks for a little until the API's time is known. A refusal has a date too: the engine's promise
// begins with its first contact, not with a good key. Where the answers have no date, or never agree on
// one, the local clock has to do.
func (e *Engine) learnTime(ctx context.Context) bool {
	var tries attempt
	for answers := 0; ; {
		err := e.probe(ctx)
		if ctx.Err() != nil {
			return false
		}
		if err == nil {
			answers++
			if tries.consecutive > 0 {
				tries = attempt{}
				e.observer.Recovered(ConditionTail)
			}
			if e.arbiter.settled(ctx) || len(e.clock.doubted) == 0 || answers > 2*confirmations {
				return true
			}
			if !backoff.Sleep(ctx, minWait) {
				return false
			}
			continue
		}
		kind := classify(err)
		wait := tries.failed(kind, err, e.settings.Backoff)
		e.keeper.report(Failure{Condition: ConditionTail, Kind: kind, Err: err, Consecutive: tries.consecutive, Wait: wait})
		if e.arbiter.settled(ctx) {
			e.lanes.postpone(tries)
			return true
		}
		if !backoff.Sleep(ctx, wait) {
			return false
		}
	}
}

// probe sends the smallest request that there is.
func (e *Engine) probe(ctx context.Context) error {
	answer, err := e.fetcher.source.Open(ctx, insights.Query{
		Services: e.settings.Services,
		Start:    time.Now().Add(-min(probeBack, e.retention.kept/2)),
		Limit:    1,
		Fields:   lightFields(),
	})
	var page *insights.Page
	if err == nil {
		page, err = answer.Page()
	}
	if err != nil {
		e.clock.observeFailure(err)
		return err
	}
	e.observeClock(page.Clock)
	return nil
}

// beginFresh sets the frontier of a very first start, and reports whether the configured history reaches
// further back than the retention.
func (e *Engine) beginFresh() (clamped bool) {
	now := e.clock.earliest().Truncate(time.Millisecond)
	start := e.settings.History.Start.UTC()
	if e.settings.History.Lookback > 0 {
		start = now.Add(-e.settings.History.Lookback)
	}
	if edge := e.retention.edge(); !start.IsZero() && start.Before(edge) {
		start, clamped = edge, true
	}
	e.keeper.frontier = freshFrontier(now, start, e.settings.MaxEventDelay, e.settings.History.First)
	e.keeper.frontier.depth = e.settings.Audit.Depth
	return clamped
}

func (e *Engine) observeClock(answer insights.ServerClock) {
	if answer.Date.IsZero() {
		e.observer.Anomaly(AnomalyNoDate)
	}
	e.clock.observe(answer)
}
