// SPDX-License-Identifier: Apache-2.0

package checkpoint_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
)

// remembering has so many ids of the last hour.
func remembering(b *testing.B, ids int) (*checkpoint.Store, []checkpoint.Entry) {
	b.Helper()
	store := checkpoint.Open(storage.NewNopClient(), "")
	entries := make([]checkpoint.Entry, ids)
	for i := range entries {
		entries[i] = entry(i, start.Add(time.Duration(i%3600)*time.Second))
	}
	for first := 0; first < ids; first += 1000 {
		if err := store.Commit(b.Context(), stateAt(start), entries[first:min(ids, first+1000)]); err != nil {
			b.Fatal(err)
		}
	}
	return store, entries
}

func BenchmarkSeen(b *testing.B) {
	for _, ids := range []int{1000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("ids=%d", ids), func(b *testing.B) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			store, entries := remembering(b, ids)
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ResetTimer()
			i := 0
			for b.Loop() {
				e := &entries[i*7919%ids]
				i++
				if !store.Seen(e.ID, e.Time) {
					b.Fatal("forgotten")
				}
			}
			// What the entries themselves take is the benchmark's.
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(ids)-48, "B/id")
		})
	}
}

func BenchmarkCommit(b *testing.B) {
	for _, ids := range []int{1000, 1_000_000} {
		b.Run(fmt.Sprintf("ids=%d", ids), func(b *testing.B) {
			store, _ := remembering(b, ids)
			next := ids
			for b.Loop() {
				batch := make([]checkpoint.Entry, 100)
				for i := range batch {
					batch[i] = entry(next, start.Add(time.Minute))
					next++
				}
				if err := store.Commit(b.Context(), stateAt(start), batch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
