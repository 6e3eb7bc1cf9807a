// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"fmt"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
)

// Consumer takes what the engine reads.
type Consumer interface {
	// Deliver takes a batch, and returns when it is settled: accepted, or lost. It retries for as long as that
	// makes sense, and returns an error only when ctx was done before; the batch is then not remembered, and
	// will come again.
	Deliver(ctx context.Context, batch Batch) (Delivered, error)
	// Announce takes a gap, in the same way. It reports false where the gap is to be offered again later.
	Announce(ctx context.Context, gap checkpoint.Gap) (settled bool, err error)
}

// Delivered is what came of a batch.
type Delivered struct {
	// Lost are the events of the batch that the consumer refused for good. It has told of them.
	Lost []Loss
	// Names are the services and the types of its events, each once.
	Names []Name
}

// lose declares a loss, and has the pipeline told of it: the next commit, which gives up what is lost, stores the gap.
func (k *keeper) lose(loss Loss) {
	k.observer.Lost(loss)
	k.announceLater(loss)
}

// announceLater puts a gap into the state.
func (k *keeper) announceLater(loss Loss) {
	with, joined := k.frontier.WithGap(checkpoint.Gap{
		Reason: string(loss.Reason), From: loss.From, To: loss.To, Events: loss.Events, Declared: k.clock.earliest(),
	})
	k.frontier.State = with
	if joined {
		k.observer.Anomaly(AnomalyGapsJoined)
	}
}

// announce tells the pipeline of the gaps that are stored, before anything else is delivered. One that was taken leaves
// the state at once. An error means that ctx was done.
func (k *keeper) announce(ctx context.Context) error {
	for _, gap := range k.stored.Gaps() {
		settled, err := k.consumer.Announce(ctx, gap)
		if err != nil {
			return fmt.Errorf("announcing a gap: %w", err)
		}
		if !settled {
			return nil
		}
		k.frontier.State = k.frontier.WithoutGap(gap)
		if err := k.commit(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// resume takes what was declared before a restart, and is stored ahead of the time that it gives up: that a page shows
// nothing of a time is noticed before the pass has gone past it.
func (r *retention) resume(state checkpoint.State) {
	for _, gap := range state.Gaps() {
		if gap.Reason != string(LossRetention) {
			continue
		}
		if covers(gap, state.Watermark) {
			r.judged = later(r.judged, gap.To)
		}
		if covers(gap, state.Backfill.Next) {
			r.judgedHistory = later(r.judgedHistory, gap.To)
		}
	}
}

func covers(gap checkpoint.Gap, at time.Time) bool { return !at.Before(gap.From) && at.Before(gap.To) }
