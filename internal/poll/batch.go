// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"bytes"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// Delivery is how events came.
type Delivery string

const (
	// DeliveryLive events came in the order of time.
	DeliveryLive Delivery = "live"
	// DeliveryLate events became visible after events with later timestamps had been delivered.
	DeliveryLate Delivery = "late"
	// DeliveryHistory events happened before the first start and were read beside live ones.
	DeliveryHistory Delivery = "history"
)

// Batch is what is remembered together.
type Batch struct {
	Events []insights.Event
	// Received is the local time at which the events' page was received.
	Received time.Time
	Delivery Delivery
}

// batch collects events until it is full.
type batch struct {
	// size is the largest number of events, expected the largest number that may come.
	size, expected int
	delivery       Delivery
	events         []insights.Event
	entries        []checkpoint.Entry
	// places holds the index of each event.
	places map[checkpoint.ID]int
}

func newBatch(size, expected int) *batch {
	return &batch{size: size, expected: min(size, expected)}
}

// reset begins the next batch, in the memory of the one before but for its events, which were
// handed on.
func (b *batch) reset() {
	b.events, b.entries = nil, b.entries[:0]
	clear(b.places)
}

// closed reports whether an event that came in this way has to go into the next batch.
func (b *batch) closed(delivery Delivery) bool {
	return len(b.events) >= b.size || len(b.events) > 0 && b.delivery != delivery
}

func (b *batch) contains(id checkpoint.ID) bool {
	_, found := b.places[id]
	return found
}

// conflicts reports whether the batch holds an event with the same identity and other content. The order
// of the keys is no content.
func (b *batch) conflicts(id checkpoint.ID, raw []byte) bool {
	at, found := b.places[id]
	if !found || bytes.Equal(b.events[at].Raw, raw) {
		return false
	}
	return !bytes.Equal(sortedKeys(b.events[at].Raw), sortedKeys(raw))
}

func (b *batch) add(event insights.Event, delivery Delivery, entry checkpoint.Entry) {
	if b.events == nil {
		b.events = make([]insights.Event, 0, b.expected)
	}
	if b.places == nil {
		b.places = make(map[checkpoint.ID]int, b.expected)
		b.entries = make([]checkpoint.Entry, 0, b.expected)
	}
	b.delivery = delivery
	b.places[entry.ID] = len(b.events)
	b.events = append(b.events, event)
	b.entries = append(b.entries, entry)
}
