// SPDX-License-Identifier: Apache-2.0

package checkpoint_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
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
		require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(i, start))))
	}
	delete(client.values, "own/state")

	again, loaded := reopen(t, client)
	assert.False(t, loaded.Found)
	assert.Empty(t, loaded.DamagedKey)
	require.NoError(t, again.Commit(t.Context(), stateAt(start), delivered(entry(100, start))))

	again, loaded = reopen(t, client)
	assert.True(t, loaded.Found)
	assert.Zero(t, loaded.DamagedSegments)
	assert.True(t, again.Seen(entry(100, start).ID))
	assert.False(t, again.Seen(entry(0, start).ID), "a segment of the lost state was written over")
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

func TestFault_S7_DamagedSegmentIsCountedAndRemoved(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(1, start))))
	require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(2, start))))
	client.values["own/delivered/0"][20] ^= 1

	again, loaded := reopen(t, client)
	assert.Equal(t, 1, loaded.DamagedSegments)
	assert.False(t, again.Seen(entry(1, start).ID))
	assert.True(t, again.Seen(entry(2, start).ID))
	require.NoError(t, again.Commit(t.Context(), stateAt(start), checkpoint.Delivered{}))
	assert.Equal(t, []string{"own/delivered/1"}, client.segments())
}

// stored makes a record of that version with a checksum that fits.
func stored(version int, content string) []byte {
	sum := crc32.Checksum([]byte(content), crc32.MakeTable(crc32.Castagnoli))
	return fmt.Appendf(nil, `{"version":%d,"crc32c":%d,"content":%s}`, version, sum, content)
}

// firstFormat is the content of a state as version 1 writes it, byte for byte. It must be read
// by every later version.
const firstFormat = `{"state":{"from":"2026-03-02T08:00:00Z","watermark":"2026-03-02T09:00:00Z","rescanned":"2026-03-02T08:59:00Z",` +
	`"backfill":{"next":"2026-02-01T00:00:00Z","end":"2026-03-02T08:00:00Z"},"query":"fingerprint"},"first":3,"next":4}`

func TestFault_S8_FirstFormatIsRead(t *testing.T) {
	state := checkpoint.State{
		From: start.Add(-time.Hour), Watermark: start, Rescanned: start.Add(-time.Minute), Query: "fingerprint",
		Backfill: checkpoint.Backfill{Next: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), End: start.Add(-time.Hour)},
	}
	client := newMemoryClient()
	client.values["own/state"] = stored(1, firstFormat)
	_, loaded := reopen(t, client)
	assert.Equal(t, checkpoint.Loaded{State: state, Found: true}, loaded)
	assert.Equal(t, 1, checkpoint.Version, "a new version comes with a migration of the old one, and a test of it here")
}

// firstSegment is a segment of two ids as version 1 writes it.
const firstSegment = "01010000019cadc69a800000019cadc69a81" +
	"00000000000000000000000000000001" +
	"00000000000000000000000000000002" +
	"8b092a7e"

func TestFault_S8_FirstSegmentIsReadAndWritten(t *testing.T) {
	segment, err := hex.DecodeString(firstSegment)
	require.NoError(t, err)
	client := newMemoryClient()
	client.values["own/state"], client.values["own/delivered/3"] = stored(1, firstFormat), segment
	store, loaded := reopen(t, client)
	assert.Zero(t, loaded.DamagedSegments)
	assert.Equal(t, 2, store.Remembered())
	assert.True(t, store.Seen(entry(1, start).ID))
	assert.True(t, store.Seen(entry(2, start).ID))

	client = newMemoryClient()
	require.NoError(t, checkpoint.Open(client, "").Commit(t.Context(), stateAt(start),
		delivered(entry(2, start), entry(1, start.Add(time.Millisecond)))))
	assert.Equal(t, segment, client.values["own/delivered/0"])
	assert.True(t, strings.HasPrefix(string(client.values["own/state"]), `{"version":1,"crc32c":`))
}

func TestFault_S8_FormatBeforeTheFirstIsDamage(t *testing.T) {
	for _, version := range []int{0, -1} {
		client := newMemoryClient()
		older := stored(version, firstFormat)
		client.values["own/state"] = older
		_, loaded := reopen(t, client)
		assert.False(t, loaded.Found)
		assert.Equal(t, older, client.values[loaded.DamagedKey], "nothing is thrown away")
	}
}

func TestFault_S8_SegmentOfAnotherFormatIsCounted(t *testing.T) {
	for _, version := range []byte{0, 2} {
		client := newMemoryClient()
		require.NoError(t, checkpoint.Open(client, "").Commit(t.Context(), stateAt(start), delivered(entry(1, start))))
		client.values["own/delivered/0"][0] = version
		again, loaded := reopen(t, client)
		assert.True(t, loaded.Found)
		assert.Equal(t, 1, loaded.DamagedSegments)
		assert.False(t, again.Seen(entry(1, start).ID))
	}
}

func TestFault_S9_NewerStateIsRefusedAndLeftAlone(t *testing.T) {
	client := newMemoryClient()
	newer := []byte(`{"version":2,"crc32c":1,"content":{}}`)
	client.values["own/state"] = newer
	_, err := checkpoint.Open(client, "").Load(t.Context())
	require.ErrorIs(t, err, checkpoint.ErrNewerVersion)
	assert.Equal(t, map[string][]byte{"own/state": newer}, client.values)
}

func TestFault_S10_FailedCommitChangesNothingAndCanBeRepeated(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	client.fail = storage.ErrStorageFull
	require.ErrorIs(t, store.Commit(t.Context(), stateAt(start), delivered(entry(1, start))), storage.ErrStorageFull)
	assert.False(t, store.Seen(entry(1, start).ID))

	client.fail = nil
	require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(1, start))))
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
	require.NoError(t, store.Commit(t.Context(), stateAt(start), delivered(entry(1, start))))
	later := stateAt(start.Add(time.Minute))
	client.ambiguous = true
	for range 3 {
		require.Error(t, store.Commit(t.Context(), later, delivered(entry(2, start.Add(time.Minute)))))
	}
	client.ambiguous = false
	require.NoError(t, store.Commit(t.Context(), later, delivered(entry(2, start.Add(time.Minute)))))

	again, loaded := reopen(t, client)
	assert.Equal(t, later, loaded.State)
	assert.Equal(t, 1, again.Remembered(), "what is repeated is stored once, and what is past is removed")
	assert.Len(t, client.segments(), 1)
}

func TestFault_S13_TornCommitOnlyForgets(t *testing.T) {
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
			assert.True(t, again.Seen(entry(2, edge).ID), "a state never is ahead of its ids (%d applied)", applied)
		}
		if applied >= 1 {
			assert.True(t, again.Seen(entry(2, edge).ID), "ids that were written are found (%d applied)", applied)
		}
		require.NoError(t, again.Commit(t.Context(), stateAt(edge), delivered(entry(3, edge))))
		assert.LessOrEqual(t, len(client.segments()), 2, "what a torn commit left is removed (%d applied, %v)", applied, err)
	}
}

func TestFault_S15_ForgedStateNeedsItsChecksum(t *testing.T) {
	client := newMemoryClient()
	require.NoError(t, checkpoint.Open(client, "").Commit(t.Context(), stateAt(start), delivered(entry(1, start))))
	client.values["own/state"] = []byte(strings.ReplaceAll(string(client.values["own/state"]), `"watermark":"2026`, `"watermark":"2036`))
	_, loaded := reopen(t, client)
	assert.False(t, loaded.Found)
	assert.Equal(t, "own/state.damaged", loaded.DamagedKey)
}
