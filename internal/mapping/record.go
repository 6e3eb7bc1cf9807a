// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"math"
	"math/bits"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/xpdata"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// record writes an event's record. It reports false for an event that is no JSON object, of
// which the record has the text.
func (w *walk) record(event *insights.Event, body Body, record plog.LogRecord) bool {
	w.take(event)
	if !w.read(body == BodyStructured) {
		record.Body().SetStr(w.text)
		return false
	}
	w.setTimestamp(event.Timestamp, record)
	w.region()
	w.rule()
	w.identify()
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
	w.found.write(record, len(w.text))
	if body == BodyStructured {
		w.structure(record.Body())
	} else {
		record.Body().SetStr(w.text)
	}
	return true
}

// setTimestamp leaves the time of a record 0, and keeps its text as an attribute, where the
// event's can't be read or can't be told in nanoseconds since 1970.
func (f *findings) setTimestamp(at time.Time, record plog.LogRecord) {
	if inNanoseconds(at) {
		record.SetTimestamp(pcommon.NewTimestampFromTime(at))
		return
	}
	switch text := f.evidence.timestamp; {
	case len(text) > maxText:
		f.found.dropped++
	case text != "":
		f.found.derive(slotTimestamp, textValue(text))
	}
}

// inNanoseconds says that a time can be told in nanoseconds since 1970.
func inNanoseconds(at time.Time) bool {
	return !at.IsZero() && at.Unix() >= 0 && at.Unix() < math.MaxInt64/int64(time.Second)
}

// write puts the attributes: slots, then by the rule. length is the event's in bytes.
func (c *collection) write(record plog.LogRecord, length int) {
	count := bits.OnesCount64(c.filled) + len(c.attributes)
	c.builder.EnsureCapacity(min(count, maxAttributes))
	dropped := c.dropped
	// Most events are so short that their attributes need not be measured.
	if count > maxAttributes || length+count*maxOverhead > maxSize && c.size() > maxSize {
		dropped += c.writeScarce()
	} else {
		for s := range c.all() {
			c.slots[s].value.set(c.builder.AppendEmpty(slots[s].key), c.texts)
		}
		for i := range c.attributes {
			a := &c.attributes[i]
			a.value.set(c.builder.AppendEmpty(a.key), c.texts)
		}
	}
	// No key is there twice: slots have keys of their own, and append keeps derived keys unique.
	c.builder.UnsafeIntoMap(record.Attributes())
	record.SetDroppedAttributesCount(uint32(dropped)) //nolint:gosec // fewer than an event has bytes
}

// writeScarce puts what there is room for, known attributes before others. It returns how many are left.
func (c *collection) writeScarce() (dropped int) {
	room := budget{builder: &c.builder, texts: c.texts, count: maxAttributes, size: maxSize}
	for s := range c.all() {
		room.put(slots[s].key, c.slots[s].value)
	}
	for _, known := range []bool{true, false} {
		for i := range c.attributes {
			if a := &c.attributes[i]; a.known == known {
				room.put(a.key, a.value)
			}
		}
	}
	return room.dropped
}

// size returns the size of all attributes in bytes.
func (c *collection) size() int {
	size := 0
	for s := range c.all() {
		size += len(slots[s].key) + c.slots[s].value.size(c.texts)
	}
	for i := range c.attributes {
		size += len(c.attributes[i].key) + c.attributes[i].value.size(c.texts)
	}
	return size
}

// budget is the room that a record's attributes have.
type budget struct {
	builder *xpdata.MapBuilder
	// texts has the texts of lists.
	texts []string
	// count and size are what is left.
	count, size, dropped int
}

func (b *budget) put(key string, v value) {
	size := len(key) + v.size(b.texts)
	if b.count == 0 || size > b.size {
		b.dropped++
		return
	}
	b.count--
	b.size -= size
	v.set(b.builder.AppendEmpty(key), b.texts)
}
