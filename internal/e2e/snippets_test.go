// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// promise is what the documentation says of a snippet.
type promise struct {
	// keeps says which records stay; nil is all.
	keeps func(record plog.LogRecord) bool
	// changes makes of a record what the snippet should make of it. Where that is not known to the
	// letter, it may change the one that came out too.
	changes func(t *testing.T, before, after plog.LogRecord)
	// equal compares bodies, where they need not be the same.
	equal func(t *testing.T, before, after pcommon.Value)
}

var promises = map[string]promise{
	"redact-email":       {changes: redactEmail, equal: equalButAddresses},
	"drop-location":      {changes: dropLocation, equal: equalButLocations},
	"drop-noisy":         {keeps: noisy},
	"failures-as-errors": {changes: failuresAsErrors},
	"ocsf":               {changes: classify},
}

// constructed are events that the corpus has nothing like.
var constructed = []string{
	`{"id":"mixed","initiated_by":{"email":"Ada.Lovelace+Work@Example.COM","type":"user"},"message":"Ada <ada@example.com>, (bob@example.com); said a@b.c: x@y.z"}`,
	`{"id":"list","recipients":["ada@example.com","nobody","B@C.example"],"numbers":[1,2],"changes":[{"field":"email","from":"old@example.com","to":{"a":["new@example.com"]}}]}`,
	`{"id":"escapes","a":"<ada@example.com>\nbob@example.com\\cleo@example.com \"dan@example.com\" \\\ney@example.com","b":"f\u0040example.com","c":"line\n@home ada@example.com","d":"\n\nat@example.com"}`,
	`{"id":"html","a":"Ada \u003cada@example.com\u003e","b":"o\u0027brien@example.com","c":"jos\u00e9@example.com","d":"\\\\\u0041da@example.com"}`,
	`{"id":"none","a":"@","b":"user@","c":"@version","@version":1,"initiated_by":{"email":"not an address"}}`,
	`{"id":"name","ada@example.com":"value"}`,
	`{"id":"spaced","geoip" : {"city":"a } b","deep":{"deeper":{"deepest":"{"},"list":[{"a":1}]}} ,"after":{"kept":true}}`,
	`{"id":"cases","geoIP":{"latitude":1.5},"src_geoip":{"latitude":"2"},"SrcGeoIp":{"x":1},"other":{"GeoIP":"Berlin, \"Mitte\""},"geo":"kept","text":"\"geoip\":{\"a\":1}"}`,
	`{"id":"empty","geoip":{},"auth_context":{"jumpcloud_protect_device":{"geoip":{"latitude":52.5,"country_code":"DE"},"ip":"192.0.2.1"}}}`,
	`{"id":"failed","service":"ldap","event_type":"ldap_search","success":false}`,
	`{"id":"unclear","service":"ldap","event_type":"ldap_search"}`,
	`{"id":"report","service":"software","event_type":"software_add","error_message":"broken"}`,
	`{"id":"alert","service":"alerts","event_type":"alert_created","severity":"Critical","success":false}`,
}

// TestSnippetsDoWhatIsDocumented runs each configuration of the documentation as it is there.
func TestSnippetsDoWhatIsDocumented(t *testing.T) {
	text, err := os.ReadFile(documentation)
	require.NoError(t, err)
	found := snippets(string(text))
	require.Equal(t, slices.Sorted(maps.Keys(promises)), slices.Sorted(maps.Keys(found)))
	events := slices.Concat(corpus(t), constructed, classified(t, string(text)))
	file := runSnippets(t, found, events)
	for _, body := range []string{"raw", "structured"} {
		before := records(readJSON(t, file("none", body)))
		require.Len(t, before, len(events))
		for name, promised := range promises {
			t.Run(name+" "+body, func(t *testing.T) {
				promised.check(t, before, records(readJSON(t, file(name, body))))
			})
		}
	}
}

func (p promise) check(t *testing.T, before, after []plog.LogRecord) {
	t.Helper()
	if p.keeps != nil {
		kept := slices.DeleteFunc(slices.Clone(before), func(record plog.LogRecord) bool { return !p.keeps(record) })
		require.Less(t, len(kept), len(before))
		before = kept
	}
	require.Len(t, after, len(before))
	changed := 0
	for i, record := range before {
		expected := plog.NewLogRecord()
		record.CopyTo(expected)
		if p.changes != nil {
			p.changes(t, expected, after[i])
		}
		if p.equal != nil {
			p.equal(t, record.Body(), after[i].Body())
			after[i].Body().CopyTo(expected.Body())
		}
		sortAttributes(expected)
		sortAttributes(after[i])
		if one, two := single(t, expected), single(t, after[i]); one != two {
			assert.Equal(t, expected.Attributes().AsRaw(), after[i].Attributes().AsRaw())
			require.Fail(t, "a record is not what is promised", "%.1000q\n%.1000q", one, two)
		}
		if single(t, record) != single(t, after[i]) {
			changed++
		}
		require.False(t, t.Failed(), "%.1000s\n%.1000s", record.Body().AsString(), after[i].Body().AsString())
	}
	assert.True(t, p.changes == nil || changed > 0, "some record is changed")
}

