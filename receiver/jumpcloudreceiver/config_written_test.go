// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
)

// durationPaths are the keys of a section that hold a duration, at every level.
func durationPaths(section reflect.Type, path string) (paths []string) {
	section, _ = sectionType(section)
	if section == reflect.TypeFor[time.Duration]() {
		return []string{path}
	}
	if section.Kind() == reflect.Struct && section != reflect.TypeFor[Timestamp]() {
		keys := sectionKeys(section)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			paths = append(paths, durationPaths(keys[key], joinPath(path, key))...)
		}
	}
	return paths
}

// written is YAML that sets a path.
func written(path, value string) string {
	parts := strings.Split(path, "::")
	return strings.Join(parts, ": {") + ": " + value + strings.Repeat("}", len(parts)-1)
}

func TestConfig_EveryDurationWantsAUnit(t *testing.T) {
	paths := durationPaths(reflect.TypeFor[Config](), "")
	for _, known := range []string{
		"max_event_delay", "timeout", "retention", "poll_interval", "rescan_interval", "idle_conn_timeout", "http2_ping_timeout",
		"backfill::lookback", "keepalive::idle_conn_timeout", "retry_on_failure::max_elapsed_time", "tls::reload_interval",
	} {
		assert.Contains(t, paths, known)
	}
	for _, path := range paths {
		for value, want := range map[string]string{
			"3600":       "3600, without a unit: write 3600s for seconds, 3600m for minutes, 3600h for hours or 86400h for days",
			`"60"`:       "60, without a unit: write 60s for seconds, 60m for minutes, 60h for hours or 1440h for days",
			"1.5":        "1.5, without a unit: write 1.5s for seconds, 1.5m for minutes, 1.5h for hours or 36h for days",
			"15d":        `"15d": the units are s, m and h; write 360h`,
			"90d":        `"90d": the units are s, m and h; write 2160h`,
			"1 day 12h":  `"1 day 12h": the units are s, m and h; write 36h`,
			"2 weeks":    `"2 weeks": the units are s, m and h; write 336h`,
			"30 Seconds": `"30 Seconds": the units are s, m and h; write 30s`,
			"90 min":     `"90 min": the units are s, m and h; write 1h30m`,
			"soon":       `"soon": it must be a number with a unit, such as 30s, 5m or 24h`,
			"-5":         `"-5": it must be a number with a unit, such as 30s, 5m or 24h`,
			"true":       "no duration: it must be a number with a unit, such as 30s, 5m or 24h",
		} {
			// Nothing else is said: not of the key, and not of those that are compared with it.
			assert.Equal(t, path+" is "+want, sentences(confOf(t, "api_key: key-for-tests\n"+written(path, value))))
		}
	}
}

func TestConfig_DurationsThatAreWrittenWell(t *testing.T) {
	for _, value := range []string{"90s", "1m30s", "1.5m", `"90s"`, "90000ms"} {
		config := createDefaultConfig().(*Config)
		require.NoError(t, confOf(t, "poll_interval: "+value).Unmarshal(config))
		assert.Equal(t, 90*time.Second, config.PollInterval)
	}
	assert.Empty(t, sentences(confOf(t, "api_key: key-for-tests\nretry_on_failure: {max_elapsed_time: 0}\nbackfill: {lookback: 0}")))
}

