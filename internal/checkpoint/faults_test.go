// SPDX-License-Identifier: Apache-2.0

package checkpoint_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
)

func TestFault_S4_ReadErrorIsNoEmptyStorage(t *testing.T) {
	client := newMemoryClient()
	client.fail = errors.New("disk on fire")
	_, err := checkpoint.Open(client, "").Load(t.Context())
	require.ErrorContains(t, err, "reading the stored state: disk on fire")
}

func TestFault_S6_LostStateStartsAfreshAmongOldSegments(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	for i := range 5 {
		commit(t, store, stateAt(start), entry(i, start))
	}
	delete(client.values, "own/state")

	again, loaded := reopen(t, client)
	assert.False(t, loaded.Found)
	assert.Empty(t, loaded.DamagedKey)
	commit(t, again, stateAt(start), entry(100, start))

	again, loaded = reopen(t, client)
	assert.True(t, loaded.Found)
	assert.Zero(t, loaded.DamagedSegments)
	assert.True(t, seen(again, entry(100, start)))
	assert.False(t, seen(again, entry(0, start)), "a segment of the lost state was written over")
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
		"impossible range": func([]byte) []byte { return stored(1, `{"first":9,"next":1}`) },
		"impossible count": func([]byte) []byte { return stored(2, `{"segments":{"492000":-1}}`) },
		"endless count":    func([]byte) []byte { return stored(2, `{"segments":{"492000":1000000000000}}`) },
		"unknown kind":     func([]byte) []byte { return stored(2, `{"segments":{"492000/other":1}}`) },
	} {
		t.Run(name, func(t *testing.T) {
			client := newMemoryClient()
			commit(t, checkpoint.Open(client, ""), stateAt(start), entry(1, start))
			damaged := damage(client.values["own/state"])
			client.values["own/state"] = damaged

			store, loaded := reopen(t, client)
			assert.False(t, loaded.Found)
			assert.Equal(t, "own/state.damaged", loaded.DamagedKey)
			assert.Equal(t, damaged, client.values[loaded.DamagedKey])

			commit(t, store, stateAt(start), entry(1, start))
			_, loaded = reopen(t, client)
			assert.True(t, loaded.Found)
		})
	}
}

func TestFault_S7_DamagedSegmentIsCountedAndRemoved(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	commit(t, store, stateAt(start), entries(1000, 128, start)...)
	commit(t, store, stateAt(start), entry(2, start))
	client.values[hourKey(start, 0)][20] ^= 1

	again, loaded := reopen(t, client)
	assert.Equal(t, 1, loaded.DamagedSegments)
	assert.False(t, seen(again, entry(1000, start)))
	assert.True(t, seen(again, entry(2, start)))
	commit(t, again, stateAt(start))
	assert.Equal(t, []string{hourKey(start, 1)}, client.segments())
}

func TestFault_S7_SegmentUnderAnotherKeyIsDamaged(t *testing.T) {
	client := newMemoryClient()
	hours := []checkpoint.Entry{entry(1, start), entry(2, start.Add(time.Hour))}
	commit(t, checkpoint.Open(client, ""), stateAt(start), hours...)
	client.values[hourKey(hours[0].Time, 0)] = client.values[hourKey(hours[1].Time, 0)]
	again, loaded := reopen(t, client)
	assert.Equal(t, 1, loaded.DamagedSegments)
	assert.Equal(t, 1, again.Remembered())
}

func TestFault_S10_FailedCommitChangesNothingAndCanBeRepeated(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	client.fail = storage.ErrStorageFull
	require.ErrorIs(t, store.Commit(t.Context(), stateAt(start), []checkpoint.Entry{entry(1, start)}), storage.ErrStorageFull)
	assert.False(t, seen(store, entry(1, start)))

	client.fail = nil
	commit(t, store, stateAt(start), entry(1, start))
	again, _ := reopen(t, client)
	assert.Equal(t, 1, again.Remembered())
}

// ambiguousClient applies a batch and yet returns an error.
type ambiguousClient struct {
	*memoryClient
	ambiguous bool
}

func (c *ambiguousClient) Batch(ctx context.Context, operations ...*storage.Operation) error {
	err := c.memoryClient.Batch(ctx, operations...)
	if err == nil && c.ambiguous {
		return errors.New("the answer was lost")
	}
	return err
}

