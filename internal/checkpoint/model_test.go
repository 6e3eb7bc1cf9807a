// SPDX-License-Identifier: Apache-2.0

package checkpoint_test

import (
	"math/rand/v2"
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
	kept  map[key]checkpoint.Entry
	state checkpoint.State
}

// key tells entries of one id apart: a stray and a dated one are remembered each.
type key struct {
	id    checkpoint.ID
	stray bool
	time  time.Time
}

func keyOf(e checkpoint.Entry) key {
	if e.Stray {
		return key{id: e.ID, stray: true}
	}
	return key{id: e.ID, time: e.Time}
}

func (m *model) accept(list []checkpoint.Entry) {
	for _, e := range list {
		m.accepted[e.ID] = struct{}{}
	}
}

// commit forgets what no reader can meet any more.
func (m *model) commit(state checkpoint.State, list []checkpoint.Entry) {
	m.state = state
	for _, e := range list {
		if known, found := m.kept[keyOf(e)]; needed(state, e) && (!found || known.Time.Before(e.Time)) {
			m.kept[keyOf(e)] = e
		}
	}
	for k, e := range m.kept {
		if !needed(state, e) {
			delete(m.kept, k)
		}
	}
}

func needed(state checkpoint.State, e checkpoint.Entry) bool {
	begin := e.Time.Truncate(time.Hour)
	end := begin.Add(time.Hour)
	past := state.Backfill
	wanted := past.Pending() && end.After(past.Next) || past.Uncompared() && end.After(past.Compared)
	history := !e.Stray && wanted && !begin.After(past.End)
	return end.After(state.From) || history
}

// world makes what an engine may ask of a store.
type world struct {
	*rand.Rand
	now    time.Time
	issued int
	past   []checkpoint.Entry
}

func (w *world) state() checkpoint.State {
	w.now = w.now.Add(time.Duration(w.IntN(20)) * time.Minute)
	state := stateAt(w.now.Add(-time.Duration(w.IntN(180)) * time.Minute))
	state.Watermark = w.now
	if w.IntN(3) == 0 {
		state.Backfill = checkpoint.Backfill{Next: state.From.Add(-time.Duration(w.IntN(600)) * time.Minute), End: state.From.Add(time.Duration(w.IntN(60)-60) * time.Minute)}
		if w.IntN(2) == 0 {
			state.Backfill.Compared = state.Backfill.Next.Add(-time.Duration(w.IntN(300)) * time.Minute)
		}
	}
	return state
}

func (w *world) delivered() (list []checkpoint.Entry) {
	for range []int{0, 1, 1, 1, 1, 1, 2, 5, 30, 127, 300}[w.IntN(11)] {
		w.issued++
		added := entry(w.issued, w.now.Add(-time.Duration(w.IntN(5000))*time.Millisecond))
		switch w.IntN(20) {
		case 0: // late, or history
			added.Time = w.now.Add(-time.Duration(w.IntN(900)) * time.Minute)
		case 1: // ahead
			added.Time = w.now.Add(time.Duration(w.IntN(50)) * time.Hour)
		case 2: // undated
			added.Stray = true
		case 3: // met again
			if len(w.past) > 0 {
				added = w.past[w.IntN(len(w.past))]
			}
			if added.Stray {
				added.Time = w.now
			}
		}
		list = append(list, added)
	}
	w.past = append(w.past, list...)
	return list
}

// TestStoreKnowsWhatAModelKnows commits at random, tears batches after any of their operations,
// tries again or starts anew, and compares what is seen with a list of what was committed.
func TestStoreKnowsWhatAModelKnows(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for seed := range uint64(12) {
		w := &world{Rand: rand.New(rand.NewPCG(seed, 1)), now: start}
		m := &model{accepted: make(map[checkpoint.ID]struct{}), kept: make(map[key]checkpoint.Entry), state: stateAt(start)}
		client := newMemoryClient()
		store := checkpoint.Open(client, "")
		commit(t, store, m.state)
		faults := seed%3 > 0
		for step := range 300 {
			state, list := w.state(), w.delivered()
			m.accept(list)
			if faults && w.IntN(4) == 0 {
				client.tearAfter = w.IntN(10)
			}
			err := store.Commit(t.Context(), state, list)
			client.tearAfter = -1
			switch {
			case err == nil:
				m.commit(state, list)
			case w.IntN(2) == 0:
				commit(t, store, state, list...)
				m.commit(state, list)
			}
			if err != nil || w.IntN(40) == 0 {
				var loaded checkpoint.Loaded
				store, loaded = reopen(t, client)
				require.True(t, loaded.Found)
				require.Zero(t, loaded.DamagedSegments)
				if loaded.State != m.state {
					require.Equal(t, state, loaded.State)
					m.commit(state, list)
				}
			}
			m.compare(t, store, w, faults)
			if t.Failed() {
				t.Fatalf("seed %d, step %d", seed, step)
			}
		}
		commit(t, store, stateAt(w.now.Add(100*time.Hour)))
		require.Zero(t, store.Remembered())
		require.Empty(t, client.segments())
	}
}

func (m *model) compare(t *testing.T, store *checkpoint.Store, w *world, faults bool) {
	t.Helper()
	for _, e := range m.kept {
		if !seen(store, e) {
			t.Errorf("%v is forgotten; the state is %v", e, m.state)
		}
	}
	if !faults && store.Remembered() != len(m.kept) {
		t.Errorf("%d are remembered, %d are needed", store.Remembered(), len(m.kept))
	}
	for range 50 {
		if other := entry(w.IntN(2*w.issued+2), w.now); seen(store, other) {
			require.Contains(t, m.accepted, other.ID)
		}
	}
}
