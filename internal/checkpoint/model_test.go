// SPDX-License-Identifier: Apache-2.0

package checkpoint_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
)

// model is what a store must know, in the plainest form.
type model struct {
	// accepted are all entries that a commit was ever asked for: nothing else may be seen.
	accepted map[checkpoint.ID]struct{}
	// kept must be seen.
	kept  []remembered
	state checkpoint.State
}

type remembered struct {
	checkpoint.Entry
	lane checkpoint.Lane
}

func (m *model) accept(delivered checkpoint.Delivered) {
	for _, entry := range delivered.Entries {
		m.accepted[entry.ID] = struct{}{}
	}
}

// commit forgets what no reader can meet any more.
func (m *model) commit(state checkpoint.State, delivered checkpoint.Delivered) {
	for _, entry := range delivered.Entries {
		m.kept = append(m.kept, remembered{entry, delivered.Lane})
	}
	m.state = state
	m.kept = slices.DeleteFunc(m.kept, func(r remembered) bool {
		return r.Time.Before(state.From.Truncate(time.Second)) && (r.lane != checkpoint.History || !state.Backfill.Pending() ||
			r.Time.Before(state.Backfill.Next.Truncate(time.Second)))
	})
}

// world makes what an engine may ask of a store.
type world struct {
	*rand.Rand
	// history is how many of a hundred commits are a backfill's, which has larger batches.
	history int
	now     time.Time
	issued  int
	past    []checkpoint.Entry
}

func (w *world) state() checkpoint.State {
	w.now = w.now.Add(time.Duration(w.IntN(20_000)) * time.Millisecond)
	state := stateAt(w.now.Add(-time.Duration(w.IntN(600)) * time.Second))
	if w.IntN(3) == 0 {
		state.Backfill = checkpoint.Backfill{Next: state.From.Add(-time.Duration(w.IntN(600)) * time.Second), End: state.From}
	}
	return state
}

func (w *world) delivered() checkpoint.Delivered {
	delivered := checkpoint.Delivered{Lane: checkpoint.Live, AsOf: w.now}
	sizes := []int{0, 1, 1, 1, 1, 1, 2, 5, 30, 100}
	if w.IntN(100) < w.history {
		delivered.Lane, sizes = checkpoint.History, []int{0, 1, 1, 5, 30, 100, 300, 300, 300, 300}
	}
	for range sizes[w.IntN(len(sizes))] {
		w.issued++
		added := entry(w.issued, w.now.Add(-time.Duration(w.IntN(5000))*time.Millisecond))
		switch w.IntN(50) {
		case 0: // late
			added.Time = w.now.Add(-time.Duration(w.IntN(900)) * time.Second)
		case 1: // ahead
			added.Time = w.now.Add(time.Duration(w.IntN(1800)) * time.Second)
		case 2: // renewed
			if len(w.past) > 0 {
				added.ID = w.past[w.IntN(len(w.past))].ID
			}
		}
		delivered.Entries = append(delivered.Entries, added)
	}
	w.past = append(w.past, delivered.Entries...)
	return delivered
}

// TestStoreKnowsWhatAModelKnows commits at random, tears batches after any of their operations,
// tries again or starts anew, and compares what is seen with a list of what was committed.
func TestStoreKnowsWhatAModelKnows(t *testing.T) {
	for seed := range uint64(12) {
		w := &world{Rand: rand.New(rand.NewPCG(seed, 1)), history: []int{10, 50, 95}[seed%3], now: start}
		m := &model{accepted: make(map[checkpoint.ID]struct{}), state: stateAt(start)}
		client := newMemoryClient()
		store := checkpoint.Open(client, "")
		require.NoError(t, store.Commit(t.Context(), m.state, checkpoint.Delivered{}))
		for step := range 400 {
			state, delivered := w.state(), w.delivered()
			m.accept(delivered)
			if w.IntN(4) == 0 {
				client.tearAfter = w.IntN(8)
			}
			err := store.Commit(t.Context(), state, delivered)
			client.tearAfter = -1
			switch {
			case err == nil:
				m.commit(state, delivered)
			case w.IntN(2) == 0:
				require.NoError(t, store.Commit(t.Context(), state, delivered))
				m.commit(state, delivered)
			}
			again := err != nil || w.IntN(40) == 0
			if again {
				var loaded checkpoint.Loaded
				store, loaded = reopen(t, client)
				require.True(t, loaded.Found)
				require.Zero(t, loaded.DamagedSegments)
				if loaded.State != m.state {
					require.Equal(t, state, loaded.State)
					m.commit(state, delivered)
				}
			}
			if again || step%8 == 0 {
				m.compare(t, store, w, seed, step)
			}
		}
		end := stateAt(w.now.Add(time.Hour))
		require.NoError(t, store.Commit(t.Context(), end, checkpoint.Delivered{}))
		require.Zero(t, store.Remembered())
		require.LessOrEqual(t, len(client.segments()), 2, "only what a torn batch left for the next ones to write over")
	}
}