func TestFault_S12_CommitThatWasAppliedCanBeRepeated(t *testing.T) {
	client := &ambiguousClient{memoryClient: newMemoryClient()}
	store := checkpoint.Open(client, "")
	commit(t, store, stateAt(start), entry(1, start))
	later := stateAt(start.Add(time.Hour))
	added := []checkpoint.Entry{entry(2, start.Add(time.Hour)), undated(3, start.Add(time.Hour))}
	client.ambiguous = true
	for range 3 {
		require.Error(t, store.Commit(t.Context(), later, added))
		assert.True(t, seen(store, entry(1, start)), "nothing changed")
	}
	client.ambiguous = false
	commit(t, store, later, added...)

	again, loaded := reopen(t, client)
	assert.Equal(t, later, loaded.State)
	assert.Equal(t, 2, again.Remembered(), "what is repeated is stored once, and what is past is removed")
	assert.Len(t, client.segments(), 2)
}

// TestFault_S13_TornCommitOnlyForgets tears a commit that adds to an hour, closes its segment, opens
// three spans and forgets two, after each of its operations.
func TestFault_S13_TornCommitOnlyForgets(t *testing.T) {
	edge := start.Add(time.Hour)
	kept := entries(1000, 128, edge)
	kept = append(kept, undated(1, edge))
	past := []checkpoint.Entry{entry(2, start), undated(3, start)}
	added := []checkpoint.Entry{
		entry(10, edge), undated(11, edge.Add(time.Hour)), entry(12, edge.Add(time.Hour)), entry(13, edge.Add(10_000*time.Hour)),
	}
	const ids = 1 + 4 // the spans that are new, then the segments
	operations := 0
	for applied := 0; applied <= operations; applied++ {
		client := newMemoryClient()
		store := checkpoint.Open(client, "")
		commit(t, store, stateAt(start), append(past, kept...)...)
		client.tearAfter = applied
		err := store.Commit(t.Context(), stateAt(edge), added)
		if client.tearAfter = -1; err != nil {
			operations = applied + 1
			require.False(t, seen(store, added[0]), "nothing changed")
		}

		store, loaded := reopen(t, client)
		require.True(t, loaded.Found)
		require.Zero(t, loaded.DamagedSegments)
		require.Equal(t, applied > ids, loaded.State.Watermark.Equal(edge), "%d applied", applied)
		for _, e := range kept {
			require.True(t, seen(store, e), "%d applied", applied)
		}
		found := 0
		for _, e := range added {
			if seen(store, e) {
				found++
			}
		}
		require.Equal(t, min(max(applied-1, 0), len(added)), found, "ids that were written are found (%d applied)", applied)
		commit(t, store, stateAt(edge))
		require.False(t, seen(store, past[0]))
		require.False(t, seen(store, past[1]))
		require.Equal(t, len(kept)+found, store.Remembered())
		store, _ = reopen(t, client)
		require.Equal(t, len(kept)+found, store.Remembered())
		commit(t, store, stateAt(start.AddDate(1000, 0, 0)))
		require.Empty(t, client.segments(), "%d applied", applied)
	}
	require.Greater(t, operations, ids+2)
}

// What a torn batch wrote and the next one did not is removed with its hour.
func TestFault_S13_TornCommitThatIsNotRepeatedLeavesNothing(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	commit(t, store, stateAt(start), entries(1000, 128, start)...)
	client.tearAfter = 1
	require.Error(t, store.Commit(t.Context(), stateAt(start), []checkpoint.Entry{entry(1, start)}))
	client.tearAfter = -1
	require.Len(t, client.segments(), 2)
	again, _ := reopen(t, client)
	assert.True(t, seen(again, entry(1, start)))
	commit(t, store, stateAt(start.Add(time.Hour)))
	assert.Empty(t, client.segments())
}

func TestFault_S15_ForgedStateNeedsItsChecksum(t *testing.T) {
	client := newMemoryClient()
	commit(t, checkpoint.Open(client, ""), stateAt(start), entry(1, start))
	client.values["own/state"] = []byte(strings.ReplaceAll(string(client.values["own/state"]), `"watermark":"2026`, `"watermark":"2036`))
	_, loaded := reopen(t, client)
	assert.False(t, loaded.Found)
	assert.Equal(t, "own/state.damaged", loaded.DamagedKey)
}
