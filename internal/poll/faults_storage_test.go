// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"context"
	"errors"
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

var errStorage = errors.New("storage: connection reset")

// unsteadyStorage is slow, loses answers or tears batches.
type unsteadyStorage struct {
	storage.Client
	// latency is how long each write takes, whether or not anybody still waits for it.
	latency atomic.Int64
	// applied is how many operations of a batch are written before it fails; negative is all of
	// them and no failure, loseAnswers all of them and a failure.
	applied atomic.Int64
	writing atomic.Bool
}

const (
	whole       = -1
	loseAnswers = 1 << 30
)

func newUnsteadyStorage(client storage.Client) *unsteadyStorage {
	u := &unsteadyStorage{Client: client}
	u.applied.Store(whole)
	return u
}

func (u *unsteadyStorage) Batch(ctx context.Context, operations ...*storage.Operation) error {
	for _, operation := range operations {
		if operation.Type == storage.Get {
			return u.Client.Batch(ctx, operations...)
		}
	}
	u.writing.Store(true)
	defer u.writing.Store(false)
	<-time.After(time.Duration(u.latency.Load()))
	applied := u.applied.Load()
	if applied < 0 {
		return u.Client.Batch(ctx, operations...)
	}
	if err := u.Client.Batch(ctx, operations[:min(int(applied), len(operations))]...); err != nil {
		return err
	}
	return errStorage
}

func TestFault_S5_FirstStartBeginsNowOrWithTheBackfill(t *testing.T) {
	for name, lookback := range map[string]time.Duration{"now": 0, "with a backfill": 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				begin := time.Now()
				h.api.Add(simulator.NewGenerator(1, 0, 0).History("", begin.Add(-20*time.Hour), begin.Add(-2*time.Minute), 300)...)
				h.settings.History = poll.History{Lookback: lookback}
				h.start()
				h.pass(15 * time.Second)
				from := time.Now()
				h.add("a", from, 10)
				h.pass(5 * time.Minute)
				starts := h.observed.seen().starts
				require.Len(t, starts, 1)
				assert.Equal(t, poll.StartFresh, starts[0].State)
				if lookback == 0 {
					h.requireEachOnce(from)
					assert.Zero(t, starts[0].BackfillFrom)
					assert.WithinDuration(t, begin, starts[0].Watermark, 10*time.Second)
					return
				}
				h.requireEachOnce(begin.Add(-lookback))
				assert.WithinDuration(t, begin.Add(-lookback), starts[0].BackfillFrom, 10*time.Second)
			})
		})
	}
}

func TestFault_S6_LostStateIsTakenForAFirstStartAndTold(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.History = poll.History{Lookback: time.Hour}
		h.start()
		h.pass(15 * time.Second)
		h.kill()
		from := time.Now()
		h.add("while stopped", from, 10)
		h.pass(10 * time.Minute)
		require.NoError(t, h.storage.Delete(t.Context(), "own/state"))
		h.start()
		h.pass(5 * time.Minute)
		h.requireEachOnce(from)
		starts := h.observed.seen().starts
		require.Len(t, starts, 2)
		assert.Equal(t, poll.StartFresh, starts[1].State)
		assert.False(t, starts[1].QueryChanged)
	})
}

func TestFault_S8_OlderFormatIsMigratedOrKeptAsDamaged(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		older := []byte(`{"version":0,"crc32c":2462578487,"content":{}}`)
		require.NoError(t, h.storage.Set(t.Context(), "own/state", older))
		h.start()
		h.pass(15 * time.Second)
		starts := h.observed.seen().starts
		require.Len(t, starts, 1)
		assert.Equal(t, poll.StartDamaged, starts[0].State, "no format is older than 1")
		kept, err := h.storage.Get(t.Context(), starts[0].DamagedKey)
		require.NoError(t, err)
		assert.Equal(t, older, kept)
	})
}

func TestFault_S9_NewerFormatIsNotRetriedAndNotOverwritten(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		newer := fmt.Appendf(nil, `{"version":%d,"crc32c":1,"content":{}}`, checkpoint.Version+1)
		require.NoError(t, h.storage.Set(t.Context(), "own/state", newer))
		began := time.Now()
		require.ErrorIs(t, h.engine().Load(t.Context()), checkpoint.ErrNewerVersion)
		assert.Zero(t, time.Since(began))
		kept, err := h.storage.Get(t.Context(), "own/state")
		require.NoError(t, err)
		assert.Equal(t, newer, kept)
	})
}

