// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
)

func TestLogs_OneResourceForEachOrganization(t *testing.T) {
	events := []insights.Event{
		event(`{"id":"1","organization":"acme"}`), event(`{"id":"2","organization":"other"}`),
		event(`{"id":"3","organization":"acme"}`), event(`{"id":"4","organization":null}`), event(`{"id":"5"}`),
	}
	mapper := mapping.New(mapping.Settings{OrganizationID: "acme", OrganizationName: "Acme Inc."})

	logs, counts := mapper.Logs(events, observed)

	require.Equal(t, 2, logs.ResourceLogs().Len())
	assert.Equal(t, map[string]any{
		"service.name": "jumpcloud", "jumpcloud.organization.id": "acme", "jumpcloud.organization.name": "Acme Inc.",
	}, logs.ResourceLogs().At(0).Resource().Attributes().AsRaw())
	assert.Equal(t, map[string]any{
		"service.name": "jumpcloud", "jumpcloud.organization.id": "other",
	}, logs.ResourceLogs().At(1).Resource().Attributes().AsRaw(), "a name is one organization's")
	assert.Equal(t, []string{"1", "3", "4", "5"}, idsOf(logs.ResourceLogs().At(0)), "in the order of the events")
	assert.Equal(t, []string{"2"}, idsOf(logs.ResourceLogs().At(1)))
	assert.Equal(t, mapping.Counts{OtherOrganization: 1}, counts)
}

func idsOf(logs plog.ResourceLogs) []string {
	var ids []string
	for _, record := range logs.ScopeLogs().At(0).LogRecords().All() {
		id, _ := record.Attributes().Get("log.record.uid")
		ids = append(ids, id.Str())
	}
	return ids
}

func TestLogs_KeysOwnOrganization(t *testing.T) {
	tests := map[string]struct {
		event    string
		expected map[string]any
	}{
		"the event names it":    {`{"organization":"acme"}`, map[string]any{"service.name": "jumpcloud", "jumpcloud.organization.id": "acme"}},
		"nobody names it":       {`{"organization":null}`, map[string]any{"service.name": "jumpcloud"}},
		"the event is no event": {`7`, map[string]any{"service.name": "jumpcloud"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			logs, counts := mapping.New(mapping.Settings{}).Logs([]insights.Event{event(test.event)}, observed)
			assert.Equal(t, test.expected, logs.ResourceLogs().At(0).Resource().Attributes().AsRaw())
			assert.Zero(t, counts.OtherOrganization, "none was asked for")
		})
	}
}

func TestLogs_ResourceIsValidText(t *testing.T) {
	broken := event(`{}`)
	broken.Organization = "acme\xff"
	logs, _ := mapping.New(mapping.Settings{}).Logs([]insights.Event{broken}, observed)
	id, _ := logs.ResourceLogs().At(0).Resource().Attributes().Get("jumpcloud.organization.id")
	assert.Equal(t, "acme\uFFFD", id.Str())
}

// An organization past the cap of a text is in the body only, and counted like an attribute.
func TestLogs_LongOrganization(t *testing.T) {
	for length, dropped := range map[int]uint32{mapping.MaxText: 0, mapping.MaxText + 1: 1} {
		logs, _ := mapping.New(mapping.Settings{}).Logs([]insights.Event{event(`{"organization":"` + strings.Repeat("x", length) + `"}`)}, observed)
		resource := logs.ResourceLogs().At(0).Resource()
		_, found := resource.Attributes().Get("jumpcloud.organization.id")
		assert.Equal(t, dropped == 0, found)
		assert.Equal(t, dropped, resource.DroppedAttributesCount())
	}
}

func TestLogs_ScopeAndSchema(t *testing.T) {
	settings := mapping.Settings{ScopeName: "example.com/receiver", ScopeVersion: "1.2.3"}
	logs, _ := mapping.New(settings).Logs([]insights.Event{event(`{}`)}, observed)

	resource := logs.ResourceLogs().At(0)
	assert.Equal(t, mapping.SchemaURL, resource.SchemaUrl())
	assert.Equal(t, mapping.SchemaURL, resource.ScopeLogs().At(0).SchemaUrl())
	assert.Equal(t, "https://opentelemetry.io/schemas/1.43.0", mapping.SchemaURL)
	assert.Equal(t, "example.com/receiver", resource.ScopeLogs().At(0).Scope().Name())
	assert.Equal(t, "1.2.3", resource.ScopeLogs().At(0).Scope().Version())
}

