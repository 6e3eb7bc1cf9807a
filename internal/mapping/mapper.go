// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"math"
	"sync"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// Body is the form of a record's body.
type Body string

const (
	// BodyRaw is the event's JSON as text, exactly as it was received.
	BodyRaw Body = "raw"
	// BodyStructured is the event as a map.
	BodyStructured Body = "structured"
)

// Settings of a mapper.
type Settings struct {
	Body                    Body
	ScopeName, ScopeVersion string
	// OrganizationID is the organization that is asked for, or "" for the key's own.
	OrganizationID string
	// OrganizationName is written to the resource of that organization where it is not "".
	OrganizationName string
}

// Counts is what of a batch did not fit.
type Counts struct {
	// Unmapped is the number of events that are no JSON object.
	Unmapped int
	// OtherOrganization is the number of events of another organization than the one asked for.
	OtherOrganization int
	// DroppedAttributes is the number of values that are in a body only.
	DroppedAttributes int
}

// Mapper maps events. It is safe for concurrent use.
type Mapper struct {
	settings Settings
	walks    sync.Pool
}

// New returns a mapper.
func New(settings Settings) *Mapper {
	return &Mapper{settings: settings, walks: sync.Pool{New: func() any { return new(walk) }}}
}

// Logs maps events, one record each, in their order within their organization. observed is
// when they were received. No event is left out, whatever its bytes are.
func (m *Mapper) Logs(events []insights.Event, observed time.Time) (plog.Logs, Counts) {
	logs := plog.NewLogs()
	var counts Counts
	records := make(map[string]plog.LogRecordSlice, 1)
	reader := m.walks.Get().(*walk)
	defer m.walks.Put(reader)
	for _, event := range events {
		organization := event.Organization
		if organization == "" {
			organization = m.settings.OrganizationID
		} else if m.settings.OrganizationID != "" && organization != m.settings.OrganizationID {
			counts.OtherOrganization++
		}
		slice, found := records[organization]
		if !found {
			slice = m.resource(logs, organization)
			records[organization] = slice
		}
		record := slice.AppendEmpty()
		record.SetObservedTimestamp(pcommon.NewTimestampFromTime(observed))
		if !m.fill(reader, event, record) {
			counts.Unmapped++
		}
		counts.DroppedAttributes += int(record.DroppedAttributesCount())
	}
	return logs, counts
}

func (m *Mapper) resource(logs plog.Logs, organization string) plog.LogRecordSlice {
	resource := logs.ResourceLogs().AppendEmpty()
	resource.SetSchemaUrl(SchemaURL)
	attributes := resource.Resource().Attributes()
	attributes.PutStr(string(semconv.ServiceNameKey), "jumpcloud")
	if organization != "" {
		attributes.PutStr(keyOrganizationID, organization)
	}
	if m.settings.OrganizationName != "" && organization == m.settings.OrganizationID {
		attributes.PutStr(keyOrganizationName, m.settings.OrganizationName)
	}
	scope := resource.ScopeLogs().AppendEmpty()
	scope.SetSchemaUrl(SchemaURL)
	scope.Scope().SetName(m.settings.ScopeName)
	scope.Scope().SetVersion(m.settings.ScopeVersion)
	return scope.LogRecords()
}

// fill writes a record. It reports false for an event that is no JSON object, of which the
// record has the text.
func (m *Mapper) fill(reader *walk, event insights.Event, record plog.LogRecord) bool {
	text, data := validText(event.Raw)
	if !reader.reset(text, data) || reader.event() != nil {
		record.Body().SetStr(text)
		return false
	}
	found := &reader.found
	setTimestamp(record, event, found)
	found.region()
	found.rule()
	outcome := found.outcome()
	number, severity := found.severity(outcome)
	record.SetSeverityNumber(number)
	record.SetSeverityText(severity)
	record.SetEventName(eventName(found.text(slotService), found.text(slotEventType)))
	found.write(record, outcome, event.Oversize)
	if m.settings.Body == BodyStructured {
		structure(data, record.Body())
	} else {
		record.Body().SetStr(text)
	}
	return true
}

// validText returns the event's text and bytes, with U+FFFD in place of what is no UTF-8: a
// text of OTLP has to be valid.
func validText(raw []byte) (string, []byte) {
	if utf8.Valid(raw) {
		return string(raw), raw
	}
	text := toValidUTF8(raw)
	return text, []byte(text)
}

// setTimestamp leaves the time of a record 0, and keeps its text as an attribute, where the
// event's can't be read or can't be told in nanoseconds since 1970.
func setTimestamp(record plog.LogRecord, event insights.Event, found *found) {
	at := event.Timestamp
	if !at.IsZero() && at.Unix() >= 0 && at.Unix() < math.MaxInt64/int64(time.Second) {
		record.SetTimestamp(pcommon.NewTimestampFromTime(at))
		found.facts.timestampText = ""
	}
}

// write puts the attributes: curated ones, what is derived, then by the rule, up to the cap.
func (f *found) write(record plog.LogRecord, outcome string, oversize bool) {
	attributes := record.Attributes()
	attributes.EnsureCapacity(min(maxAttributes, len(f.attributes)+int(slotCount)+4))
	for s := slotUID; s < slotCount; s++ {
		if f.slots[s].field != nil {
			f.slots[s].value.put(attributes, slotKeys[s].key)
		}
	}
	attributes.PutStr(keyOutcome, outcome)
	if outcome == outcomeFailure {
		attributes.PutStr(keyErrorType, f.errorType())
	}
	if oversize {
		attributes.PutBool(keyOversize, true)
	}
	f.writeDerived(attributes)
	for i, attribute := range f.attributes {
		if attributes.Len() == maxAttributes {
			f.dropped += len(f.attributes) - i
			break
		}
		attribute.value.put(attributes, attribute.key)
	}
	record.SetDroppedAttributesCount(uint32(f.dropped)) //nolint:gosec // fewer than an event has bytes
}

func (f *found) writeDerived(attributes pcommon.Map) {
	for _, list := range []struct {
		key   string
		texts []string
	}{{keyChangedFields, f.facts.changedFields}, {keyPolicyNames, f.facts.policyNames}} {
		if len(list.texts) > 0 {
			value{kind: kindStrings, list: list.texts}.put(attributes, list.key)
		}
	}
	switch text := f.facts.timestampText; {
	case text == "":
	case len(text) > maxText:
		f.dropped++
	default:
		attributes.PutStr(keyTimestamp, text)
	}
}
