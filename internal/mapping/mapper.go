// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"strings"
	"sync"
	"time"

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

// Attributes says which attributes records have.
type Attributes string

const (
	// AttributesAll is all that an event has attributes for.
	AttributesAll Attributes = "all"
	// AttributesCurated is the curated keys only. All else is in the body.
	AttributesCurated Attributes = "curated"
)

// Settings of a mapper.
type Settings struct {
	// Body is the form of the records' bodies: BodyRaw where it is "".
	Body Body
	// Attributes are those that records have: AttributesAll where it is "".
	Attributes              Attributes
	ScopeName, ScopeVersion string
	// OrganizationID is the organization that is asked for, or "" for the key's own.
	OrganizationID string
	// OrganizationName is written to the resource of that organization where it is not "".
	OrganizationName string
}

// Counts is what of a batch did not fit.
type Counts struct {
	// Unmapped is the number of events that are no JSON object. Their records have the text only.
	Unmapped int
	// OtherOrganization is the number of events of another organization than the one asked for.
	OtherOrganization int
	// DroppedAttributes is the number of values that are in a body only: because of a cap, or
	// because no attribute can hold them.
	DroppedAttributes int
	// StoreDelays is how long after their time JumpCloud stored the events that say so.
	StoreDelays []time.Duration
}

// Mapper maps events. It is safe for concurrent use.
type Mapper struct {
	settings Settings
	walks    sync.Pool
}

// New returns a mapper.
func New(settings Settings) *Mapper {
	curated := settings.Attributes == AttributesCurated
	return &Mapper{settings: settings, walks: sync.Pool{New: func() any { return newWalk(curated) }}}
}

// Logs maps events, one record each, in their order within their organization. observed is
// when they were received. No event is left out, whatever its bytes are. The events' bytes are
// copied: they may be used again once Logs has returned.
func (m *Mapper) Logs(events []insights.Event, observed time.Time) (plog.Logs, Counts) {
	logs := plog.NewLogs()
	var counts Counts
	records := make(map[string]plog.LogRecordSlice, 1)
	w := m.walks.Get().(*walk)
	defer m.walks.Put(w)
	defer w.release()
	var slice plog.LogRecordSlice
	previous := ""
	for i := range events {
		organization := events[i].Organization
		if organization == "" {
			organization = m.settings.OrganizationID
		} else if m.settings.OrganizationID != "" && organization != m.settings.OrganizationID {
			counts.OtherOrganization++
		}
		if i == 0 || organization != previous {
			slice = m.records(logs, records, organization)
			previous = organization
		}
		record := slice.AppendEmpty()
		record.SetObservedTimestamp(pcommon.NewTimestampFromTime(observed))
		if !w.record(&events[i], m.settings.Body, record) {
			counts.Unmapped++
		} else if delay, known := w.storeDelay(&events[i]); known {
			counts.StoreDelays = append(counts.StoreDelays, delay)
		}
		counts.DroppedAttributes += int(record.DroppedAttributesCount())
	}
	return logs, counts
}

// records returns the records of an organization's resource, which is added where there is none.
func (m *Mapper) records(
	logs plog.Logs, present map[string]plog.LogRecordSlice, organization string,
) plog.LogRecordSlice {
	slice, found := present[organization]
	if !found {
		slice = m.resource(logs, organization)
		present[organization] = slice
	}
	return slice
}

// resource adds the resource of an organization, and returns its records.
func (m *Mapper) resource(logs plog.Logs, organization string) plog.LogRecordSlice {
	resource := logs.ResourceLogs().AppendEmpty()
	resource.SetSchemaUrl(SchemaURL)
	attributes := resource.Resource().Attributes()
	attributes.PutStr(string(semconv.ServiceNameKey), "jumpcloud")
	switch {
	case len(organization) > maxText:
		resource.Resource().SetDroppedAttributesCount(1)
	case organization != "":
		attributes.PutStr(keyOrganizationID, strings.ToValidUTF8(organization, "\uFFFD"))
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
