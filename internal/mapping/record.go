// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"math"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// record writes an event's record. It reports false for an event that is no JSON object, of
// which the record has the text.
func (w *walk) record(event insights.Event, body Body, record plog.LogRecord) bool {
	w.take(&event)
	if !w.read(body == BodyStructured) {
		record.Body().SetStr(w.text)
		return false
	}
	w.setTimestamp(event.Timestamp, record)
	w.region()
	w.rule()
	outcome := w.outcome()
	w.found.derive(slotOutcome, textValue(outcome))
	if outcome == outcomeFailure {
		w.found.derive(slotErrorType, textValue(w.errorType()))
	}
	if event.Oversize {
		w.found.derive(slotOversize, boolValue(true))
	}
	number, severity := w.severity(outcome)
	record.SetSeverityNumber(number)
	record.SetSeverityText(severity)
	record.SetEventName(w.eventNames.of(w.found.text(slotService), w.found.text(slotEventType), eventName))
	w.found.write(record)
	if body == BodyStructured {
		w.structure(record.Body())
	} else {
		record.Body().SetStr(w.text)
	}
	return true
}

// setTimestamp leaves the time of a record 0, and keeps its text as an attribute, where the
// event's can't be read or can't be told in nanoseconds since 1970.
func (w *walk) setTimestamp(at time.Time, record plog.LogRecord) {
	if !at.IsZero() && at.Unix() >= 0 && at.Unix() < math.MaxInt64/int64(time.Second) {
		record.SetTimestamp(pcommon.NewTimestampFromTime(at))
		return
	}
	switch text := w.evidence.timestamp; {
	case len(text) > maxText:
		w.found.dropped++
	case text != "":
		w.found.derive(slotTimestamp, textValue(text))
	}
}

// write puts the attributes: slots, then by the rule, known ones first where a cap is near.
func (c *collection) write(record plog.LogRecord) {
	attributes := record.Attributes()
	count, size := c.measure()
	attributes.EnsureCapacity(min(count, maxAttributes))
	room := budget{attributes: attributes, texts: c.texts, left: maxSize}
	for s := range slotCount {
		if c.has(s) {
			room.put(slots[s].key, c.slots[s].value)
		}
	}
	scarce := count > maxAttributes || size > maxSize
	for i := range c.attributes {
		if a := &c.attributes[i]; !scarce || a.known {
			room.put(a.key, a.value)
		}
	}
	for i := range c.attributes {
		if a := &c.attributes[i]; scarce && !a.known {
			room.put(a.key, a.value)
		}
	}
	record.SetDroppedAttributesCount(uint32(c.dropped + room.dropped)) //nolint:gosec // fewer than an event has bytes
}

// measure returns the number of attributes and their size in bytes.
func (c *collection) measure() (count, size int) {
	for s := range slotCount {
		if c.has(s) {
			count++
			size += len(slots[s].key) + c.slots[s].value.size(c.texts)
		}
	}
	for i := range c.attributes {
		size += len(c.attributes[i].key) + c.attributes[i].value.size(c.texts)
	}
	return count + len(c.attributes), size
}

// budget is the room that a record's attributes have.
type budget struct {
	attributes pcommon.Map
	// texts has the texts of lists.
	texts         []string
	left, dropped int
}

func (b *budget) put(key string, v value) {
	size := len(key) + v.size(b.texts)
	if b.attributes.Len() == maxAttributes || size > b.left {
		b.dropped++
		return
	}
	b.left -= size
	v.put(b.attributes, key, b.texts)
}
