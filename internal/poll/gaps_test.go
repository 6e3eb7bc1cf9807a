// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// outage stops an engine, and starts it again ten days after the API has forgotten that time. It returns the time up
// to which everything was delivered.
func (h *harness) outage() (from time.Time) {
	h.start()
	h.pass(15 * time.Second)
	h.kill()
	from = h.observed.seen().progress.Watermark
	h.pass(100 * 24 * time.Hour)
	return from
}

// Announce implements poll.Consumer.
func (h *harness) Announce(ctx context.Context, gap checkpoint.Gap) (settled bool, err error) {
	h.mu.Lock()
	announce := h.announce
	h.mu.Unlock()
	if announce != nil {
		if settled, err := announce(ctx, gap); !settled {
			return false, err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gaps = append(h.gaps, gap)
	return true, nil
}

func (h *harness) announceWith(announce func(context.Context, checkpoint.Gap) (bool, error)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.announce = announce
}

// announced are the gaps that the pipeline took.
func (h *harness) announced() []checkpoint.Gap {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]checkpoint.Gap(nil), h.gaps...)
}

// requireOneGap fails unless the pipeline took one gap of time, with these bounds.
func (h *harness) requireOneGap(from, to time.Time) {
	h.t.Helper()
	gaps := h.announced()
	require.Len(h.t, gaps, 1)
	assert.Equal(h.t, string(poll.LossRetention), gaps[0].Reason)
	// It begins at the first contact, since events from then on may become visible late.
	assert.WithinRange(h.t, gaps[0].From, from.Add(-15*time.Second), from)
	assert.WithinDuration(h.t, to, gaps[0].To, 2*time.Minute)
}

// limitedWrites takes so many more writes, and then none.
type limitedWrites struct {
	storage.Client
	left atomic.Int64
}

func (l *limitedWrites) Batch(ctx context.Context, operations ...*storage.Operation) error {
	if l.left.Add(-1) < 0 {
		return storage.ErrStorageFull
	}
	return l.Client.Batch(ctx, operations...)
}

func hangs(ctx context.Context, _ checkpoint.Gap) (bool, error) {
	<-ctx.Done()
	return false, ctx.Err()
}

func TestOutagePastTheRetentionIsAnnouncedOnce(t *testing.T) {
	const kept = 90 * 24 * time.Hour
	for name, api := range map[string]simulator.Settings{
		"the API shows nothing of that time": {Retention: 1000 * 24 * time.Hour}, "the API refuses to be asked for it": {Retention: kept},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, api, func(t *testing.T, h *harness) {
				from := h.outage()
				edge := time.Now().Add(-kept)
				h.start()
				h.pass(time.Hour)
				h.requireOneGap(from, edge)
				h.kill()
				h.start()
				h.pass(time.Hour)
				h.requireOneGap(from, edge)
			})
		})
	}
}

func TestGapIsAnnouncedAfterAKillBeforeItWasAccepted(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		from := h.outage()
		edge := time.Now().Add(-90 * 24 * time.Hour)
		h.announceWith(hangs)
		for n := range 3 {
			h.start()
			h.pass(time.Minute)
			h.add(fmt.Sprint("behind", n), time.Now(), 10)
			h.pass(time.Minute)
			h.kill()
		}
		require.Empty(t, h.announced())
		assert.Empty(t, h.accepted(), "nothing overtakes a gap")
		// The API is away: what is known already does not wait for it.
		h.api.Inject(simulator.Fault{Until: time.Now().Add(time.Hour), Effect: simulator.Status(503, "")})
		h.announceWith(nil)
		h.start()
		h.pass(30 * time.Minute)
		h.requireOneGap(from, edge)
		h.pass(2 * time.Hour)
		h.requireOneGap(from, edge)
		events, most := h.count()
		assert.Equal(t, 30, events)
		assert.Equal(t, 1, most)
	})
}

