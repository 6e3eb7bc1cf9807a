// SPDX-License-Identifier: Apache-2.0

package checkpoint_test

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
)

// stored makes a record of that version with a checksum that fits.
func stored(version int, content string) []byte {
	sum := crc32.Checksum([]byte(content), crc32.MakeTable(crc32.Castagnoli))
	return fmt.Appendf(nil, `{"version":%d,"crc32c":%d,"content":%s}`, version, sum, content)
}

// format1State is a state record as version 1 wrote it.
func format1State(t *testing.T, state checkpoint.State, first, next int) []byte {
	t.Helper()
	raw, err := json.Marshal(state)
	require.NoError(t, err)
	return stored(1, fmt.Sprintf(`{"state":%s,"first":%d,"next":%d}`, raw, first, next))
}

// format1Segment is a segment of ids as version 1 wrote it.
func format1Segment(lane byte, oldest, newest time.Time, list ...checkpoint.Entry) []byte {
	data := []byte{1, lane}
	data = binary.BigEndian.AppendUint64(data, uint64(oldest.UnixMilli()))
	data = binary.BigEndian.AppendUint64(data, uint64(newest.UnixMilli()))
	for _, added := range list {
		data = append(data, added.ID[:]...)
	}
	return binary.BigEndian.AppendUint32(data, crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
}

// firstFormat is the content of a state as version 1 wrote it, byte for byte.
const firstFormat = `{"state":{"from":"2026-03-02T08:00:00Z","watermark":"2026-03-02T09:00:00Z","rescanned":"2026-03-02T08:59:00Z",` +
	`"backfill":{"next":"2026-02-01T00:00:00Z","end":"2026-03-02T08:00:00Z"},"query":"fingerprint"},"first":3,"next":4}`

// firstSegment is a segment of two ids as version 1 wrote it.
const firstSegment = "01010000019cadc69a800000019cadc69a81" +
	"00000000000000000000000000000001" +
	"00000000000000000000000000000002" +
	"8b092a7e"

func TestFault_S8_FirstFormatIsRead(t *testing.T) {
	state := checkpoint.State{
		From: start.Add(-time.Hour), Watermark: start, Rescanned: start.Add(-time.Minute), Query: "fingerprint",
		Backfill: checkpoint.Backfill{Next: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), End: start.Add(-time.Hour)},
	}
	segment, err := hex.DecodeString(firstSegment)
	require.NoError(t, err)
	require.Equal(t, segment, format1Segment(1, start, start.Add(time.Millisecond), entry(1, start), entry(2, start)))
	client := newMemoryClient()
	client.values["own/state"], client.values["own/delivered/3"] = stored(1, firstFormat), segment

	store, loaded := reopen(t, client)
	assert.Equal(t, checkpoint.Loaded{State: state, Found: true}, loaded)
	assert.Equal(t, 2, checkpoint.Version, "a new version comes with a migration of the old one, and a test of it here")
	assert.True(t, store.Migrated())
	assert.Equal(t, 2, store.Remembered())
	assert.True(t, store.SeenMigrated(entry(1, start).ID))
	assert.True(t, store.SeenMigrated(entry(2, start).ID))
	assert.False(t, store.SeenMigrated(entry(3, start).ID))
	assert.False(t, store.Seen(entry(1, start).ID, start), "the two formats' ids are two names of an event")
}

func TestFault_S8_IDsOfTheFirstFormatAreKeptAsLongAsItDid(t *testing.T) {
	live, history := byte(1), byte(2)
	pending := stateAt(start.Add(2 * time.Hour))
	pending.Backfill = checkpoint.Backfill{Next: start.Add(30 * time.Minute), End: start.Add(90 * time.Minute)}
	passed := pending
	passed.Backfill.Next = start.Add(80 * time.Minute)
	metLate := pending
	metLate.Backfill.End, metLate.From = start.Add(-time.Minute), start.Add(2*time.Hour)
	metLate.Backfill.Next = start.Add(-2 * time.Hour)
	for name, test := range map[string]struct {
		lane  byte
		state checkpoint.State
		kept  bool
	}{
		"live, in the hour of from":                         {live, stateAt(start.Add(59 * time.Minute)), true},
		"live, before it":                                   {live, stateAt(start.Add(time.Hour)), false},
		"history, where the backfill reads on":              {history, pending, true},
		"history, before the backfill":                      {history, passed, false},
		"history, behind the backfill's end, met by chance": {history, metLate, true},
		"history, no backfill":                              {history, stateAt(start.Add(time.Hour)), false},
	} {
		t.Run(name, func(t *testing.T) {
			client := newMemoryClient()
			client.values["own/state"] = format1State(t, stateAt(start), 0, 1)
			client.values["own/delivered/0"] = format1Segment(test.lane, start.Add(-time.Hour), start.Add(time.Minute), entry(1, start))
			store, _ := reopen(t, client)
			commit(t, store, test.state)
			for range 2 {
				assert.Equal(t, test.kept, store.SeenMigrated(entry(1, start).ID))
				assert.Equal(t, test.kept, store.Migrated())
				assert.Equal(t, test.kept, len(client.segments()) == 1, "stored segments: %v", client.segments())
				store, _ = reopen(t, client)
			}
			commit(t, store, stateAt(start.Add(100*time.Hour)))
			assert.Empty(t, client.segments())
			assert.Zero(t, store.Remembered())
		})
	}
}