func TestConfig_NothingFalseIsSaidBesideAMistakeOfKindOrUnit(t *testing.T) {
	const key = "api_key: key-for-tests\n"
	for yaml, want := range map[string][]string{
		// The key is there.
		key + "page_size: many":  {`page_size is "many": it must be a whole number, without quotes and without a unit`},
		key + "timeout: 60":      {"timeout is 60, without a unit: write 60s for seconds, 60m for minutes, 60h for hours or 1440h for days"},
		key + "tls: none":        {"tls is a single value: it must be a section"},
		"api_key: 12345":         {"api_key is no text to YAML: write it in quotes"},
		"auth: 5":                {`auth is "5": it must be a section; write {authenticator: "5"}`},
		"organizations: [a, b]":  {`organizations::0 is "a": it must be a section; write {id: a}`, `organizations::1 is "b": it must be a section; write {id: b}`},
		key + "services: {a: b}": {"services is a section: it must be a list"},
		// What is compared with a value that could not be read is not compared with its default.
		key + "poll_interval: 10\nrescan_interval: 20s":                    {"poll_interval is 10, without a unit: write 10s for seconds, 10m for minutes, 10h for hours or 240h for days"},
		key + "retention: 90d\nmax_event_delay: 2200h":                     {`retention is "90d": the units are s, m and h; write 2160h`},
		key + "retry_on_failure: {initial_interval: 2d, max_interval: 1s}": {`retry_on_failure::initial_interval is "2d": the units are s, m and h; write 48h`},
		key + "storage: [a]\nk8s_leader_elector: k8s_leader_elector":       nil,
		// What has nothing to do with it is said all the same.
		key + "page_size: many\nbody: xml":      {`page_size is "many": it must be a whole number, without quotes and without a unit`, `body is "xml": it must be raw or structured`},
		key + "poll_interval: 10\npage_size: 0": {"poll_interval is 10, without a unit: write 10s for seconds, 10m for minutes, 10h for hours or 240h for days", "page_size is 0: it must be 1 to 10000"},
		"timeout: 60":                           {"timeout is 60, without a unit: write 60s for seconds, 60m for minutes, 60h for hours or 1440h for days", noKey},
	} {
		got := strings.Split(sentences(confOf(t, yaml)), "\n")
		if want == nil {
			assert.Len(t, got, 1, got)
			assert.NotContains(t, got[0], "storage is not set")
			continue
		}
		assert.Equal(t, want, got, yaml)
	}
}

func TestConfig_WhatIsReadBesideAMistakeIsWhatWasWritten(t *testing.T) {
	config := createDefaultConfig().(*Config)
	require.Error(t, confOf(t, "page_size: many\napi_key: key-for-tests\nservices: [sso]\ntimeout: 20s").Unmarshal(config))
	assert.Equal(t, "key-for-tests", string(config.APIKey))
	assert.Equal(t, []string{"sso"}, config.Services)
	assert.Equal(t, 20*time.Second, config.ClientConfig.Timeout)
	assert.Equal(t, maxPageSize, config.PageSize)
}

func TestConfig_OrganizationIDsThatAreNone(t *testing.T) {
	for id, want := range map[string]string{
		"a,b":      `it must be one id; write an entry for each, [{id: a}, {id: b}]`,
		"a, b":     `it must be one id; write an entry for each, [{id: a}, {id: b}]`,
		"a b":      `it must be one id; write an entry for each, [{id: a}, {id: b}]`,
		"a;b":      `it must be one id; write an entry for each, [{id: a}, {id: b}]`,
		"$ORG":     `the collector does not expand it; write ${env:NAME} for the environment variable NAME`,
		"<org-id>": noID,
		"a,":       noID,
		" a":       noID,
		"a\x00":    noID,
		"a\x7f":    noID,
		"a\u00a0":  noID,
		`a"`:       noID,
	} {
		config := createDefaultConfig().(*Config)
		config.APIKey = "key-for-tests"
		config.Organizations = []OrganizationConfig{{ID: id}}
		require.EqualError(t, config.Validate(), fmt.Sprintf("organizations::0::id is %q: %s", id, want))
	}
}