// decoded is what a body holds. Its numbers are as they are written.
func decoded(body pcommon.Value) any {
	if body.Type() != pcommon.ValueTypeStr {
		return body.AsRaw()
	}
	decoder := json.NewDecoder(strings.NewReader(body.Str()))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	return value
}

// mask stands in for what a snippet takes away.
const mask = "****"

var address = regexp.MustCompile(`[^\s"<>@:,;\\]+@[^\s"<>@:,;\\]+`)

// rewritten applies a function to each text of a value, and to each name in it.
func rewritten(value any, text, name func(string) string) any {
	switch value := value.(type) {
	case string:
		return text(value)
	case []any:
		var list []any
		for _, element := range value {
			list = append(list, rewritten(element, text, name))
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(value))
		for key, element := range value {
			object[name(key)] = rewritten(element, text, name)
		}
		return object
	default:
		return value
	}
}

// masked is the mask for a text in which an address is or was.
func masked(text string) string {
	if address.MatchString(text) || strings.Contains(text, mask) {
		return mask
	}
	return text
}

func equalButAddresses(t *testing.T, before, after pcommon.Value) {
	t.Helper()
	assert.Equal(t, rewritten(decoded(before), masked, masked), rewritten(decoded(after), masked, masked))
	none := func(text string) string {
		assert.NotRegexp(t, address, text)
		return text
	}
	same := func(name string) string { return name }
	if after.Type() == pcommon.ValueTypeStr {
		same = none
	}
	rewritten(decoded(after), none, same)
}

func redactEmail(t *testing.T, before, after plog.LogRecord) {
	t.Helper()
	attributes := before.Attributes()
	if email, found := attributes.Get("user.email"); found {
		sum := sha256.Sum256([]byte(strings.ToLower(email.Str())))
		attributes.PutStr("user.hash", hex.EncodeToString(sum[:]))
		attributes.Remove("user.email")
	}
	for _, value := range after.Attributes().All() {
		assert.NotRegexp(t, address, value.AsString())
		if text := value.AsString(); strings.Contains(text, mask) {
			value.SetStr(mask)
		}
	}
	for _, value := range attributes.All() {
		if text := value.AsString(); address.MatchString(text) {
			value.SetStr(mask)
		}
	}
}

// locations are the fields that hold where an address or a device is.
var locations = regexp.MustCompile(`(?i)^[a-z0-9_]*geo_?ip$`)

func dropLocation(_ *testing.T, record, _ plog.LogRecord) {
	record.Attributes().RemoveIf(func(key string, _ pcommon.Value) bool {
		return strings.HasPrefix(key, "geo.") || strings.Contains(key, "geoip") || strings.Contains(key, "geo_ip")
	})
}

func equalButLocations(t *testing.T, before, after pcommon.Value) {
	t.Helper()
	assert.Equal(t, unlocated(decoded(before), func(any) bool { return true }), unlocated(decoded(after), func(value any) bool {
		object, isObject := value.(map[string]any)
		return value == mask || value == nil || isObject && len(object) == 0
	}))
}

// unlocated replaces the locations of a body for which a function says so.
func unlocated(value any, replaced func(any) bool) any {
	switch value := value.(type) {
	case []any:
		for i, element := range value {
			value[i] = unlocated(element, replaced)
		}
	case map[string]any:
		for name, element := range value {
			if locations.MatchString(name) && replaced(element) {
				value[name] = mask
			} else {
				value[name] = unlocated(element, replaced)
			}
		}
	}
	return value
}

func noisy(record plog.LogRecord) bool {
	kind, outcome := text(record, "jumpcloud.event.type"), text(record, "jumpcloud.event.outcome")
	search := kind == "ldap_search" || kind == "ldap_srch"
	reported := kind == "software_add" || kind == "software_change" || kind == "software_remove"
	return !reported && (!search || outcome != "success")
}

func failuresAsErrors(_ *testing.T, record, _ plog.LogRecord) {
	if text(record, "jumpcloud.event.outcome") == "failure" {
		record.SetSeverityNumber(plog.SeverityNumberError)
		record.SetSeverityText("ERROR")
	}
}

func text(record plog.LogRecord, key string) string {
	value, found := record.Attributes().Get(key)
	if !found || value.Type() != pcommon.ValueTypeStr {
		return ""
	}
	return value.Str()
}
