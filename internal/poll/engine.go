// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// backfillSlice is the length of history that one query asks for.
const backfillSlice = 24 * time.Hour

// Source answers queries, one page each. It returns when the headers of the answer are there.
type Source interface {
	Open(ctx context.Context, query insights.Query) (*insights.Answer, error)
}

// Store remembers what was delivered.
type Store interface {
	Load(ctx context.Context) (checkpoint.Loaded, error)
	Commit(ctx context.Context, state checkpoint.State, delivered checkpoint.Delivered) error
	Seen(id checkpoint.ID) bool
	Remembered() int
}

// Settings of an engine. All of them are required, but for History.
type Settings struct {
	Services       []string
	PollInterval   time.Duration
	RescanInterval time.Duration
	// MaxEventDelay is L: an event that becomes visible within this time of its timestamp is
	// never lost.
	MaxEventDelay time.Duration
	// Retention is how far back the API answers.
	Retention time.Duration
	// PageSize is the largest number of events to ask for in one page, 1 to 10,000.
	PageSize int
	Backoff  Backoff
	History  History
	// Query is a fingerprint of what is asked and where, to tell in the log that it was changed.
	Query string
}

// History is what of the past is read after the very first start. Nothing where both are zero.
type History struct {
	Start    time.Time
	Lookback time.Duration
}

// Engine reads the events of one organization. Its zero value is not usable: see New.
type Engine struct {
	settings Settings
	source   Source
	deliver  Deliver
	store    Store
	observer Observer

	loaded checkpoint.Loaded
	state  checkpoint.State
	clock  clock
	size   pageSize
	lanes  lanes
	// ahead is the page that was asked for before its turn, or nil.
	ahead *request
	// failing holds the conditions that failed since their last success.
	failing map[Condition]bool
}

// lanes are the passes under way, and when the next ones are due.
type lanes struct {
	live, backfill   *pass
	tailAt, rescanAt time.Time
	// owed says that the backfill had no page since the last live pass began.
	owed bool
}

// New returns an engine. Load must be called before Run.
func New(settings Settings, source Source, deliver Deliver, store Store, observer Observer) *Engine {
	return &Engine{
		settings: settings,
		source:   source,
		deliver:  deliver,
		store:    store,
		observer: observer,
		size:     newPageSize(settings.PageSize),
		failing:  make(map[Condition]bool),
	}
}

// Run reads events until ctx is done. A batch under way then is finished within a
// DeliverGrace, and remembered within a CommitGrace. Run returns when nothing is under way any more.
func (e *Engine) Run(ctx context.Context) {
	defer e.observer.Stopped()
	// Receivers that start together don't ask together.
	jitter := e.settings.Backoff.jittered(e.settings.PollInterval / 10)
	if !sleep(ctx, jitter) || !e.begin(ctx) {
		return
	}
	defer e.dropAhead()
	for ctx.Err() == nil {
		current, wait := e.next(time.Now())
		if current == nil {
			sleep(ctx, wait)
			continue
		}
		if err := e.read(ctx, current); err != nil && ctx.Err() == nil {
			e.handle(current, err)
		}
	}
}

// next returns the pass whose page is to be read now, or how long there is nothing to do.
// Live events go first: a backfill gets a page while no other pass is due or under way, and one
// between two passes that leave it no time.
func (e *Engine) next(now time.Time) (current *pass, wait time.Duration) {
	untilTail := e.lanes.tailAt.Sub(now)
	history, untilHistory := e.history(now)
	if e.lanes.live == nil && untilTail <= 0 && (!e.lanes.owed || history == nil || untilHistory > 0) {
		e.lanes.live, e.lanes.owed = e.livePass(now), true
	}
	if live := e.lanes.live; live != nil {
		if wait := live.attempt.notBefore.Sub(now); wait > 0 {
			return nil, wait
		}
		return live, 0
	}
	if history == nil {
		return nil, untilTail
	}
	if untilHistory > 0 {
		return nil, min(untilHistory, untilTail)
	}
	e.lanes.owed = false
	return history, 0
}

// history returns the backfill's pass, and how long it has to wait; nil where there is none.
func (e *Engine) history(now time.Time) (current *pass, wait time.Duration) {
	if e.lanes.backfill == nil && e.state.Backfill.Pending() {
		e.lanes.backfill = e.backfillPass()
	}
	if e.lanes.backfill == nil {
		return nil, 0
	}
	return e.lanes.backfill, e.lanes.backfill.attempt.notBefore.Sub(now)
}

// liveDue says that a live pass is due, or under way.
func (e *Engine) liveDue(now time.Time) bool {
	return e.lanes.live != nil || !now.Before(e.lanes.tailAt)
}

// livePass begins a tail, or the rescan that is due instead.
func (e *Engine) livePass(now time.Time) *pass {
	e.rewindClock()
	e.clampToRetention()
	e.lanes.tailAt = now.Add(e.settings.PollInterval)
	kind, start := Tail, e.state.Watermark
	if e.rescanDue(now) {
		kind, start = Rescan, e.rescanStart()
		e.lanes.rescanAt = now.Add(e.settings.RescanInterval)
	}
	// A start in the future is refused, and would be for ever. What lies before From is not
	// known any more, and From is a time that the API's clock has passed.
	start = later(e.state.From, earlier(start, e.clock.earliest()))
	return newPass(kind, start, time.Time{})
}

// rescanDue is where the API's own count may put a rescan off or bring it forward.
func (e *Engine) rescanDue(now time.Time) bool {
	return !now.Before(e.lanes.rescanAt)
}

// rescanStart is the time from which on events may still become visible, or may have since
// the last rescan.
func (e *Engine) rescanStart() time.Time {
	return later(e.state.From, earlier(e.state.Watermark, e.state.Rescanned.Add(-e.settings.MaxEventDelay)))
}

// pruned is the time before which ids are forgotten: that of the next rescan's start, less what
// the API's clock may have been ahead when it was last asked.
func (e *Engine) pruned() time.Time {
	return earlier(e.state.Watermark, e.state.Rescanned.Add(-e.settings.MaxEventDelay)).Add(-maxClockSkew)
}

func (e *Engine) backfillPass() *pass {
	e.clampBackfill()
	start := e.state.Backfill.Next
	end := earlier(start.Truncate(time.Second).Add(backfillSlice), e.state.Backfill.End)
	if !start.Before(end) {
		return nil
	}
	return newPass(Backfill, start, end)
}

// sleep reports false where ctx was done first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
