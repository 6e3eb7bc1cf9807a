// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// durableStorage is a storage extension that survives a crash, and fails by the plan of a
// simulation.
type durableStorage struct {
	component.StartFunc
	component.ShutdownFunc
	values map[string][]byte
	plan   *simulation
}

func (d *durableStorage) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return d, nil
}

func (d *durableStorage) Get(_ context.Context, key string) ([]byte, error) {
	return d.values[key], nil
}

func (d *durableStorage) Set(ctx context.Context, key string, value []byte) error {
	return d.Batch(ctx, storage.SetOperation(key, value))
}

func (d *durableStorage) Delete(ctx context.Context, key string) error {
	return d.Batch(ctx, storage.DeleteOperation(key))
}

// Batch applies all of its operations, or by the plan some or none of them.
func (d *durableStorage) Batch(_ context.Context, operations ...*storage.Operation) error {
	if slices.ContainsFunc(operations, func(o *storage.Operation) bool { return o.Type == storage.Get }) {
		for _, operation := range operations {
			operation.Value = d.values[operation.Key]
		}
		return nil
	}
	s := d.plan
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return errPlanned
	}
	crashed := s.meets()
	applied := len(operations)
	failed := crashed || s.trouble && s.chance(0.1)
	if failed && s.chance(0.7) {
		applied = s.random.IntN(len(operations) + 1)
	}
	for _, operation := range operations[:applied] {
		d.apply(operation)
	}
	if failed {
		return errPlanned
	}
	return nil
}

// apply also checks that a watermark never is ahead of the API's time.
func (d *durableStorage) apply(operation *storage.Operation) {
	if operation.Type == storage.Delete {
		delete(d.values, operation.Key)
		return
	}
	d.values[operation.Key] = slices.Clone(operation.Value)
	if !strings.HasSuffix(operation.Key, "/state") {
		return
	}
	var record struct {
		Content struct {
			State struct {
				Watermark, Rescanned time.Time
			} `json:"state"`
		} `json:"content"`
	}
	require.NoError(d.plan.t, json.Unmarshal(operation.Value, &record))
	require.False(d.plan.t, record.Content.State.Watermark.After(time.Now()))
	require.False(d.plan.t, record.Content.State.Rescanned.After(time.Now()))
}

func (*durableStorage) Close(context.Context) error { return nil }
