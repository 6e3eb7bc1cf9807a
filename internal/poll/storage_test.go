// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// failingStorage can't be read.
type failingStorage struct{ storage.Client }

func (failingStorage) Get(context.Context, string) ([]byte, error) { return nil, errUnreadable }

// failingWrites can't be written.
type failingWrites struct{ storage.Client }

func (failingWrites) Batch(context.Context, ...*storage.Operation) error {
	return storage.ErrStorageFull
}

// brokenStorage can't be written for a while.
type brokenStorage struct {
	storage.Client
	fail atomic.Bool
}

func (b *brokenStorage) Batch(ctx context.Context, operations ...*storage.Operation) error {
	if b.fail.Load() {
		return storage.ErrStorageFull
	}
	return b.Client.Batch(ctx, operations...)
}

func largeEvent(id string, at time.Time, size int) []byte {
	return []byte(`{"id":"` + id + `","timestamp":"` + at.UTC().Format(time.RFC3339Nano) + `","padding":"` + strings.Repeat("x", size) + `"}`)
}
