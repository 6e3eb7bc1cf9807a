// SPDX-License-Identifier: Apache-2.0

package checkpoint_test

import (
	"encoding/binary"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
)

func TestLoadFindsNothingInAnEmptyStorage(t *testing.T) {
	_, loaded := reopen(t, newMemoryClient())
	assert.Equal(t, checkpoint.Loaded{}, loaded)
}

func TestStateAndIDsSurviveARestart(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	state := stateAt(start)
	state.Backfill = checkpoint.Backfill{Next: start.Add(-time.Hour), End: start}
	require.NoError(t, store.Commit(t.Context(), state, delivered(entries(0, 500, start)...)))
	require.NoError(t, store.Commit(t.Context(), state, delivered(entries(500, 700, start.Add(time.Second))...)))

	again, loaded := reopen(t, client)

	assert.True(t, loaded.Found)
	assert.Equal(t, state, loaded.State)
	assert.Equal(t, 1200, again.Remembered())
	assert.True(t, again.Seen(entry(0, start).ID))
	assert.True(t, again.Seen(entry(1199, start.Add(time.Second+699*time.Millisecond)).ID))
	assert.False(t, again.Seen(entry(1200, start.Add(time.Second)).ID))
}

func TestOrganizationsShareAClientAndNothingElse(t *testing.T) {
	client := newMemoryClient()
	for _, organization := range []string{"", "5f1b1c4e0e8b7d0001a1b2c3", "own"} {
		store := checkpoint.Open(client, organization)
		loaded, err := store.Load(t.Context())
		require.NoError(t, err)
		assert.False(t, loaded.Found, organization)
		require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(1, start))))
	}
}

func TestIDsAreForgottenWhenNoReaderCanMeetThemAgain(t *testing.T) {
	later := start.Add(10 * time.Minute)
	past := stateAt(later)
	backfilling := stateAt(later)
	backfilling.Backfill = checkpoint.Backfill{Next: start, End: start.Add(time.Minute)}
	backfilled := stateAt(later)
	backfilled.Backfill = checkpoint.Backfill{Next: start.Add(time.Second), End: start.Add(time.Minute)}
	sameSecond := stateAt(start.Add(900 * time.Millisecond))
	for name, test := range map[string]struct {
		lane  checkpoint.Lane
		state checkpoint.State
		kept  bool
	}{
		"live, before from":                    {checkpoint.Live, past, false},
		"live, in the second of from":          {checkpoint.Live, sameSecond, true},
		"live, while a backfill reads there":   {checkpoint.Live, backfilling, false},
		"history, where the backfill reads on": {checkpoint.History, backfilling, true},
		"history, before the backfill":         {checkpoint.History, backfilled, false},
		"history, no backfill":                 {checkpoint.History, past, false},
	} {
		t.Run(name, func(t *testing.T) {
			client := newMemoryClient()
			store := checkpoint.Open(client, "")
			added := delivered(entry(1, start))
			added.Lane = test.lane
			require.NoError(t, store.Commit(t.Context(), stateAt(start), added))
			require.NoError(t, store.Commit(t.Context(), test.state, checkpoint.Delivered{}))
			assert.Equal(t, test.kept, store.Seen(entry(1, start).ID))
			assert.Equal(t, test.kept, len(client.segments()) == 1, "stored segments")
		})
	}
}

func TestCommitCostsWhatIsNew(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(-1, start))))
	first := client.written
	for i := range 500 {
		require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entries(i*100, 100, start)...)))
	}
	require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(-2, start))))
	assert.InDelta(t, first, client.written, 16)
	assert.Equal(t, 2, client.operation)
	assert.LessOrEqual(t, testing.AllocsPerRun(1, func() {
		require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(-3, start))))
	}), 50.0)
}

func TestAnEventDatedAheadKeepsNoOthers(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	ahead := entry(1, start.Add(24*time.Hour))
	require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(ahead, entry(2, start))))
	for i := range 1000 {
		at := start.Add(time.Duration(i) * time.Second)
		require.NoError(t, store.Commit(t.Context(), stateAt(at), checkpoint.Delivered{
			Lane: checkpoint.Live, Entries: entries(100+i, 1, at), AsOf: at,
		}))
	}
	assert.LessOrEqual(t, store.Remembered(), 3)
	assert.True(t, store.Seen(ahead.ID))

	client.read = 0
	again, loaded := reopen(t, client)
	assert.Zero(t, loaded.DamagedSegments)
	assert.True(t, again.Seen(ahead.ID))
	assert.LessOrEqual(t, client.read, 80, "what is missing is not looked for")
}

func TestSmallBatchesAreKeptAsLongAsTheLastOfThem(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	later := start.Add(10 * time.Minute)
	for i := range 15 {
		require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(i, later))))
	}
	require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(15, start))))
	require.Len(t, client.segments(), 1)
	span := client.values["own/delivered/0"][2:18]
	assert.Equal(t, start.UnixMilli(), int64(binary.BigEndian.Uint64(span)))
	assert.Equal(t, later.UnixMilli(), int64(binary.BigEndian.Uint64(span[8:])))

	require.NoError(t, store.Commit(t.Context(), stateAt(later), checkpoint.Delivered{}))
	for i := range 16 {
		assert.True(t, store.Seen(entry(i, later).ID))
	}
	require.NoError(t, store.Commit(t.Context(), stateAt(later.Add(time.Second)), checkpoint.Delivered{}))
	assert.Zero(t, store.Remembered())
}

