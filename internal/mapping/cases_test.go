// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
)

// mapCase maps the events of a file of cases.
func mapCase(t *testing.T, settings mapping.Settings, name string) ([]plog.LogRecord, mapping.Counts) {
	t.Helper()
	logs, counts := mapping.New(settings).Logs(corpus(t, filepath.Join("cases", name+".ndjson")), observed)
	return recordsOf(logs), counts
}

func TestCase_CountryAndRegionWithoutCodes(t *testing.T) {
	records, _ := mapCase(t, mapping.Settings{}, "geoip_country_region")
	attributes := records[0].Attributes().AsRaw()
	assert.Equal(t, "US", attributes["geo.country.iso_code"])
	assert.Equal(t, "Colorado", attributes["jumpcloud.geoip.region_name"])
	assert.Equal(t, "Aurora", attributes["geo.locality.name"])
	assert.NotContains(t, attributes, "jumpcloud.geoip.country")
	assert.NotContains(t, attributes, "jumpcloud.geoip.region")
}

func TestAttributes_CountryAndRegion(t *testing.T) {
	runAttributes(t, map[string]attributesTest{
		"a code":                   {`{"geoip":{"country":"de"}}`, map[string]any{"geo.country.iso_code": "de"}, 0},
		"a name":                   {`{"geoip":{"country":"Germany"}}`, map[string]any{"jumpcloud.geoip.country": "Germany"}, 0},
		"two of other than letter": {`{"geoip":{"country":"D1"}}`, map[string]any{"jumpcloud.geoip.country": "D1"}, 0},
		"a number":                 {`{"geoip":{"country":49}}`, map[string]any{"jumpcloud.geoip.country": "49"}, 0},
		"nothing":                  {`{"geoip":{"country":"","region":null}}`, nil, 0},
		"a list":                   {`{"geoip":{"country":["DE"]}}`, map[string]any{"jumpcloud.geoip.country_list": []any{"DE"}}, 0},
		"a code beside it, before": {`{"geoip":{"country":"CA","country_code":"US"}}`, map[string]any{"geo.country.iso_code": "US", "jumpcloud.geoip.country": "CA"}, 0},
		"a code beside it, after":  {`{"geoip":{"country_code2":"US","country":"CA"}}`, map[string]any{"geo.country.iso_code": "US", "jumpcloud.geoip.country": "CA"}, 0},
		"the same code beside it":  {`{"geoip":{"country_code":"US","country":"US"}}`, map[string]any{"geo.country.iso_code": "US"}, 0},
		"a name beside a code":     {`{"geoip":{"country":"Germany","country_code":"DE"}}`, map[string]any{"geo.country.iso_code": "DE", "jumpcloud.geoip.country": "Germany"}, 0},
		"makes the region's code":  {`{"geoip":{"country":"US","region_code":"CO"}}`, map[string]any{"geo.country.iso_code": "US", "geo.region.iso_code": "US-CO"}, 0},
		"of a variant":             {`{"Geoip":{"geoip":{"country":"US","region":"Colorado"}}}`, map[string]any{"geo.country.iso_code": "US", "jumpcloud.geoip.region_name": "Colorado"}, 0},
		"two names of a region":    {`{"geoip":{"region":"CO","region_name":"Colorado"}}`, map[string]any{"jumpcloud.geoip.region_name": "Colorado"}, 1},
		"the same twice":           {`{"geoip":{"region":"Colorado","region_name":"Colorado"}}`, map[string]any{"jumpcloud.geoip.region_name": "Colorado"}, 0},
	})
}

func TestCase_PriorityIsTheSeverityOfAnAlertWithoutOne(t *testing.T) {
	records, _ := mapCase(t, mapping.Settings{}, "alert_priority")
	var severities []string
	for _, record := range records {
		severities = append(severities, fmt.Sprint(int(record.SeverityNumber()), " ", record.SeverityText()))
	}
	assert.Equal(t, []string{"17 High", "17 HIGH", "9 INFO"}, severities)
	assert.Equal(t, "High", records[0].Attributes().AsRaw()["jumpcloud.priority"])
}

func TestCase_PolicyThatDenied(t *testing.T) {
	records, _ := mapCase(t, mapping.Settings{}, "policy_deny")
	var found []any
	for _, record := range records {
		attributes := record.Attributes().AsRaw()
		found = append(found, []any{
			attributes["jumpcloud.event.outcome"], record.SeverityText(), attributes["error.type"],
			attributes["jumpcloud.auth_context.policy_names"], attributes["jumpcloud.auth_context.policy_actions"],
		})
	}
	assert.Equal(t, []any{
		[]any{"failure", "WARN", "_OTHER", []any{"Managed devices only", "Global Policy"}, []any{"DENY", "ALLOW"}},
		[]any{"unknown", "INFO", nil, nil, nil},
		[]any{"failure", "WARN", "_OTHER", []any{"Managed devices only"}, []any{"DENY"}},
	}, found)
}

