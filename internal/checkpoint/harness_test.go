// SPDX-License-Identifier: Apache-2.0

package checkpoint_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

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
	// operation and written count what the last batch changed, in operations and bytes.
	operation int
	written   int
	read      int
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
			c.read++
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
	slices.Sort(keys)
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

// random makes entries whose ids are as evenly spread as hashes are.
func random(count int, at time.Time) []checkpoint.Entry {
	source := rand.New(rand.NewPCG(1, uint64(at.UnixMilli())))
	list := make([]checkpoint.Entry, count)
	for i := range list {
		list[i].Time = at.Add(time.Duration(i) * time.Millisecond)
		binary.LittleEndian.PutUint64(list[i].ID[:], source.Uint64())
		binary.LittleEndian.PutUint64(list[i].ID[8:], source.Uint64())
	}
	return list
}

func stateAt(at time.Time) checkpoint.State {
	return checkpoint.State{From: at, Watermark: at, Rescanned: at, Query: "fingerprint"}
}

// undated makes an event without a timestamp that was met then.
func undated(number int, met time.Time) checkpoint.Entry {
	added := entry(number, met)
	added.Stray = true
	return added
}

func commit(tb testing.TB, store *checkpoint.Store, state checkpoint.State, list ...checkpoint.Entry) {
	tb.Helper()
	require.NoError(tb, store.Commit(tb.Context(), state, list))
}

// seen looks for an entry as the engine does.
func seen(store *checkpoint.Store, e checkpoint.Entry) bool {
	if e.Stray {
		return store.Seen(e.ID, time.Time{})
	}
	return store.Seen(e.ID, e.Time)
}

func reopen(t *testing.T, client storage.Client) (*checkpoint.Store, checkpoint.Loaded) {
	t.Helper()
	store := checkpoint.Open(client, "")
	loaded, err := store.Load(t.Context())
	require.NoError(t, err)
	return store, loaded
}

// remember commits the entries, batch by batch, so that none is forgotten.
func remember(tb testing.TB, client storage.Client, list []checkpoint.Entry, batch int) *checkpoint.Store {
	tb.Helper()
	store := checkpoint.Open(client, "")
	for part := range slices.Chunk(list, batch) {
		state := stateAt(start)
		state.Watermark = part[0].Time
		commit(tb, store, state, part...)
	}
	return store
}

// heap is the number of bytes that live.
func heap() float64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc)
}

// hourKey is the key of a segment of dated ids.
func hourKey(at time.Time, number int) string {
	return fmt.Sprintf("own/delivered/%d/%d", at.Unix()/3600, number)
}
