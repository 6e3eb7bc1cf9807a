// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
)

// members is the members of an object with as many fields.
func members(count int, name string) string {
	var text strings.Builder
	for i := range count {
		fmt.Fprintf(&text, `"%s%d":%d,`, name, i, i)
	}
	return strings.TrimSuffix(text.String(), ",")
}

func nested(levels int, open, inner, end string) string {
	return strings.Repeat(open, levels) + inner + strings.Repeat(end, levels)
}

// deviceProfiles is an event of 75 KB, as a device answers the question for its profiles.
func deviceProfiles() string {
	certificate := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("certificate ", 350)))
	profile := `{"is_managed":true,"payload_content":[{"payload_version":1}],"payload_verion":1,"signer_certificates":["` + certificate + `"]}`
	return `{"service":"mdm","event_type":"mdm_command_result","id":"5f","status":"Acknowledged","request_type":"ProfileList",` +
		`"command":{"request_type":"ProfileList","payload":"` + certificate + `"},` +
		`"profile_list":[` + strings.TrimSuffix(strings.Repeat(profile+",", 12), ",") + `]}`
}

func TestLimits_OneRecordWhateverTheSize(t *testing.T) {
	tests := map[string]struct {
		event            string
		attributes, lost int
		unmapped         bool
	}{
		"75 KB of device management":     {event: deviceProfiles(), attributes: 7, lost: 1},
		"5,000 fields":                   {event: "{" + members(5000, "f") + "}", attributes: 100, lost: 4901},
		"5,000 fields in an object":      {event: `{"a":{` + members(5000, "f") + "}}", attributes: 100, lost: 4901},
		"5,000 fields twice":             {event: "{" + members(5000, "f") + "," + members(5000, "f") + "}", attributes: 100, lost: 4901},
		"5,000 spellings of a field":     {event: "{" + strings.TrimSuffix(strings.Repeat(`"aB":1,"ab":2,"AB":1,`, 1700), ",") + "}", attributes: 3, lost: 1},
		"5,000 texts in a list":          {event: `{"a":[` + strings.TrimSuffix(strings.Repeat(`"b",`, 5000), ",") + `]}`, attributes: 1, lost: 1},
		"10,000 levels of objects":       {event: `{"a":` + nested(9999, `{"b":`, "1", "}") + "}", attributes: 1, lost: 1},
		"10,000 levels of arrays":        {event: `{"a":` + nested(9999, "[", "1", "]") + "}", attributes: 1, lost: 1},
		"past what the decoder nests":    {event: `{"a":` + nested(10000, "[", "", "]") + "}", unmapped: true},
		"past it in objects":             {event: nested(20000, `{"a":`, "1", "}"), unmapped: true},
		"a name of 100 KB":               {event: `{"` + strings.Repeat("n", 100_000) + `":{"a":1,"b":2}}`, attributes: 1, lost: 2},
		"a key of 256 bytes":             {event: `{"` + strings.Repeat("n", 123) + `":{"` + strings.Repeat("m", 122) + `":1}}`, attributes: 2},
		"a key of 257 bytes":             {event: `{"` + strings.Repeat("n", 123) + `":{"` + strings.Repeat("m", 123) + `":1}}`, attributes: 1, lost: 1},
		"a text of 1 MB":                 {event: `{"a":"` + strings.Repeat("t", 1<<20) + `"}`, attributes: 1, lost: 1},
		"a number of 100,000 digits":     {event: `{"a":` + strings.Repeat("9", 100_000) + `}`, attributes: 1, lost: 1},
		"an empty object":                {event: `{}`, attributes: 1},
		"64 texts in a list":             {event: `{"a":["` + strings.Repeat(`b","`, 63) + `b"]}`, attributes: 2},
		"65 texts in a list":             {event: `{"a":["` + strings.Repeat(`b","`, 64) + `b"]}`, attributes: 1, lost: 1},
		"65 names in a list":             {event: `{"changes":["` + strings.Repeat(`b","`, 64) + `b"]}`, attributes: 2, lost: 1},
		"a text of 4,096 bytes":          {event: `{"a":"` + strings.Repeat("t", 4096) + `"}`, attributes: 2},
		"a text of 4,097 bytes":          {event: `{"a":"` + strings.Repeat("t", 4097) + `"}`, attributes: 1, lost: 1},
		"a list with one of 4,097 bytes": {event: `{"a":["b","` + strings.Repeat("t", 4097) + `"]}`, attributes: 1, lost: 1},
		"one of a curated key":           {event: `{"client_ip":"` + strings.Repeat("t", 4097) + `"}`, attributes: 1, lost: 1},
		"one of a name":                  {event: `{"changes":[{"field":"` + strings.Repeat("t", 4097) + `"},{"field":"b"}]}`, attributes: 2, lost: 1},
		"one of a time":                  {event: `{"timestamp":"` + strings.Repeat("t", 4097) + `"}`, attributes: 1, lost: 1},
		"100 attributes":                 {event: "{" + members(99, "f") + "}", attributes: 100},
		"101 attributes":                 {event: "{" + members(100, "f") + "}", attributes: 100, lost: 1},
	}
	for name, test := range tests {
		for _, body := range []mapping.Body{mapping.BodyRaw, mapping.BodyStructured} {
			t.Run(name+" "+string(body), func(t *testing.T) {
				record, counts := mapEvent(t, mapping.Settings{Body: body}, event(test.event))
				requireInvariants(t, event(test.event), record)
				assert.Equal(t, test.unmapped, counts.Unmapped == 1)
				assert.Equal(t, test.attributes, record.Attributes().Len())
				assert.Equal(t, test.lost, counts.DroppedAttributes)
			})
		}
	}
}

