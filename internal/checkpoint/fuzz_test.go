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
		assert.True(t, again.Seen(entry(1, start).ID))
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
		var added []checkpoint.Entry
		for i := 0; i+16 <= len(ids) && i < 16*1000; i += 16 {
			added = append(added, checkpoint.Entry{ID: checkpoint.ID(ids[i : i+16]), Time: at.Add(time.Duration(ids[i]) * time.Millisecond)})
		}
		client := newMemoryClient()
		store := checkpoint.Open(client, "")
		require.NoError(t, store.Commit(t.Context(), stateAt(start), checkpoint.Delivered{Lane: checkpoint.Live, Entries: added, AsOf: at.Add(time.Hour)}))
		kept := store.Remembered()
		segment := client.values["own/delivered/0"]
		if len(segment) > 0 {
			segment[int(position)%len(segment)] ^= change
		}

		again, loaded := reopen(t, client)
		if len(segment) > 0 && change != 0 {
			assert.Equal(t, 1, loaded.DamagedSegments)
			assert.Zero(t, again.Remembered())
			return
		}
		assert.Zero(t, loaded.DamagedSegments)
		assert.Equal(t, kept, again.Remembered())
		for _, entry := range added {
			assert.True(t, again.Seen(entry.ID))
		}
	})
}