// What the pipeline refuses for good of a page is told before the rest of the page.
func TestGapGoesBeforeTheNextBatch(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.BatchSize = 10
		var order []string
		h.answer = func(batch poll.Batch) poll.Delivered {
			order = append(order, "batch")
			at := batch.Events[0].Timestamp
			return poll.Delivered{Lost: []poll.Loss{{Reason: "permanent", From: at, To: at.Add(time.Millisecond), Events: 10}}}
		}
		h.announceWith(func(context.Context, checkpoint.Gap) (bool, error) {
			order = append(order, "gap")
			return true, nil
		})
		h.start()
		h.pass(15 * time.Second)
		h.add("refused", time.Now(), 30)
		h.pass(time.Minute)
		require.Equal(t, []string{"batch", "gap", "batch", "gap", "batch", "gap"}, order)
	})
}

// The consumer gives up after a time where it is configured to. Events go on, and the gap stays.
func TestGapThatTheConsumerGivesUpIsOfferedAgain(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		from := h.outage()
		edge := time.Now().Add(-90 * 24 * time.Hour)
		h.announceWith(func(context.Context, checkpoint.Gap) (bool, error) {
			time.Sleep(time.Minute)
			return false, nil
		})
		h.start()
		h.pass(10 * time.Minute)
		h.add("beside", time.Now(), 10)
		h.pass(10 * time.Minute)
		assert.Len(t, h.accepted(), 10)
		h.kill()
		h.announceWith(nil)
		h.start()
		h.pass(time.Minute)
		h.requireOneGap(from, edge)
	})
}

// What gives something up for good is one write, and the process ends right behind it.
func TestGapIsStoredWithWhatGivesItUp(t *testing.T) {
	at := time.Date(2000, 1, 1, 0, 10, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		api    simulator.Settings
		reason poll.LossReason
		happen func(h *harness)
	}{
		"time that the API shows nothing of": {api: simulator.Settings{Retention: 1000 * 24 * time.Hour}, reason: poll.LossRetention},
		"time that the API refuses":          {api: simulator.Settings{Retention: 90 * 24 * time.Hour}, reason: poll.LossRetention},
		"an event that is too large": {reason: poll.LossOversize, happen: func(h *harness) {
			h.api.Add(simulator.Event{ID: "huge", Time: at, JSON: largeEvent("huge", at, 2<<20)})
		}},
		"events that the pipeline refused": {reason: "permanent", happen: func(h *harness) { h.add("refused", at, 5) }},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, test.api, func(t *testing.T, h *harness) {
				limited := &limitedWrites{Client: h.storage}
				limited.left.Store(1 << 40)
				h.storage = limited
				h.answer = func(batch poll.Batch) poll.Delivered {
					if test.reason != "permanent" {
						return poll.Delivered{}
					}
					return poll.Delivered{Lost: []poll.Loss{{Reason: "permanent", From: at, To: at.Add(time.Millisecond), Events: len(batch.Events)}}}
				}
				var given func() bool
				if test.happen == nil {
					h.outage()
					given = func() bool { return len(h.observed.seen().losses) > 0 }
				} else {
					h.start()
					h.pass(time.Until(at) + time.Second)
					test.happen(h)
					given = func() bool { return len(h.accepted()) > 0 }
				}
				h.announceWith(hangs)
				h.refuseWith(nil)
				h.storage = &endsAfter{limitedWrites: limited, given: given}
				h.kill()
				h.start()
				h.pass(time.Minute)
				require.True(t, given())
				require.Negative(t, limited.left.Load(), "the write happened, and none after it")
				h.kill()
				limited.left.Store(1 << 40)
				h.storage = limited.Client
				h.announceWith(nil)
				h.start()
				h.pass(time.Hour)
				gaps := h.announced()
				require.NotEmpty(t, gaps)
				assert.True(t, gaps[0].To.After(gaps[0].From))
				for n, gap := range gaps {
					assert.Equal(t, string(test.reason), gap.Reason)
					assert.True(t, n == 0 || gap.From.Equal(gaps[n-1].To), "what the API forgot since follows, and nothing is told again")
				}
			})
		})
	}
}

// endsAfter takes the first write after something was given up, and none after it.
type endsAfter struct {
	*limitedWrites
	given func() bool
	ended atomic.Bool
}

func (e *endsAfter) Batch(ctx context.Context, operations ...*storage.Operation) error {
	if e.given() && e.ended.CompareAndSwap(false, true) {
		e.left.Store(1)
	}
	return e.limitedWrites.Batch(ctx, operations...)
}