func TestLogs_NoEvents(t *testing.T) {
	logs, counts := mapping.New(mapping.Settings{}).Logs(nil, observed)
	assert.Zero(t, logs.LogRecordCount())
	assert.Zero(t, counts)
}

// What a mapper saw before must not show in what it maps next.
func TestLogs_EventsDoNotTouchEachOther(t *testing.T) {
	events := corpus(t, "shapes.ndjson", "services.ndjson", "odd.ndjson", "catalogue.ndjson")
	together, _ := mapping.New(mapping.Settings{OrganizationID: "one"}).Logs(withoutOrganization(events), observed)
	records := recordsOf(together)
	require.Len(t, records, len(events))
	for i, e := range events {
		alone, _ := mapEvent(t, mapping.Settings{}, e)
		assert.Equal(t, alone.Attributes().AsRaw(), records[i].Attributes().AsRaw())
		assert.Equal(t, alone.EventName(), records[i].EventName())
		assert.Equal(t, alone.SeverityText(), records[i].SeverityText())
		assert.Equal(t, alone.DroppedAttributesCount(), records[i].DroppedAttributesCount())
	}
}

func withoutOrganization(events []insights.Event) []insights.Event {
	events = slices.Clone(events)
	for i := range events {
		events[i].Organization = ""
	}
	return events
}

func TestLogs_ConcurrentUse(t *testing.T) {
	events := corpus(t, "shapes.ndjson", "catalogue.ndjson")
	mapper := mapping.New(mapping.Settings{})
	expected, _ := mapper.Logs(events, observed)
	encoded, err := new(plog.ProtoMarshaler).MarshalLogs(expected)
	require.NoError(t, err)

	var wg sync.WaitGroup
	results := make([]plog.Logs, 8)
	for i := range results {
		wg.Go(func() { results[i], _ = mapper.Logs(events, observed) })
	}
	wg.Wait()

	for _, logs := range results {
		again, err := new(plog.ProtoMarshaler).MarshalLogs(logs)
		require.NoError(t, err)
		assert.Equal(t, encoded, again)
	}
}

func TestRecord_Timestamp(t *testing.T) {
	tests := map[string]struct {
		event    string
		expected time.Time
		text     any
	}{
		"seconds":        {`{"timestamp":"2023-06-15T15:16:41Z"}`, time.Date(2023, 6, 15, 15, 16, 41, 0, time.UTC), nil},
		"nine digits":    {`{"timestamp":"2023-06-15T13:45:59.812449824Z"}`, time.Date(2023, 6, 15, 13, 45, 59, 812449824, time.UTC), nil},
		"an offset":      {`{"timestamp":"2019-04-09T05:01:18+09:30"}`, time.Date(2019, 4, 8, 19, 31, 18, 0, time.UTC), nil},
		"missing":        {`{}`, time.Time{}, nil},
		"null":           {`{"timestamp":null}`, time.Time{}, nil},
		"no time":        {`{"timestamp":"yesterday"}`, time.Time{}, "yesterday"},
		"a number":       {`{"timestamp":1686835001}`, time.Time{}, "1686835001"},
		"before 1970":    {`{"timestamp":"1969-12-31T23:59:59Z"}`, time.Time{}, "1969-12-31T23:59:59Z"},
		"the year 1":     {`{"timestamp":"0001-01-01T00:00:00Z"}`, time.Time{}, "0001-01-01T00:00:00Z"},
		"the far future": {`{"timestamp":"9999-12-31T23:59:59Z"}`, time.Time{}, "9999-12-31T23:59:59Z"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			record, _ := mapEvent(t, mapping.Settings{}, event(test.event))
			expected := pcommon.Timestamp(0)
			if !test.expected.IsZero() {
				expected = pcommon.NewTimestampFromTime(test.expected)
			}
			assert.Equal(t, expected, record.Timestamp())
			assert.Equal(t, pcommon.NewTimestampFromTime(observed), record.ObservedTimestamp(), "always set")
			assert.Equal(t, test.text, record.Attributes().AsRaw()["jumpcloud.timestamp"])
		})
	}
}