func TestAttributes_Policies(t *testing.T) {
	policies := func(policies string) string { return `{"auth_context":{"policies_applied":` + policies + `}}` }
	both := func(names, actions []any) map[string]any {
		return map[string]any{"jumpcloud.auth_context.policy_names": names, "jumpcloud.auth_context.policy_actions": actions}
	}
	names := func(names ...any) map[string]any { return map[string]any{"jumpcloud.auth_context.policy_names": names} }
	tests := map[string]attributesTest{
		"in their order":              {policies(`[{"metadata":{"action":"ALLOW"},"name":"a"},{"name":"b"},{"name":"c","metadata":{"action":"ASK"}}]`), both([]any{"a", "b", "c"}, []any{"ALLOW", "", "ASK"}), 0},
		"no actions":                  {policies(`[{"name":"a"},{"name":"b","metadata":{}},{"name":"c","metadata":{"action":""}}]`), names("a", "b", "c"), 0},
		"odd metadata":                {policies(`[{"name":"a","metadata":"x"},{"name":"b","metadata":[{"action":"ALLOW"}]},{"name":"c","metadata":{"action":5}}]`), names("a", "b", "c"), 0},
		"one without a name":          {policies(`[{"metadata":{"action":"ASK"}},{"name":"b","metadata":{"action":"ALLOW"}}]`), both([]any{"b"}, []any{"ALLOW"}), 0},
		"a text among them":           {policies(`["a",{"name":"b","metadata":{"action":"ALLOW"}}]`), both([]any{"a", "b"}, []any{"", "ALLOW"}), 0},
		"one, in no array":            {policies(`{"name":"a","metadata":{"action":"ALLOW"}}`), both([]any{"a"}, []any{"ALLOW"}), 0},
		"what a change has":           {`{"changes":[{"field":"a","metadata":{"action":"ALLOW"}}]}`, map[string]any{"jumpcloud.changed_fields": []any{"a"}}, 0},
		"another spelling, before":    {`{"auth_context":{"policiesApplied":[{"name":"a","metadata":{"action":"ALLOW"}}],"policies_applied":[{"name":"b"}]}}`, map[string]any{"jumpcloud.auth_context.policy_names": []any{"b"}, "jumpcloud.auth_context.policies_applied_list": []any{"a"}}, 0},
		"another spelling, behind":    {`{"auth_context":{"policies_applied":[{"name":"b","metadata":{"action":"ASK"}}],"policiesApplied":[{"name":"a"}]}}`, map[string]any{"jumpcloud.auth_context.policy_names": []any{"b"}, "jumpcloud.auth_context.policy_actions": []any{"ASK"}, "jumpcloud.auth_context.policies_applied_list": []any{"a"}}, 0},
		"a field of the action's key": {`{"auth_context":{"policy_actions":["a"]}}`, map[string]any{"jumpcloud.auth_context.policy_actions_list": []any{"a"}}, 0},
	}
	runAttributes(t, tests)
}

func TestOutcome_PolicyThatDenied(t *testing.T) {
	const deny = `"auth_context":{"policies_applied":[{"name":"a","metadata":{"action":"ALLOW"}},{"name":"b","metadata":{"action":"DENY"}}]}`
	for text, expected := range map[string]string{
		`{` + deny + `}`: "failure",
		`{"sso_token_success":false,` + deny + `}`: "failure",
		`{` + deny + `,"sso_token_success":true}`:  "success",
		`{"success":true,` + deny + `}`:            "success",
		`{"success":false,` + deny + `}`:           "failure",
		`{"sso_token_success":false,"auth_context":{"policies_applied":[{"metadata":{"action":"deny"}}]}}`:            "failure",
		`{"sso_token_success":false,"auth_context":{"policies_applied":[{"name":"DENY","metadata":{"action":"A"}}]}}`: "unknown",
		`{"sso_token_success":false,"changes":[{"field":"a","metadata":{"action":"DENY"}}]}`:                          "unknown",
	} {
		t.Run(text, func(t *testing.T) {
			assert.Equal(t, expected, attributesOf(t, text)["jumpcloud.event.outcome"])
		})
	}
}

// The type of a known key never changes, and no key of it lies below another. Of a field that is in no
// table it may, which is why a backend that refuses that is sent curated attributes.
func TestCase_TypesThatChange(t *testing.T) {
	for attributes, changing := range map[mapping.Attributes][]string{
		mapping.AttributesAll:     {"jumpcloud.session.owner", "jumpcloud.session.score", "jumpcloud.session.tokens", "jumpcloud.session.tool"},
		mapping.AttributesCurated: nil,
	} {
		t.Run(string(attributes), func(t *testing.T) {
			records, counts := mapCase(t, mapping.Settings{Attributes: attributes}, "changing_types")
			assert.Equal(t, changing, changingKeys(records))
			assert.Zero(t, counts.DroppedAttributes)
			for _, record := range records {
				assert.True(t, json.Valid([]byte(record.Body().Str())), "the body has all of it")
			}
		})
	}
}