func TestConfig_WhatPeopleWriteInPlaceOfAKey(t *testing.T) {
	const (
		quotes      = "has quotes that belong to it: leave them out, also where an environment file sets it"
		variable    = `begins with "$": the collector does not expand it; write ${env:NAME} for the environment variable NAME`
		placeholder = "is the placeholder of an example: write ${env:JUMPCLOUD_API_KEY} and set that environment variable to a key from the JumpCloud admin console"
	)
	for key, want := range map[string]string{
		"$JUMPCLOUD_API_KEY":    variable,
		"$(JUMPCLOUD_API_KEY)":  variable,
		`"jca_0123456789abcdef`: quotes,
		`"jca_0123456789ab"`:    quotes,
		"'jca_0123456789ab'":    quotes,
		"<your-api-key>":        placeholder,
		"<key>":                 placeholder,
		"{{ .Values.key }}":     placeholder,
		"%JUMPCLOUD_KEY%":       placeholder,
		"jca_...":               placeholder,
		"jca_…":                 placeholder,
		"YOUR_KEY":              placeholder,
		"your-api-key":          placeholder,
		"changeme":              placeholder,
		"xxxxxxxx":              placeholder,
		"jca_XXXXXXXX":          placeholder,
		"Bearer jca_0123456789": `begins with "Bearer": it must be the bare key`,
		"jca_0123,jca_4567":     "holds a space, a line break or another character that no key has: it must be the bare key, without the line break that ends a file",
	} {
		config := createDefaultConfig().(*Config)
		config.APIKey = configopaque.String(key)
		require.EqualError(t, config.Validate(), "api_key "+want)
		config.APIKey = "key-for-tests"
		config.Organizations = []OrganizationConfig{{ID: "a", APIKey: configopaque.String(key)}}
		require.EqualError(t, config.Validate(), "organizations::0::api_key "+want)
	}
	for _, key := range []string{"jca_0123456789ABCdef", "0123456789abcdef0123456789abcdef01234567", "a.b-c_d~e+f/g=="} {
		config := createDefaultConfig().(*Config)
		config.APIKey = configopaque.String(key)
		require.NoError(t, config.Validate())
	}
}

func TestConfig_WhatPeopleWriteInPlaceOfASection(t *testing.T) {
	const organizations = `events are read by organization; write organizations: [{id: ...}] with the id of each`
	checkMistakes(t, []mistake{
		{"a service in capitals", "services: [SSO]", `services::0 is "SSO": services are written in lower case and without spaces; write sso`},
		{"all in capitals", "services: [All]", `services::0 is "All": services are written in lower case and without spaces; write all`},
		{"a service with a space", "services: [directory, ' sso']", `services::1 is " sso": services are written in lower case and without spaces; write sso`},
		{"a service in capitals that nobody knows", "services: [NEW]", ""},
		{"organizations as a text", "organizations: a, b", `organizations is "a, b": it must be a list of sections; write [{id: a}, {id: b}]`},
		{"organizations as texts", "organizations: [{id: c}, a]", `organizations::1 is "a": it must be a section; write {id: a}`},
		{"organizations as a section", "organizations: {id: a}", "organizations is a section: it must be a list"},
		{"an id of digits", "organizations: [{id: 12345}]", "organizations::0::id is 12345 to YAML, which is no text: write it in quotes"},
		{"an id that looks like a number", "organizations: [{id: 123456789012345678901234}]", "organizations::0::id is 1.2345678901234569e+23 to YAML, which is no text: write it in quotes"},
		{"auth as a text", "auth: bearertokenauth", `auth is "bearertokenauth": it must be a section; write {authenticator: bearertokenauth}`},
		{"middlewares as texts", "middlewares: [a]", `middlewares::0 is "a": it must be a section; write {id: a}`},
		{"the provider", "provider_id: 12345", `unknown key "provider_id": ` + organizations},
		{"the organization", "org_id: a", `unknown key "org_id": ` + organizations},
		{"the provider of an organization", "organizations: [{id: a, provider_id: b}]", `unknown key "organizations::0::provider_id": ` + organizations},
	})
}

func TestFault_X7_IDOfDigitsFromTheEnvironmentIsAText(t *testing.T) {
	conf := expand(t, "api_key: '${env:KEY}'\norganizations: [{id: '${env:ID}'}]\npage_size: many", map[string]string{"KEY": "0042", "ID": "0123"})
	config := createDefaultConfig().(*Config)
	err := conf.Unmarshal(config)
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "YAML", "only page_size is wrong")
	assert.Equal(t, "0042", string(config.APIKey))
	assert.Equal(t, "0123", config.Organizations[0].ID)
}
