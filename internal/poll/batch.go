// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"bytes"
	"context"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

const (
	// maxBatchEvents and maxBatchBytes keep a batch's OTLP message below gRPC's default limit
	// of 4 MiB; one larger event goes alone.
	maxBatchEvents = 1000
	maxBatchBytes  = 1 << 20
)

// Batch is what is remembered together.
type Batch struct {
	Events []insights.Event
	// Received is the local time at which the events' page was received.
	Received time.Time
	Delivery Delivery
}

// Delivery is how events came.
type Delivery string

const (
	// DeliveryLive: as they happened.
	DeliveryLive Delivery = "live"
	// DeliveryLate: by a rescan.
	DeliveryLate Delivery = "late"
	// DeliveryHistory: by the backfill.
	DeliveryHistory Delivery = "history"
)

// Deliver hands a batch to the consumer. It returns nil when the batch is settled: accepted,
// or declared lost. It retries for as long as that makes sense and returns an error only when
// ctx was done before that; the batch is then not remembered, and will come again.
type Deliver func(ctx context.Context, batch Batch) error

// batch collects events until it is full.
type batch struct {
	// expected is the largest number of events that may come.
	expected int
	events   []insights.Event
	entries  []checkpoint.Entry
	// ids holds the place of each event.
	ids   map[checkpoint.ID]int
	bytes int
}

func newBatch(expected int) *batch {
	return &batch{expected: min(expected, maxBatchEvents)}
}

// reset begins the next batch, in the memory of the one before but for its events, which were
// handed on.
func (b *batch) reset() {
	b.events, b.entries, b.bytes = nil, b.entries[:0], 0
	clear(b.ids)
}

// full says that an event of so many bytes has to go into the next batch.
func (b *batch) full(size int) bool {
	return len(b.events) > 0 && (len(b.events) >= maxBatchEvents || b.bytes+size > maxBatchBytes)
}

func (b *batch) contains(id checkpoint.ID) bool {
	_, found := b.ids[id]
	return found
}

// conflicts says that the batch holds an event with the same identity and other content. The order
// of the keys is no content.
func (b *batch) conflicts(id checkpoint.ID, raw []byte) bool {
	at, found := b.ids[id]
	if !found || bytes.Equal(b.events[at].Raw, raw) {
		return false
	}
	return !bytes.Equal(sortedKeys(b.events[at].Raw), sortedKeys(raw))
}

// add takes an event. The entries by which it is remembered are added apart.
func (b *batch) add(event insights.Event, id checkpoint.ID) {
	if b.events == nil {
		b.events = make([]insights.Event, 0, b.expected)
	}
	if b.ids == nil {
		b.ids = make(map[checkpoint.ID]int, b.expected)
		b.entries = make([]checkpoint.Entry, 0, b.expected)
	}
	b.ids[id] = len(b.events)
	b.events = append(b.events, event)
	b.bytes += len(event.Raw)
}
