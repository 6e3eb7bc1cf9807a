// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// plannedStorage outlives the process. It applies a batch whole, or by the plan a part of it.
type plannedStorage struct {
	tenants tenants
	torn    bool

	mu     sync.Mutex
	values map[string][]byte
}

// Get implements storage.Client.
func (p *plannedStorage) Get(ctx context.Context, key string) ([]byte, error) {
	operation := storage.GetOperation(key)
	err := p.Batch(ctx, operation)
	return operation.Value, err
}

// Set implements storage.Client.
func (p *plannedStorage) Set(ctx context.Context, key string, value []byte) error {
	return p.Batch(ctx, storage.SetOperation(key, value))
}

// Delete implements storage.Client.
func (p *plannedStorage) Delete(ctx context.Context, key string) error {
	return p.Batch(ctx, storage.DeleteOperation(key))
}

// Close implements storage.Client.
func (*plannedStorage) Close(context.Context) error { return nil }

// Batch implements storage.Client.
func (p *plannedStorage) Batch(ctx context.Context, operations ...*storage.Operation) error {
	if len(operations) == 0 {
		return nil
	}
	lane := p.tenants.stores(operations[0].Key).delivery
	fault := lane.next(lane.writes(operations))
	if fault.how == slow {
		if !sleepFor(ctx, slowStep) {
			lane.unsettled = true
			return ctx.Err()
		}
		if lane.process.isDead() {
			fault.how = dead
		}
	}
	if fault.how == dead {
		return errPlanned
	}
	succeeded := fault.how == succeeds || fault.how == slow
	applied := len(operations)
	if !succeeded {
		applied = int(fault.portion * float64(len(operations)+1))
		if !p.torn && applied < len(operations) {
			applied = 0
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, operation := range operations[:applied] {
		p.apply(operation)
	}
	lane.unsettled = !succeeded
	if succeeded {
		return nil
	}
	return errPlanned
}

func (p *plannedStorage) apply(operation *storage.Operation) {
	switch operation.Type {
	case storage.Get:
		operation.Value = p.values[operation.Key]
	case storage.Delete:
		delete(p.values, operation.Key)
	case storage.Set:
		p.values[operation.Key] = slices.Clone(operation.Value)
		p.tenants.stores(operation.Key).oracle.stored(operation.Key, operation.Value)
	}
}

func (p *plannedStorage) snapshot() map[string][]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.values)
}

// writes describes operations for the journal.
func (l *lane) writes(operations []*storage.Operation) string {
	if !l.process.keeps {
		return ""
	}
	var text strings.Builder
	for _, operation := range operations {
		fmt.Fprintf(&text, "%d %s %x;", operation.Type, operation.Key, digest(operation.Value))
	}
	return text.String()
}

// storedState is what the oracle looks at of a state record.
type storedState struct {
	Content struct {
		State struct {
			From, Watermark, Rescanned time.Time
			Backfill                   struct{ Next, End, Compared time.Time }
		} `json:"state"`
	} `json:"content"`
}

func readState(value []byte) (storedState, error) {
	var record storedState
	err := json.Unmarshal(value, &record)
	return record, err
}
