// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"fmt"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/backoff"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// keeper owns the frontier, and keeps it and the delivered ids in the store.
type keeper struct {
	store    Store
	consumer Consumer
	observer Observer
	clock    *clock
	backoff  backoff.Settings
	frontier frontier
	// stored is the frontier as the store has it.
	stored frontier
	audit  AuditSettings
	// remembered is how many ids the budget knows of.
	remembered int
	// shortened means that it was told that the audit's depth is shorter.
	shortened bool
	pace      historyPace
}

// known reports whether an event was delivered, as far as that is remembered.
func (k *keeper) known(event insights.Event, id checkpoint.ID) bool {
	return k.store.Seen(id, event.Timestamp) || k.store.Migrated() && k.store.SeenMigrated(identifyByText(event))
}

// commit stores the frontier and the delivered events. It tries for as long as it takes: nothing is
// fetched before it succeeded. An error means that ctx is done.
func (k *keeper) commit(ctx context.Context, delivered []checkpoint.Entry) error {
	graceful, cancel := WithGrace(ctx, CommitGrace)
	defer cancel()
	k.frontier.Backfill = history{k.frontier.Backfill}.took(delivered).Backfill
	var tries attempt
	for {
		err := k.store.Commit(graceful, k.frontier.State, delivered)
		if err == nil {
			k.stored = k.frontier
			k.spend(k.store.Remembered())
			k.observer.Progress(k.progress())
			if tries.consecutive > 0 {
				k.observer.Recovered(ConditionStorage)
			}
			return nil
		}
		wait := tries.failed(FailureCheckpoint, err, k.backoff)
		k.observer.Failed(Failure{
			Condition: ConditionStorage, Kind: FailureCheckpoint, Err: err, Consecutive: tries.consecutive, Wait: wait,
		})
		k.observer.Progress(k.progress())
		if !backoff.Sleep(graceful, wait) {
			return fmt.Errorf("storing the checkpoint: %w", err)
		}
	}
}

// commitProgress stores the frontier where it has moved since. Notes wait for that: a gap is stored with what gives its
// time up.
func (k *keeper) commitProgress(ctx context.Context) error {
	moved := k.frontier
	moved.Notes = k.stored.Notes
	if moved == k.stored {
		return nil
	}
	return k.commit(ctx, nil)
}

func (k *keeper) progress() Progress {
	progress := Progress{
		Watermark:  k.frontier.Watermark,
		Now:        k.clock.earliest(),
		Skew:       k.clock.skew(),
		Remembered: k.store.Remembered(),
		History:    k.pace.progress(history{k.frontier.Backfill}, time.Now()),
		Newest:     k.frontier.Newest,
	}
	if history := k.frontier.Backfill; history.Pending() {
		progress.BackfillRemaining = history.End.Sub(history.Next)
	}
	return progress
}

// report tells of a failure, and of what does not move on meanwhile.
func (k *keeper) report(failure Failure) {
	k.observer.Failed(failure)
	if !k.frontier.Watermark.IsZero() {
		k.observer.Progress(k.progress())
	}
}

// spend tells the budget how many ids are remembered.
func (k *keeper) spend(remembered int) {
	k.audit.Budget.change(remembered - k.remembered)
	k.remembered = remembered
}

// fit gives up the oldest hours that are kept for the audit where too many ids are remembered, one at a time, and
// keeps more again where there is room. L and the margin stay.
func (k *keeper) fit() {
	f := &k.frontier
	switch {
	case k.audit.Budget.exceeded():
		if shorter := max(time.Nanosecond, f.Rescanned.Sub(f.From)-time.Hour); shorter < f.depth {
			if !k.shortened {
				k.observer.Anomaly(AnomalyDepthShortened)
			}
			k.shortened = true
			f.depth = shorter
		}
	case f.depth < k.audit.Depth && k.audit.Budget.roomy():
		f.depth = min(f.depth+time.Hour, k.audit.Depth)
	}
}

// rewind goes back where the watermark is further ahead of the API's time than clocks may be apart.
func (k *keeper) rewind() {
	if !k.frontier.ahead(k.clock.latest()) {
		return
	}
	k.frontier = k.frontier.rewind(k.clock.earliest())
	k.observer.Anomaly(AnomalyClockRewound)
}

// clamp gives up what the API refused to answer for, and declares what is lost by it.
func (k *keeper) clamp(kind PassKind, edge time.Time) {
	clamped, from, to := k.frontier.clamp(kind, edge)
	k.frontier = clamped
	if from.Before(to) {
		k.lose(Loss{Reason: LossRetention, From: from, To: to})
	}
}