func TestFault_S11_SlowStorageHoldsReadingUpAndLosesNothing(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		slow := newUnsteadyStorage(h.storage)
		h.storage = slow
		var begun, ahead atomic.Int64
		h.api.Inject(simulator.Fault{When: func(r simulator.Request) bool {
			switch {
			case !slow.writing.Load():
			case r.Query.SearchAfter == nil:
				begun.Add(1)
			case r.Query.Fields == nil:
				ahead.Add(1)
			}
			return false
		}})
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		slow.latency.Store(int64(10 * time.Second))
		h.add("a", from, 250)
		h.pass(10 * time.Minute)
		h.requireEachOnce(from)
		assert.Empty(t, h.observed.seen().failures, "slow is no failure")
		assert.Zero(t, begun.Load(), "no poll and no rescan is begun")
		assert.LessOrEqual(t, ahead.Load(), int64(2), "of three pages the second and the third are asked for ahead")

		h.add("b", time.Now(), 250)
		h.pass(15 * time.Second)
		began := time.Now()
		h.kill()
		assert.LessOrEqual(t, time.Since(began), poll.DeliverGrace+poll.CommitGrace, "a stop waits for the write under way only")
		h.start()
		h.pass(10 * time.Minute)
		h.requireEachOnce(from)
	})
}

func TestFault_S12_WriteThatWasAppliedIsRepeated(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		unsteady := newUnsteadyStorage(h.storage)
		h.storage = unsteady
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		unsteady.applied.Store(loseAnswers)
		h.add("a", from, 250)
		h.pass(5 * time.Minute)
		assert.Equal(t, []poll.FailureKind{poll.FailureCheckpoint}, h.observed.seen().kinds())
		unsteady.applied.Store(whole)
		h.pass(5 * time.Minute)
		h.requireEachOnce(from)
		h.kill()
		h.start()
		h.pass(5 * time.Minute)
		h.requireEachOnce(from)
	})
}

func TestFault_S12_StopBeforeTheRepetitionLosesNothing(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		unsteady := newUnsteadyStorage(h.storage)
		h.storage = unsteady
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		unsteady.applied.Store(loseAnswers)
		h.add("a", from, 250)
		h.pass(15 * time.Second)
		h.kill()
		unsteady.applied.Store(whole)
		h.start()
		h.pass(5 * time.Minute)
		h.requireEachOnce(from)
	})
}

func TestFault_S13_CrashInATornBatchLosesNothing(t *testing.T) {
	for applied := range int64(3) {
		t.Run(fmt.Sprint(applied, " operations applied"), func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				unsteady := newUnsteadyStorage(h.storage)
				h.storage = unsteady
				h.start()
				h.pass(15 * time.Second)
				from := time.Now()
				const crashes = 5
				for i := range crashes {
					unsteady.applied.Store(applied)
					h.add(fmt.Sprint("a", i), time.Now(), 250)
					h.pass(15 * time.Second)
					h.kill()
					unsteady.applied.Store(whole)
					h.pass(time.Minute)
					h.start()
					h.pass(90 * time.Second)
				}
				accepted := h.accepted()
				again := 0
				for _, event := range h.api.Expected("", from) {
					require.NotZero(t, accepted[event.ID], event.ID)
					again += accepted[event.ID] - 1
				}
				assert.LessOrEqual(t, again, crashes*h.settings.PageSize)
				// Where an hour is new, the record that names it comes first.
				if applied >= 2 {
					assert.Zero(t, again, "ids that were written count, although the state was not")
				}
			})
		})
	}
}

func TestFault_S15_ForgedWatermarkFarAheadIsRewound(t *testing.T) {
	for name, from := range map[string]time.Duration{"from in the past": -time.Hour, "from ahead too": 48 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				begin := time.Now()
				ahead := begin.Add(30 * 24 * time.Hour)
				forged := checkpoint.State{From: begin.Add(from), Watermark: ahead, Rescanned: ahead, Query: h.settings.Query}
				require.NoError(t, checkpoint.Open(h.storage, "").Commit(t.Context(), forged, nil))
				h.add("before", begin.Add(-time.Minute), 10)
				h.start()
				h.pass(15 * time.Second)
				h.add("after", time.Now(), 10)
				h.pass(5 * time.Minute)
				h.requireEachOnce(begin.Add(-2 * time.Minute))
				assert.Equal(t, []poll.Anomaly{poll.AnomalyClockRewound}, h.observed.seen().anomalies)
				h.requireNoFutureStart()
			})
		})
	}
}
