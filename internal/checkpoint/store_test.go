// SPDX-License-Identifier: Apache-2.0

package checkpoint_test

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// memoryClient is a storage client that counts, fails and tears on demand.
type memoryClient struct {
	values map[string][]byte
	// tearAfter applies that many operations of each batch and then fails; negative applies all.
	tearAfter int
	fail      error
	operation int
	written   int
}

func newMemoryClient() *memoryClient {
	return &memoryClient{values: map[string][]byte{}, tearAfter: -1}
}

func (c *memoryClient) Get(_ context.Context, key string) ([]byte, error) {
	return c.values[key], c.fail
}

func (c *memoryClient) Set(_ context.Context, key string, value []byte) error {
	c.values[key] = value
	return c.fail
}

func (c *memoryClient) Delete(_ context.Context, key string) error {
	delete(c.values, key)
	return c.fail
}

func (c *memoryClient) Batch(ctx context.Context, operations ...*storage.Operation) error {
	if c.fail != nil {
		return c.fail
	}
	c.operation, c.written = 0, 0
	for _, operation := range operations {
		if operation.Type != storage.Get && c.operation == c.tearAfter {
			return errors.New("torn")
		}
		switch operation.Type {
		case storage.Get:
			operation.Value, _ = c.Get(ctx, operation.Key)
			continue
		case storage.Set:
			_ = c.Set(ctx, operation.Key, operation.Value)
			c.written += len(operation.Value)
		case storage.Delete:
			_ = c.Delete(ctx, operation.Key)
		}
		c.operation++
	}
	return nil
}

func (*memoryClient) Close(context.Context) error { return nil }

func (c *memoryClient) segments() (keys []string) {
	for key := range c.values {
		if strings.Contains(key, "delivered/") {
			keys = append(keys, key)
		}
	}
	return keys
}

func entry(number int, at time.Time) checkpoint.Entry {
	var id checkpoint.ID
	binary.BigEndian.PutUint64(id[8:], uint64(number))
	return checkpoint.Entry{ID: id, Time: at}
}

func entries(first, count int, at time.Time) []checkpoint.Entry {
	list := make([]checkpoint.Entry, count)
	for i := range list {
		list[i] = entry(first+i, at.Add(time.Duration(i)*time.Millisecond))
	}
	return list
}

func stateAt(at time.Time) checkpoint.State {
	return checkpoint.State{From: at, Watermark: at, Rescanned: at, Query: "fingerprint"}
}

func delivered(list ...checkpoint.Entry) checkpoint.Delivered {
	return checkpoint.Delivered{Lane: checkpoint.Live, Entries: list, AsOf: start.Add(time.Hour)}
}

func reopen(t *testing.T, client storage.Client) (*checkpoint.Store, checkpoint.Loaded) {
	t.Helper()
	store := checkpoint.Open(client, "")
	loaded, err := store.Load(t.Context())
	require.NoError(t, err)
	return store, loaded
}

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
	assert.True(t, again.Seen(entry(0, start)))
	assert.True(t, again.Seen(entry(1199, start.Add(time.Second+699*time.Millisecond))))
	assert.False(t, again.Seen(entry(1200, start.Add(time.Second))))
}

func TestSeenFindsAnEventWithoutATime(t *testing.T) {
	store := checkpoint.Open(newMemoryClient(), "")
	require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(1, start))))
	assert.True(t, store.Seen(entry(1, time.Time{})))
	assert.False(t, store.Seen(entry(2, time.Time{})))
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
			assert.Equal(t, test.kept, store.Seen(entry(1, start)))
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
	assert.True(t, store.Seen(ahead))

	again, loaded := reopen(t, client)
	assert.Zero(t, loaded.DamagedSegments)
	assert.True(t, again.Seen(ahead))
}

func TestFailedCommitChangesNothingAndCanBeRepeated(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	client.fail = storage.ErrStorageFull
	require.ErrorIs(t, store.Commit(t.Context(), stateAt(start), delivered(entry(1, start))), storage.ErrStorageFull)
	assert.False(t, store.Seen(entry(1, start)))

	client.fail = nil
	require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(1, start))))
	again, _ := reopen(t, client)
	assert.Equal(t, 1, again.Remembered())
}