func (m *model) compare(t *testing.T, store *checkpoint.Store, w *world, seed uint64, step int) {
	t.Helper()
	for _, r := range m.kept {
		if !store.Seen(r.ID) {
			t.Fatalf("seed %d, step %d: %v of %s is forgotten; the state is %v", seed, step, r.ID, r.Time, m.state)
		}
	}
	for range 50 {
		if other := entry(w.IntN(2*w.issued+2), w.now); store.Seen(other.ID) {
			require.Contains(t, m.accepted, other.ID, "seed %d, step %d", seed, step)
		}
	}
}

func TestSmallBatchesBecomeFewSegments(t *testing.T) {
	const commits = 10_000
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	operations, written, most := 0, 0, 0
	for i := range commits {
		at := start.Add(time.Duration(i) * time.Second)
		require.NoError(t, store.Commit(t.Context(), stateAt(start), checkpoint.Delivered{
			Lane: checkpoint.Live, Entries: []checkpoint.Entry{entry(i, at)}, AsOf: at,
		}))
		operations += client.operation
		written += client.written
		most = max(most, client.written)
	}
	assertSmall := func(what string, value, limit int) {
		t.Helper()
		require.LessOrEqual(t, value, limit, what)
	}
	state := len(client.values["own/state"])
	assertSmall("segments", len(client.segments()), commits/256+2*16)
	assertSmall("operations", operations, 3*commits)
	assertSmall("bytes of ids", written-commits*state, commits*(22+3*16+8))
	assertSmall("bytes of one commit", most, state+22+16*16*16+8)

	again, loaded := reopen(t, client)
	require.Zero(t, loaded.DamagedSegments)
	require.Equal(t, commits, again.Remembered())
	for i := range commits {
		require.True(t, again.Seen(entry(i, start).ID))
	}
	require.NoError(t, again.Commit(t.Context(), stateAt(start.Add(commits*time.Second)), checkpoint.Delivered{}))
	require.Empty(t, client.segments())
}

// Between two small live batches a backfill may have used many numbers, which are free by now.
func TestSmallBatchesFarApartBecomeOneBesideAnEventDatedAhead(t *testing.T) {
	const small, history = 14, 64
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(0, start))))
	for i := range history {
		state := stateAt(start)
		state.Backfill = checkpoint.Backfill{Next: start.Add(time.Duration(i-history) * time.Hour), End: start}
		read := checkpoint.Delivered{Lane: checkpoint.History, Entries: entries(1000*(i+1), 300, state.Backfill.Next), AsOf: start}
		require.NoError(t, store.Commit(t.Context(), state, read))
	}
	for i := range small {
		require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(1+i, start))))
	}
	ahead := entry(-1, start.Add(2*time.Hour))
	require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(1+small, start), ahead)))
	again, _ := reopen(t, client)
	for _, store := range []*checkpoint.Store{store, again} {
		require.Equal(t, small+3, store.Remembered())
		require.True(t, store.Seen(ahead.ID))
		for i := range small + 2 {
			require.True(t, store.Seen(entry(i, start).ID))
		}
	}
}

func TestFault_S13_TornMergeForgetsNothing(t *testing.T) {
	const small = 15
	for applied := range 2*small + 4 {
		client := newMemoryClient()
		store := checkpoint.Open(client, "")
		for i := range small {
			require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(i, start))))
		}
		client.tearAfter = applied
		ahead := entry(small+1, start.Add(2*time.Hour))
		_ = store.Commit(t.Context(), stateAt(start), delivered(entry(small, start), ahead))
		client.tearAfter = -1

		again, loaded := reopen(t, client)
		require.Zero(t, loaded.DamagedSegments)
		for i := range small {
			require.True(t, again.Seen(entry(i, start).ID), "id %d, %d applied", i, applied)
		}
		require.Equal(t, applied >= 1, again.Seen(entry(small, start).ID), "%d applied", applied)
		require.Equal(t, applied >= 2, again.Seen(ahead.ID), "%d applied", applied)
		require.NoError(t, again.Commit(t.Context(), stateAt(start.Add(time.Hour)), delivered()))
		require.Equal(t, applied >= 2, again.Seen(ahead.ID), "%d applied", applied)
		require.LessOrEqual(t, len(client.segments()), 1, strings.Join(client.segments(), " "))
	}
}
