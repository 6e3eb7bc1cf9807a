// SPDX-License-Identifier: Apache-2.0

package checkpoint_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
)

// FuzzLoad takes any bytes for a state record, or any content with a checksum that fits, and any segment.
func FuzzLoad(f *testing.F) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	if err := store.Commit(context.Background(), stateAt(start), entries(0, 3, start)); err != nil {
		f.Fatal(err)
	}
	f.Add(client.values["own/state"], client.values[hourKey(start, 0)], 0)
	f.Add([]byte(`{"version":1,"crc32c":0,"content":null}`), []byte{1, 1}, 0)
	f.Add([]byte(firstFormat), []byte(firstSegment), 1)
	f.Add([]byte(`{"segments":{"492345":1,"491520far":0,"0farther":2,"492345stray":1,"-1migrated":1},"format1":{"first":0,"end":3}}`), []byte{}, 2)
	f.Fuzz(func(t *testing.T, state, segment []byte, version int) {
		if len(state) > 300 && version != 0 {
			return // a long range takes long
		}
		client := newMemoryClient()
		if client.values["own/state"] = state; version != 0 {
			client.values["own/state"] = stored(version, string(state))
		}
		client.values[hourKey(start, 0)], client.values["own/delivered/3"] = segment, segment
		store := checkpoint.Open(client, "")
		if _, err := store.Load(t.Context()); err != nil {
			require.ErrorIs(t, err, checkpoint.ErrNewerVersion)
			return
		}
		commit(t, store, stateAt(start), entry(1, start))
		again := checkpoint.Open(client, "")
		loaded, err := again.Load(t.Context())
		require.NoError(t, err)
		assert.True(t, loaded.Found)
		assert.True(t, seen(again, entry(1, start)))
	})
}

// FuzzSegment wants of every segment that what was remembered is found after a restart, and that
// one changed byte is told and costs that segment only.
func FuzzSegment(f *testing.F) {
	f.Add([]byte("sixteen bytes, aand sixteen more."), int64(0), uint16(0), byte(0))
	f.Add([]byte("sixteen bytes, aa"), int64(-62135596800000), uint16(9), byte(1))
	f.Add([]byte{}, int64(253402300799999), uint16(40), byte(0x80))
	f.Fuzz(func(t *testing.T, ids []byte, milli int64, position uint16, change byte) {
		// Times that JSON can hold; the engine has no other.
		at := time.UnixMilli(milli % 253402300800000).UTC()
		if at.Year() < 1 || at.Year() > 9999 {
			return
		}
		var added []checkpoint.Entry
		for i := 0; i+16 <= len(ids) && i < 16*1000; i += 16 {
			added = append(added, checkpoint.Entry{ID: checkpoint.ID(ids[i : i+16]), Time: at, Stray: milli%2 == 0})
		}
		client := newMemoryClient()
		store := checkpoint.Open(client, "")
		commit(t, store, stateAt(at), added...)
		kept := store.Remembered()
		if len(added) > 0 && change != 0 {
			segment := client.values[client.segments()[0]]
			segment[int(position)%len(segment)] ^= change
			again, loaded := reopen(t, client)
			assert.Equal(t, 1, loaded.DamagedSegments)
			assert.Zero(t, again.Remembered())
			return
		}
		again, loaded := reopen(t, client)
		assert.Zero(t, loaded.DamagedSegments)
		assert.Equal(t, kept, again.Remembered())
		for _, e := range added {
			assert.True(t, seen(again, e))
		}
	})
}