// changingKeys are the keys whose type differs between records, or that lie above a key of another.
func changingKeys(records []plog.LogRecord) (changing []string) {
	types := make(map[string]map[pcommon.ValueType]bool)
	for _, record := range records {
		for key, v := range record.Attributes().All() {
			if types[key] == nil {
				types[key] = make(map[pcommon.ValueType]bool)
			}
			types[key][v.Type()] = true
		}
	}
	for key, found := range types {
		above := false
		for other := range types {
			above = above || len(other) > len(key) && other[:len(key)+1] == key+"."
		}
		if above || len(found) > 1 {
			changing = append(changing, key)
		}
	}
	slices.Sort(changing)
	return changing
}

func TestCase_TimeAtWhichAnEventWasStored(t *testing.T) {
	records, counts := mapCase(t, mapping.Settings{}, "server_timestamp")
	assert.Equal(t, []time.Duration{447120983, 2*time.Hour + 37*time.Minute + 51*time.Second + 100200300}, counts.StoreDelays)
	for i, source := range []string{"server", "device"} {
		attributes := records[i].Attributes().AsRaw()
		assert.Equal(t, source, attributes["jumpcloud.timestamp_source"])
		assert.Contains(t, attributes, "jumpcloud.server_timestamp")
	}
}

func TestLogs_StoreDelays(t *testing.T) {
	for text, expected := range map[string][]time.Duration{
		`{"timestamp":"2026-03-01T09:00:00Z","server_timestamp":"2026-03-01T09:00:01.5Z"}`:        {1500 * time.Millisecond},
		`{"timestamp":"2026-03-01T09:00:00Z","server_timestamp":"2026-03-01T10:00:00+01:00"}`:     {0},
		`{"timestamp":"2026-03-01T09:00:00Z","server_timestamp":"2026-03-01T09:00:01"}`:           {time.Second},
		`{"timestamp":"2026-03-01T09:00:00Z","server_timestamp":"2026-03-01T08:59:59Z"}`:          {-time.Second},
		`{"timestamp":"2026-03-01T09:00:00Z","server_timestamp":"0001-01-01T00:00:00Z"}`:          nil,
		`{"timestamp":"2026-03-01T09:00:00Z","server_timestamp":"9999-01-01T00:00:00Z"}`:          nil,
		`{"timestamp":"2026-03-01T09:00:00Z","server_timestamp":"soon"}`:                          nil,
		`{"timestamp":"2026-03-01T09:00:00Z","server_timestamp":1772355600}`:                      nil,
		`{"timestamp":"2026-03-01T09:00:00Z"}`:                                                    nil,
		`{"timestamp":"0001-01-01T00:00:00Z","server_timestamp":"2026-03-01T09:00:00Z"}`:          nil,
		`{"server_timestamp":"2026-03-01T09:00:00Z"}`:                                             nil,
		`{"timestamp":"2026-03-01T09:00:00Z","server_timestamp":"2026-03-01T09:00:00Z","broken":`: nil,
	} {
		t.Run(text, func(t *testing.T) {
			_, counts := mapEvent(t, mapping.Settings{}, event(text))
			assert.Equal(t, expected, counts.StoreDelays)
		})
	}
}

func TestCase_ActorAndDeviceUnderOneKeyEach(t *testing.T) {
	records, _ := mapCase(t, mapping.Settings{}, "no_actor")
	var found []any
	for _, record := range records {
		attributes := record.Attributes().AsRaw()
		found = append(found, []any{attributes["jumpcloud.actor.name"], attributes["jumpcloud.device.name"]})
	}
	assert.Equal(t, []any{[]any{nil, "LAB-WIN-7"}, []any{nil, nil}, []any{"Nora Field", nil}}, found)
}

// No field of an event has a key of the resource.
func TestAttributes_DeliveryIsTheReceivers(t *testing.T) {
	require.Equal(t, "jumpcloud.delivery", mapping.KeyDelivery)
	runAttributes(t, map[string]attributesTest{
		"a text":     {`{"delivery":"live"}`, map[string]any{"jumpcloud.delivery_text": "live"}, 0},
		"a list":     {`{"Delivery":["live"]}`, map[string]any{"jumpcloud.delivery_list": []any{"live"}}, 0},
		"an object":  {`{"delivery":{"way":"live"}}`, map[string]any{"jumpcloud.delivery_object.way": "live"}, 0},
		"of another": {`{"resource":{"delivery":"live"}}`, map[string]any{"jumpcloud.resource.delivery": "live"}, 0},
	})
}