func TestTornCommitOnlyForgets(t *testing.T) {
	edge := start.Add(time.Hour)
	for applied := range 4 {
		client := newMemoryClient()
		store := checkpoint.Open(client, "")
		require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(1, start))))
		client.tearAfter = applied
		err := store.Commit(t.Context(), stateAt(edge), delivered(entry(2, edge)))
		client.tearAfter = -1

		again, loaded := reopen(t, client)
		require.True(t, loaded.Found)
		if loaded.State.Watermark.Equal(edge) {
			assert.True(t, again.Seen(entry(2, edge)), "a state never is ahead of its ids (%d applied)", applied)
		}
		if applied >= 1 {
			assert.True(t, again.Seen(entry(2, edge)), "ids that were written are found (%d applied)", applied)
		}
		require.NoError(t, again.Commit(t.Context(), stateAt(edge), delivered(entry(3, edge))))
		assert.LessOrEqual(t, len(client.segments()), 2, "what a torn commit left is removed (%d applied, %v)", applied, err)
	}
}

func TestFault_S7_DamagedStateIsKeptAndReported(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"empty":       func([]byte) []byte { return []byte{} },
		"truncated":   func(data []byte) []byte { return data[:len(data)/2] },
		"flipped bit": func(data []byte) []byte { data[len(data)-20] ^= 1; return data },
		"not JSON":    func([]byte) []byte { return []byte("\x00\x01garbage") },
		"null":        func([]byte) []byte { return []byte("null") },
		"other JSON":  func([]byte) []byte { return []byte(`{"version":1}`) },
		"other checksum": func(data []byte) []byte {
			return []byte(strings.Replace(string(data), `"crc32c":`, `"crc32c":1`, 1))
		},
		"impossible range": func([]byte) []byte {
			return []byte(`{"version":1,"crc32c":0,"content":{"first":9,"next":1}}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			client := newMemoryClient()
			require.NoError(t, checkpoint.Open(client, "").Commit(t.Context(), stateAt(start), delivered(entry(1, start))))
			damaged := damage(client.values["own/state"])
			client.values["own/state"] = damaged

			store, loaded := reopen(t, client)
			assert.False(t, loaded.Found)
			assert.Equal(t, "own/state.damaged", loaded.DamagedKey)
			assert.Equal(t, damaged, client.values[loaded.DamagedKey])

			require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(1, start))))
			_, loaded = reopen(t, client)
			assert.True(t, loaded.Found)
		})
	}
}

func TestDamagedSegmentIsCountedAndRemoved(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(1, start))))
	require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(2, start))))
	client.values["own/delivered/0"][20] ^= 1

	again, loaded := reopen(t, client)
	assert.Equal(t, 1, loaded.DamagedSegments)
	assert.False(t, again.Seen(entry(1, start)))
	assert.True(t, again.Seen(entry(2, start)))
	require.NoError(t, again.Commit(t.Context(), stateAt(start), checkpoint.Delivered{}))
	assert.Equal(t, []string{"own/delivered/1"}, client.segments())
}

func TestFault_S9_NewerStateIsRefusedAndLeftAlone(t *testing.T) {
	client := newMemoryClient()
	newer := []byte(`{"version":2,"crc32c":1,"content":{}}`)
	client.values["own/state"] = newer
	_, err := checkpoint.Open(client, "").Load(t.Context())
	require.ErrorIs(t, err, checkpoint.ErrNewerVersion)
	assert.Equal(t, map[string][]byte{"own/state": newer}, client.values)
}

func TestFault_S4_ReadErrorIsNoEmptyStorage(t *testing.T) {
	client := newMemoryClient()
	client.fail = errors.New("disk on fire")
	_, err := checkpoint.Open(client, "").Load(t.Context())
	require.ErrorContains(t, err, "reading the stored state: disk on fire")
}

func FuzzLoad(f *testing.F) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	if err := store.Commit(context.Background(), stateAt(start), delivered(entries(0, 3, start)...)); err != nil {
		f.Fatal(err)
	}
	f.Add(client.values["own/state"], client.values["own/delivered/0"])
	f.Add([]byte(`{"version":1,"crc32c":0,"content":null}`), []byte{1, 1})
	f.Fuzz(func(t *testing.T, state, segment []byte) {
		client := newMemoryClient()
		client.values["own/state"], client.values["own/delivered/0"] = state, segment
		store := checkpoint.Open(client, "")
		if _, err := store.Load(t.Context()); err != nil {
			require.ErrorIs(t, err, checkpoint.ErrNewerVersion)
			return
		}
		require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(1, start))))
		again := checkpoint.Open(client, "")
		loaded, err := again.Load(t.Context())
		require.NoError(t, err)
		assert.True(t, loaded.Found)
		assert.True(t, again.Seen(entry(1, start)))
	})
}
