// SPDX-License-Identifier: Apache-2.0

package checkpoint_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
)

// remembering is a store's past: so many ids, delivered in batches of so many, a millisecond apart.
type remembering struct{ ids, batch int }

func (r remembering) String() string { return fmt.Sprintf("ids=%d/batch=%d", r.ids, r.batch) }

func benchmarkSizes() []remembering {
	return []remembering{{1_000, 1}, {1_000, 100}, {1_000, 1_000}, {100_000, 1}, {100_000, 1_000}, {1_000_000, 1}, {1_000_000, 100}, {1_000_000, 1_000}}
}

// pollersKey is what pollers know an event by: its id as text.
func pollersKey(id checkpoint.ID) string { return hex.EncodeToString(id[:12]) }

func pollersMap(list []checkpoint.Entry) map[string]time.Time {
	seen := make(map[string]time.Time)
	for _, entry := range list {
		seen[pollersKey(entry.ID)] = entry.Time
	}
	return seen
}

// reportSize makes something and reports how much memory it keeps.
func reportSize[T any](count int, build func() T) (T, func(b *testing.B)) {
	before := heap()
	built := build()
	size := heap() - before
	return built, func(b *testing.B) {
		b.Helper()
		b.ReportMetric(size/float64(count), "bytes/id")
		runtime.KeepAlive(built)
	}
}

// BenchmarkSeen looks for an event, of which every second one was delivered, beside a map of the
// ids as text (maps), and a look at an id whose place is known (floor).
func BenchmarkSeen(b *testing.B) {
	for _, past := range benchmarkSizes() {
		delivered := random(past.ids, start)
		others := random(past.ids, start) // of the same hours
		sought := make([]checkpoint.Entry, 1<<16)
		keys := make([]string, len(sought))
		for i := range sought {
			from := [][]checkpoint.Entry{delivered, others}[i%2]
			sought[i] = from[rand.IntN(len(from))]
			keys[i] = pollersKey(sought[i].ID)
		}
		measure := func(path string, report func(*testing.B), find func(i int) bool) {
			i := 0
			b.Run(past.String()+"/path="+path, func(b *testing.B) {
				for b.Loop() {
					find(i % len(sought))
					i++
				}
				report(b)
			})
		}
		store, size := reportSize(past.ids, func() *checkpoint.Store {
			return remember(b, storage.NewNopClient(), delivered, past.batch)
		})
		measure("receiver", size, func(i int) bool { return store.Seen(sought[i].ID, sought[i].Time) })
		seen, size := reportSize(past.ids, func() map[string]time.Time { return pollersMap(delivered) })
		measure("maps", size, func(i int) bool { _, found := seen[keys[i]]; return found })
		places := rand.Perm(len(sought))
		ids, size := reportSize(past.ids, func() []checkpoint.ID {
			ids := make([]checkpoint.ID, past.ids)
			for i := range ids {
				ids[i] = delivered[i].ID
			}
			return ids
		})
		measure("floor", size, func(i int) bool { return ids[places[i]%len(ids)] == sought[i].ID })
		runtime.KeepAlive(delivered)
		runtime.KeepAlive(others)
	}
}

// BenchmarkCommit remembers a batch and forgets as many ids, beside a map that is pruned and then
// stored whole (maps), and the storing of the new ids as they are (floor).
func BenchmarkCommit(b *testing.B) {
	for _, past := range benchmarkSizes() {
		delivered := random(past.ids, start)
		batch := random(past.batch, start.Add(24*time.Hour))
		kept := time.Duration(past.ids) * time.Millisecond
		measure := func(path string, commit func(state checkpoint.State, batch []checkpoint.Entry)) {
			next := delivered[len(delivered)-1].Time
			b.Run(past.String()+"/path="+path, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					for i := range batch {
						next = next.Add(time.Millisecond)
						batch[i].Time = next
						binary.LittleEndian.PutUint64(batch[i].ID[:], rand.Uint64())
					}
					state := stateAt(next)
					state.From = next.Add(-kept)
					commit(state, batch)
				}
			})
		}
		client := newMemoryClient()
		store := remember(b, client, delivered, past.batch)
		measure("receiver", func(state checkpoint.State, batch []checkpoint.Entry) {
			if store.Commit(b.Context(), state, batch) != nil {
				b.Fail()
			}
		})
		seen := pollersMap(delivered)
		measure("maps", func(state checkpoint.State, batch []checkpoint.Entry) {
			for _, entry := range batch {
				seen[pollersKey(entry.ID)] = entry.Time
			}
			for id, at := range seen {
				if at.Before(state.From) {
					delete(seen, id)
				}
			}
			value, err := json.Marshal(seen)
			if err != nil || client.Batch(b.Context(), storage.SetOperation("seen", value)) != nil {
				b.Fail()
			}
		})
		record := client.values["own/state"]
		measure("floor", func(_ checkpoint.State, batch []checkpoint.Entry) {
			value := make([]byte, 0, len(batch)*16+22)
			for i := range batch {
				value = append(value, batch[i].ID[:]...)
			}
			value = binary.BigEndian.AppendUint32(value, crc32.Checksum(value, crc32.MakeTable(crc32.Castagnoli)))
			if client.Batch(b.Context(), storage.SetOperation("ids", value), storage.SetOperation("state", record)) != nil {
				b.Fail()
			}
		})
	}
}

// BenchmarkLoad reads what is remembered, beside a map that is stored whole (maps), and the
// reading of the ids as they are (floor).
func BenchmarkLoad(b *testing.B) {
	for _, past := range benchmarkSizes() {
		delivered := random(past.ids, start)
		client := newMemoryClient()
		remember(b, client, delivered, past.batch)
		whole, err := json.Marshal(pollersMap(delivered))
		require.NoError(b, err)
		plain := make([]byte, 0, past.ids*16)
		for i := range delivered {
			plain = append(plain, delivered[i].ID[:]...)
		}
		client.values["whole"], client.values["plain"] = whole, plain
		measure := func(path string, load func(ctx context.Context) int) {
			b.Run(past.String()+"/path="+path, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if load(b.Context()) != past.ids {
						b.Fail()
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*past.ids), "ns/id")
			})
		}
		measure("receiver", func(ctx context.Context) int {
			store := checkpoint.Open(client, "")
			if _, err := store.Load(ctx); err != nil {
				return 0
			}
			return store.Remembered()
		})
		measure("maps", func(ctx context.Context) int {
			value, _ := client.Get(ctx, "whole")
			var seen map[string]time.Time
			if json.Unmarshal(value, &seen) != nil {
				return 0
			}
			return len(seen)
		})
		measure("floor", func(ctx context.Context) int {
			value, _ := client.Get(ctx, "plain")
			ids := make([]checkpoint.ID, len(value)/16)
			for i := range ids {
				copy(ids[i][:], value[i*16:])
			}
			return len(ids)
		})
	}
}
