// SPDX-License-Identifier: Apache-2.0

package checkpoint_test

import (
	"testing"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
)

// Whatever the storage holds, loading it neither fails for ever nor panics, and a commit goes on from there.
func FuzzLoad(f *testing.F) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	if err := store.Commit(f.Context(), stateAt(start), []checkpoint.Entry{entry(1, start)}); err != nil {
		f.Fatal(err)
	}
	for _, key := range append(client.segments(), "own/state") {
		f.Add(client.values["own/state"], client.values[key])
	}
	f.Add([]byte(`{"version":3}`), []byte("x"))
	f.Fuzz(func(t *testing.T, record, segment []byte) {
		client := newMemoryClient()
		client.values["own/state"] = record
		client.values["own/delivered/"+hourKey(start, 0)] = segment
		store := checkpoint.Open(client, "")
		if _, err := store.Load(t.Context()); err != nil {
			return
		}
		if err := store.Commit(t.Context(), stateAt(start), []checkpoint.Entry{entry(2, start)}); err != nil {
			t.Fatal(err)
		}
		if !seen(store, entry(2, start)) {
			t.Fatal("what was committed is not remembered")
		}
	})
}