// format1Store is what version 1 left: three segments in two hours and one of a torn batch, a damaged
// one, and a number that is missing.
func format1Store(t *testing.T) *memoryClient {
	t.Helper()
	client := newMemoryClient()
	client.values["own/state"] = format1State(t, stateAt(start), 3, 8)
	client.values["own/delivered/3"] = format1Segment(1, start, start, entry(1, start), entry(2, start))
	client.values["own/delivered/4"] = format1Segment(2, start, start.Add(time.Hour), entry(3, start))
	client.values["own/delivered/5"] = []byte("damaged")
	client.values["own/delivered/7"] = format1Segment(1, start, start, entry(4, start), entry(3, start))
	client.values["own/delivered/8"] = format1Segment(1, start, start, entry(5, start))
	return client
}

func TestFault_S8_TornMigrationForgetsNothing(t *testing.T) {
	for _, later := range []time.Duration{0, 90 * time.Minute} {
		operations := 0
		for applied := 0; applied <= operations; applied++ {
			client := format1Store(t)
			store, loaded := reopen(t, client)
			require.Equal(t, 1, loaded.DamagedSegments)
			client.tearAfter = applied
			err := store.Commit(t.Context(), stateAt(start), []checkpoint.Entry{entry(10, start)})
			if client.tearAfter = -1; err != nil {
				operations = applied + 1
			}

			store, loaded = reopen(t, client)
			require.True(t, loaded.Found)
			require.True(t, store.Migrated())
			for i := range 5 {
				require.True(t, store.SeenMigrated(entry(i+1, start).ID), "id %d, %d applied", i+1, applied)
			}
			state := stateAt(start.Add(later))
			commit(t, store, state)
			for range 2 {
				require.Equal(t, later == 0, store.SeenMigrated(entry(5, start).ID))
				require.True(t, store.SeenMigrated(entry(3, start).ID) || later > 0)
				store, loaded = reopen(t, client)
				require.Zero(t, loaded.DamagedSegments)
			}
			for number := range 9 {
				require.NotContains(t, client.values, fmt.Sprintf("own/delivered/%d", number), "%d applied", applied)
			}
			commit(t, store, state)
			commit(t, store, state)
			require.Equal(t, 1, client.operation, "what was removed is not removed again")
			commit(t, store, stateAt(start.Add(100*time.Hour)))
			left := client.segments()
			if len(left) > 0 {
				// The one id that was delivered into an hour that no record names yet.
				require.Equal(t, []string{fmt.Sprintf("own/delivered/%d/0", start.Unix()/3600)}, left, "%d applied", applied)
			}
		}
		require.Greater(t, operations, 8)
	}
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
	for _, version := range []byte{0, 1, 3} {
		client := newMemoryClient()
		commit(t, checkpoint.Open(client, ""), stateAt(start), entry(1, start))
		key := client.segments()[0]
		body := client.values[key][:len(client.values[key])-4]
		body[0] = version
		client.values[key] = binary.BigEndian.AppendUint32(body, crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
		again, loaded := reopen(t, client)
		assert.True(t, loaded.Found)
		assert.Equal(t, 1, loaded.DamagedSegments)
		assert.False(t, seen(again, entry(1, start)))
	}
}

func TestFault_S9_NewerStateIsRefusedAndLeftAlone(t *testing.T) {
	client := newMemoryClient()
	newer := []byte(`{"version":3,"crc32c":1,"content":{}}`)
	client.values["own/state"] = newer
	before := maps.Clone(client.values)
	_, err := checkpoint.Open(client, "").Load(t.Context())
	require.ErrorIs(t, err, checkpoint.ErrNewerVersion)
	assert.Equal(t, before, client.values)
}