func TestRecord_EventName(t *testing.T) {
	tests := map[string]string{
		`{"service":"directory","event_type":"user_create"}`:              "jumpcloud.directory.user_create",
		`{"event_type":"user_create"}`:                                    "jumpcloud.user_create",
		`{"service":"directory"}`:                                         "",
		`{"service":"directory","event_type":""}`:                         "",
		`{"service":"directory","event_type":"!"}`:                        "",
		`{"service":"x","event_type":"passwordmanager_user_re-enable"}`:   "jumpcloud.x.passwordmanager_user_re_enable",
		`{"service":"x","event_type":"userLoginAttempt"}`:                 "jumpcloud.x.user_login_attempt",
		`{"service":"x","event_type":"2fa"}`:                              "jumpcloud.x.n_2fa",
		`{"service":"x","event_type":"` + strings.Repeat("t", 256) + `"}`: "jumpcloud.x." + strings.Repeat("t", 256),
		`{"service":"x","event_type":"` + strings.Repeat("t", 257) + `"}`: "",
	}
	for text, expected := range tests {
		t.Run(text, func(t *testing.T) {
			mapper := mapping.New(mapping.Settings{})
			logs, _ := mapper.Logs([]insights.Event{event(text), event(text)}, observed)
			for _, record := range recordsOf(logs) {
				assert.Equal(t, expected, record.EventName())
			}
		})
	}
}

func TestRecord_ManyEventTypes(t *testing.T) {
	var events []insights.Event
	for i := range 3000 {
		events = append(events, event(fmt.Sprintf(`{"service":"x","event_type":"type_%d"}`, i)))
	}
	logs, _ := mapping.New(mapping.Settings{}).Logs(events, observed)
	for i, record := range recordsOf(logs) {
		assert.Equal(t, fmt.Sprintf("jumpcloud.x.type_%d", i), record.EventName())
	}
}

func TestRecord_Oversize(t *testing.T) {
	oversize := event(`{"id":"5f","timestamp":"2026-02-17T11:02:33Z"}`)
	oversize.Oversize = true
	record, _ := mapEvent(t, mapping.Settings{}, oversize)
	assert.Equal(t, map[string]any{
		"log.record.uid": "5f", "jumpcloud.oversize": true, "jumpcloud.event.outcome": "unknown",
	}, record.Attributes().AsRaw())
	assert.NotZero(t, record.Timestamp())
}

func TestFault_P3_ElementThatIsNoObjectIsARecord(t *testing.T) {
	for _, text := range []string{`"text"`, `42`, `true`, `[]`, `[{"id":"5f"}]`, `{"id":`, `{"id":"5f"} trailing`, `{"id":"5f"}{}`, `{id:1}`, "", "\x00"} {
		for _, body := range []mapping.Body{mapping.BodyRaw, mapping.BodyStructured} {
			t.Run(string(body)+" "+text, func(t *testing.T) {
				record, counts := mapEvent(t, mapping.Settings{Body: body}, insights.Event{Raw: []byte(text)})
				assert.Equal(t, pcommon.ValueTypeStr, record.Body().Type())
				assert.Equal(t, text, record.Body().Str())
				assert.Zero(t, record.Attributes().Len())
				assert.Zero(t, record.Timestamp())
				assert.Zero(t, record.SeverityNumber())
				assert.Equal(t, pcommon.NewTimestampFromTime(observed), record.ObservedTimestamp())
				assert.Equal(t, mapping.Counts{Unmapped: 1}, counts)
			})
		}
	}
}

func TestFault_P8_InvalidUTF8BecomesValid(t *testing.T) {
	record, counts := mapEvent(t, mapping.Settings{}, insights.Event{Raw: []byte("{\"na\xffme\":\"a\xff\xfeb\",\"id\":\"5f\"}")})
	assert.Equal(t, strconv.Quote("{\"na\uFFFDme\":\"a\uFFFDb\",\"id\":\"5f\"}"), strconv.Quote(record.Body().Str()))
	assert.Equal(t, map[string]any{
		"log.record.uid": "5f", "jumpcloud.event.outcome": "unknown", "jumpcloud.na_me": "a\uFFFDb",
	}, record.Attributes().AsRaw())
	assert.Zero(t, counts)
}