func TestLimits_KnownFieldsComeFirst(t *testing.T) {
	attributes := attributesOf(t, "{"+members(500, "f")+`,"mfa":true,"id":"5f","resource":{"id":"6a","type":"user"},"client_ip":"192.0.2.1"}`)
	assert.Len(t, attributes, 100)
	for key, expected := range map[string]any{
		"jumpcloud.mfa": true, "log.record.uid": "5f", "jumpcloud.resource.id": "6a", "jumpcloud.resource.type": "user",
		"client.address": "192.0.2.1", "jumpcloud.f0": int64(0),
	} {
		assert.Equal(t, expected, attributes[key], key)
	}
}

// Each value is within its own cap, and all of them are not.
func TestLimits_SizeOfAllAttributes(t *testing.T) {
	var text strings.Builder
	for i := range 40 {
		fmt.Fprintf(&text, `"f%02d":"%s",`, i, strings.Repeat(strconv.Itoa(i%10), 4000))
	}
	e := event("{" + text.String() + `"mfa":true,"message":"` + strings.Repeat("m", 4000) + `","id":"5f"}`)
	record, counts := mapEvent(t, mapping.Settings{}, e)
	requireInvariants(t, e, record)

	attributes := record.Attributes().AsRaw()
	assert.Equal(t, "5f", attributes["log.record.uid"])
	assert.Equal(t, true, attributes["jumpcloud.mfa"], "small and known ones are not pushed out")
	assert.Contains(t, attributes, "jumpcloud.message", "nor known ones at all")
	assert.Equal(t, 40+4, counts.DroppedAttributes+record.Attributes().Len())
	assert.Positive(t, counts.DroppedAttributes)
}

// Keys count too: without them these would be within the cap.
func TestLimits_SizeOfKeys(t *testing.T) {
	var fields []string
	for i := range 90 {
		fields = append(fields, fmt.Sprintf(`"%s_%02d":%q`, strings.Repeat("n", 240), i, strings.Repeat("t", 400)))
	}
	e := event("{" + strings.Join(fields, ",") + "}")
	record, counts := mapEvent(t, mapping.Settings{}, e)
	requireInvariants(t, e, record)
	assert.Equal(t, 90+1, counts.DroppedAttributes+record.Attributes().Len())
	assert.Positive(t, counts.DroppedAttributes)
}

// A hundred times the fields must not take ten thousand times as long. The bound is far above
// what linear time takes, and far below what quadratic time would.
func TestLimits_LinearTime(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	tests := map[string]string{
		"fields":             "{" + members(100_000, "field_") + "}",
		"fields of one name": "{" + strings.Repeat(`"a":1,`, 100_000) + `"a":2}`,
		"fields of a name":   `{"` + strings.Repeat("n", 200) + `":{` + members(100_000, "field_") + "}}",
		"elements":           `{"changes":[` + strings.Repeat(`{"field":"a"},`, 100_000) + `{}]}`,
		"actors":             `{"initiated_by":[` + strings.Repeat(`{"id":"a"},`, 100_000) + `{}]}`,
		"objects":            `{` + strings.Repeat(`"a":{"b":{"c":{"d":1}}},`, 50_000) + `"z":1}`,
		"levels":             `{"a":` + nested(9000, `{"b":[`, "1", "]}") + "}",
		"escapes":            `{"a":"` + strings.Repeat(`\u0041`, 1<<20) + `"}`,
		"invalid bytes":      `{"a":"` + strings.Repeat("\xff", 1<<20) + `"}`,
	}
	for name, text := range tests {
		for _, body := range []mapping.Body{mapping.BodyRaw, mapping.BodyStructured} {
			t.Run(name+" "+string(body), func(t *testing.T) {
				began := time.Now()
				record, _ := mapEvent(t, mapping.Settings{Body: body}, event(text))
				assert.Less(t, time.Since(began), 20*time.Second)
				require.LessOrEqual(t, record.Attributes().Len(), mapping.MaxAttributes)
			})
		}
	}
}
