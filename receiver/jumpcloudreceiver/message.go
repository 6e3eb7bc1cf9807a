// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
)

const (
	// firstGrowth is by how much JSON is taken to grow in OTLP before any was measured.
	firstGrowth = 3
	// headroom is the part of the largest size that a message is planned to fill: events differ in how
	// much they grow, and one that turns out too large is mapped twice.
	headroom = 0.9
)

// messages cut batches into what the consumer is offered in one call: at most maxRecords events, and
// at most maxBytes as OTLP, but for an event that is larger by itself.
type messages struct {
	mapper     *mapping.Mapper
	marshaler  plog.ProtoMarshaler
	maxRecords int
	maxBytes   int
	// growth is how large the last message was in OTLP for each byte of JSON; 0 before the first.
	growth float64
}

// message is the first events of what is left of a batch, with their records for the first attempt.
type message struct {
	events   []insights.Event
	received time.Time
	delivery poll.Delivery
	logs     plog.Logs
	counts   mapping.Counts
}

// next returns the message that a batch begins with.
func (m *messages) next(batch poll.Batch) message {
	for count := m.plan(batch.Events); ; {
		events := batch.Events[:count]
		logs, counts := m.mapped(events, batch.Received, batch.Delivery)
		size := m.marshaler.LogsSize(logs)
		m.growth = float64(size) / float64(max(1, jsonSize(events)))
		if size <= m.maxBytes || count == 1 {
			return message{events: events, received: batch.Received, delivery: batch.Delivery, logs: logs, counts: counts}
		}
		count = max(1, min(count-1, int(float64(count)*headroom*float64(m.maxBytes)/float64(size))))
	}
}

// plan returns how many events are likely to fit, one at the least.
func (m *messages) plan(events []insights.Event) int {
	growth := m.growth
	if growth == 0 {
		growth = firstGrowth
	}
	left := headroom * float64(m.maxBytes) / growth
	for i := range events {
		left -= float64(len(events[i].Raw))
		if i == m.maxRecords || left < 0 {
			return max(1, i)
		}
	}
	return len(events)
}

// records maps a message once more.
func (m *messages) records(of message) plog.Logs {
	logs, _ := m.mapped(of.events, of.received, of.delivery)
	return logs
}

// mapped tells on the resource how the events came: a backend that refuses what is behind the newest of a
// stream needs a stream for each way.
func (m *messages) mapped(events []insights.Event, received time.Time, delivery poll.Delivery) (plog.Logs, mapping.Counts) {
	logs, counts := m.mapper.Logs(events, received)
	for _, resource := range logs.ResourceLogs().All() {
		resource.Resource().Attributes().PutStr(mapping.KeyDelivery, string(delivery))
	}
	return logs, counts
}

func jsonSize(events []insights.Event) (size int) {
	for i := range events {
		size += len(events[i].Raw)
	}
	return size
}
