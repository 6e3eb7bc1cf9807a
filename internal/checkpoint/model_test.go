// SPDX-License-Identifier: Apache-2.0

package checkpoint_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
)

var errTorn = errors.New("torn")

// tornClient applies the first operations of a batch and fails then, where left is not negative.
type tornClient struct {
	*memoryClient
	left int
}

func (c *tornClient) Batch(ctx context.Context, operations ...*storage.Operation) error {
	if c.left < 0 || c.left >= len(operations) {
		return c.memoryClient.Batch(ctx, operations...)
	}
	if err := c.memoryClient.Batch(ctx, operations[:c.left]...); err != nil {
		return err
	}
	return errTorn
}

// A store that crashes in torn batches remembers at least what was committed and is still needed, and
// nothing that was never handed to it.
func TestAStoreRemembersWhatAModelRemembers(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 1))
		client := &tornClient{memoryClient: newMemoryClient(), left: -1}
		store := checkpoint.Open(client, "")
		committed, offered := map[int]checkpoint.Entry{}, map[int]checkpoint.Entry{}
		state, next := stateAt(start), 0
		for range 150 {
			state = stateAt(state.Watermark.Add(time.Duration(random.IntN(20)) * time.Minute))
			state.From = state.Watermark.Add(-2 * time.Hour).Truncate(time.Hour)
			var batch []checkpoint.Entry
			for range random.IntN(30) {
				made := entry(next, state.Watermark.Add(time.Duration(random.IntN(400)-200)*time.Minute))
				made.Stray = random.IntN(10) == 0
				offered[next] = made
				batch = append(batch, made)
				next++
			}
			client.left = -1
			if random.IntN(4) == 0 {
				client.left = random.IntN(5)
			}
			err := store.Commit(t.Context(), state, batch)
			if err == nil {
				for i := next - len(batch); i < next; i++ {
					committed[i] = offered[i]
				}
			}
			client.left = -1
			if err != nil || random.IntN(10) == 0 {
				store = checkpoint.Open(client, "")
				loaded, err := store.Load(t.Context())
				require.NoError(t, err)
				require.Zero(t, loaded.DamagedSegments)
			}
			for i, e := range committed {
				if e.Time.Before(state.From) {
					delete(committed, i)
					continue
				}
				require.True(t, seen(store, e), "seed %d, id %d", seed, i)
			}
			require.False(t, seen(store, entry(next, state.Watermark)))
		}
	}
}