func TestSmallBatchesThatArePastAreNotKeptByANewOne(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	later := start.Add(10 * time.Minute)
	for i := range 15 {
		require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(i, start))))
	}
	require.NoError(t, store.Commit(t.Context(), stateAt(later), delivered(entry(15, later))))
	assert.Equal(t, 1, store.Remembered())
	assert.Len(t, client.segments(), 1)
}

func TestAnEventDatedAheadIsNotMergedWithOthers(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	ahead := entry(1000, start.Add(24*time.Hour))
	for i := range 40 {
		added := delivered(entry(i, start))
		if i == 7 {
			added.Entries = append(added.Entries, ahead)
		}
		require.NoError(t, store.Commit(t.Context(), stateAt(start), added))
	}
	require.NoError(t, store.Commit(t.Context(), stateAt(start.Add(time.Minute)), checkpoint.Delivered{}))
	assert.Equal(t, 1, store.Remembered())
	assert.True(t, store.Seen(ahead.ID))
}

func TestLanesAreNotMerged(t *testing.T) {
	later := start.Add(10 * time.Minute)
	backfilling := stateAt(later)
	backfilling.Backfill = checkpoint.Backfill{Next: start, End: later}
	for last, kept := range map[checkpoint.Lane]int{checkpoint.History: 1, checkpoint.Live: 15} {
		store := checkpoint.Open(newMemoryClient(), "")
		for i := range 16 {
			added := delivered(entry(i, start))
			if added.Lane = checkpoint.Live + checkpoint.History - last; i == 15 {
				added.Lane = last
			}
			require.NoError(t, store.Commit(t.Context(), stateAt(start), added))
		}
		require.NoError(t, store.Commit(t.Context(), backfilling, checkpoint.Delivered{}))
		assert.Equal(t, kept, store.Remembered(), "what history delivered is kept")
	}
}

// TestMemoryIsNearThatOfTheIDs remembers 100,000 ids and forgets them.
func TestMemoryIsNearThatOfTheIDs(t *testing.T) {
	for _, batch := range []int{1, 1000} {
		added := random(100_000, start)
		before := heap()
		store := remember(t, storage.NewNopClient(), added, batch)
		full := heap()
		require.NoError(t, store.Commit(t.Context(), stateAt(start.Add(time.Hour)), checkpoint.Delivered{}))
		assert.Less(t, full-before, 25.0*float64(len(added)), "batches of %d", batch)
		assert.Less(t, heap()-before, 1.0*float64(len(added)), "batches of %d, forgotten", batch)
		runtime.KeepAlive(added)
		runtime.KeepAlive(store)
	}
}

func TestAnyNumberOfIDsInOneCommit(t *testing.T) {
	for _, count := range []int{1, 4096, 4097, 8193, 50_000} {
		client := newMemoryClient()
		store := checkpoint.Open(client, "")
		added := random(count, start)
		require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(added...)))
		again, _ := reopen(t, client)
		for _, entry := range added {
			require.True(t, store.Seen(entry.ID), count)
			require.True(t, again.Seen(entry.ID), count)
		}
		for _, other := range random(1000, start.Add(time.Hour)) {
			require.False(t, again.Seen(other.ID), count)
		}
		assert.Len(t, client.segments(), 1)
	}
}

func TestAnIDIsRememberedOnceInABatchAndForAsLongAsItsLastTime(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	later := start.Add(10 * time.Minute)
	require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(1, start), entry(1, start.Add(time.Second)))))
	assert.Equal(t, 1, store.Remembered())
	require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(1, later))))
	require.NoError(t, store.Commit(t.Context(), stateAt(later), checkpoint.Delivered{}))
	assert.True(t, store.Seen(entry(1, start).ID))
	assert.Equal(t, 1, store.Remembered())
	require.NoError(t, store.Commit(t.Context(), stateAt(later.Add(time.Second)), checkpoint.Delivered{}))
	assert.False(t, store.Seen(entry(1, start).ID))
}

// TestAFullMemoryIsForgottenWhole fills a store and lets go of nearly all of it, again and again.
func TestAFullMemoryIsForgottenWhole(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	for round := range 5 {
		at := start.Add(time.Duration(round) * time.Hour)
		added := random(20_000, at)
		for batch := range slices.Chunk(added, 1000) {
			require.NoError(t, store.Commit(t.Context(), stateAt(at), checkpoint.Delivered{Lane: checkpoint.Live, Entries: batch, AsOf: at.Add(time.Minute)}))
		}
		assert.Equal(t, len(added), store.Remembered())
		for _, entry := range added {
			require.True(t, store.Seen(entry.ID))
		}
	}
	require.NoError(t, store.Commit(t.Context(), stateAt(start.Add(24*time.Hour)), checkpoint.Delivered{}))
	assert.Zero(t, store.Remembered())
	assert.Empty(t, client.segments())
}
