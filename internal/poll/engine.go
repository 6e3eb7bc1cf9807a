// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/backoff"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
)

// minPause keeps a lane that has nothing to ask from turning the loop without a pause.
const minPause = 100 * time.Millisecond

// Engine reads the events of one organization. Its zero value is not usable: see New.
type Engine struct {
	settings Settings
	observer Observer

	fetcher   fetcher
	keeper    keeper
	clock     clock
	retention retention
	lanes     *lanes
	audit     *audit
	arbiter   *arbiter
	proof     *proof
	loaded    checkpoint.Loaded
}

// New returns an engine. Load must be called before Run.
func New(settings Settings, source Source, consumer Consumer, store Store, observer Observer) *Engine {
	e := &Engine{
		settings: settings,
		observer: observer,
		fetcher:  fetcher{source: source},
	}
	e.retention = retention{kept: settings.Retention, clock: &e.clock}
	e.lanes = newLanes(settings, &e.clock)
	e.audit = newAudit(settings, source, store, observer, &e.clock, e.lanes.audit)
	e.arbiter = &arbiter{source: source, services: settings.Services, clock: &e.clock, observer: observer, backoff: settings.Backoff}
	e.keeper = keeper{
		store: store, consumer: consumer, observer: observer, clock: &e.clock, backoff: settings.Backoff, audit: settings.Audit,
	}
	e.proof = newProof(settings, source, &e.keeper, &e.retention, &e.clock, e.lanes.proof)
	return e
}

// Run reads events until ctx is done. A batch under way then is finished within a
// DeliverGrace, and remembered within a CommitGrace. Run returns when nothing is under way any more.
func (e *Engine) Run(ctx context.Context) {
	defer e.observer.Stopped()
	// Receivers that start together don't ask together.
	jitter := e.settings.Backoff.Jittered(e.settings.PollInterval / 10)
	defer e.keeper.spend(0)
	// Gaps of the run before don't wait for the API.
	if !backoff.Sleep(ctx, jitter) || e.keeper.announce(ctx) != nil || !e.begin(ctx) {
		return
	}
	defer e.fetcher.dropAhead()
	for ctx.Err() == nil && e.keeper.announce(ctx) == nil {
		if e.arbiter.due(time.Now()) {
			e.fetcher.dropAhead() // one request waits for its headers at a time
			e.arbiter.decide(ctx)
			continue
		}
		live := e.plan(time.Now())
		current, wait := e.lanes.next(live, time.Now())
		if current == nil {
			backoff.Sleep(ctx, max(wait, minPause))
			continue
		}
		if current.pass == nil {
			e.fetcher.dropAhead() // one request waits for its headers at a time
			if current == e.lanes.proof {
				e.proof.ask(ctx, e.settings.Services)
			} else {
				e.audit.ask(ctx, e.settings.Services)
			}
			continue
		}
		if err := e.read(ctx, current); err != nil && ctx.Err() == nil {
			e.handle(current, err)
		}
	}
}

// plan begins the passes that are due, and returns the lane that brings live events.
func (e *Engine) plan(now time.Time) *lane {
	if e.lanes.tail.pass == nil && e.lanes.rescan.pass == nil {
		e.keeper.rewind()
	}
	if rescan := e.lanes.rescan; rescan.pass == nil && !now.Before(rescan.due) {
		e.lanes.openRescan(e.keeper.frontier)
	}
	if history := e.lanes.history; history.pass == nil && !now.Before(history.due) {
		history.due = time.Time{}
		if start, end, pending := e.keeper.frontier.slice(); pending {
			history.open(start, end)
		}
	}
	e.proof.plan(now)
	e.audit.plan(e.keeper.frontier, now)
	live, tail := e.lanes.live(e.keeper.frontier, e.clock.earliest()), e.lanes.tail
	switch {
	case live != tail:
		tail.close()
	case tail.pass == nil && !now.Before(tail.due):
		tail.due = now.Add(e.settings.PollInterval)
		tail.open(e.keeper.frontier.tailStart(e.clock.earliest()), time.Time{})
	}
	return live
}
