// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

func TestFault_X8_UnknownKeyAtEveryLevel(t *testing.T) {
	checkMistakes(t, []mistake{
		{"a letter left out", "pol_interval: 1s", `unknown key "pol_interval": did you mean "poll_interval"?`},
		{"two letters swapped", "api_kye: one\napi_key: one", `unknown key "api_kye": did you mean "api_key"?`},
		{"of another component", "collection_interval: 1s", `unknown key "collection_interval": did you mean "poll_interval"?`},
		{"of the HTTP client", "time_out: 1s", `unknown key "time_out": did you mean "timeout"?`},
		{"in capitals", "Services: [all]", `unknown key "Services": did you mean "services"?`},
		{"like nothing", "q: 1", `unknown key "q"`},
		{"tls", "tls: {insecure_skip_verfy: true}", `unknown key "tls::insecure_skip_verfy": did you mean "insecure_skip_verify"?`},
		{"tls, of the struct within", "tls: {ca_fil: a}", `unknown key "tls::ca_fil": did you mean "ca_file"?`},
		{"tls, a level further", "tls: {tpm: {enable: true}}", `unknown key "tls::tpm::enable": did you mean "enabled"?`},
		{"backfill", "backfill: {look_back: 1h}", `unknown key "backfill::look_back": did you mean "lookback"?`},
		{"backfill, like nothing", "backfill: {since: 1h}", `unknown key "backfill::since": the keys here are lookback, order, start_time`},
		{"retry_on_failure", "retry_on_failure: {initial_intervall: 1s}", `unknown key "retry_on_failure::initial_intervall": did you mean "initial_interval"?`},
		{"the second organization", "organizations: [{id: a}, {id: b, nam: c}]", `unknown key "organizations::1::nam": did you mean "name"?`},
		{
			"an optional section", "auth: {authenticator: a, enable: true}",
			`unknown key "auth::enable": did you mean "enabled"?`,
		},
		{"an optional section without keys", "cookies: {path: a}", `unknown key "cookies::path": the keys here are enabled`},
		{"keepalive", "keepalive: {max_idle_con: 1}", `unknown key "keepalive::max_idle_con": did you mean "max_idle_conns"?`},
		{"compression_params", "compression_params: {lvel: 1}", `unknown key "compression_params::lvel": did you mean "level"?`},
		{"a list of the HTTP client's", "middlewares: [{id: a, nme: b}]", `unknown key "middlewares::0::nme": the keys here are id`},
		{"headers as a list", "headers: [{name: a, valeu: b}]", `unknown key "headers::0::valeu": did you mean "value"?`},
		{"a section where an id belongs", "storage: {type: file_storage}", `unknown key "storage::type"`},
		{"a section where a time belongs", "backfill: {start_time: {year: 2025}}", `unknown key "backfill::start_time::year"`},
	})
}

func TestFault_X8_KnownKeysAreNotRefused(t *testing.T) {
	checkMistakes(t, []mistake{
		{"headers are the user's own", "headers: {any-name: a, another: b}", ""},
		{"an optional section may be switched off", "cookies: {enabled: false}", ""},
		{"a section may be empty", "tls:\nbackfill:\nkeepalive:\norganizations:", ""},
		{"a text may stand for a list", "services: directory,sso", ""},
		{"deprecated keys of the HTTP client", "max_idle_conns: 3", ""},
	})
}

func TestConfig_ValueOfTheWrongKindNamesItsKey(t *testing.T) {
	for yaml, want := range map[string]string{
		"poll_interval: soon":                    `poll_interval is "soon": it must be a number with a unit, such as 30s, 5m or 24h`,
		"page_size: many":                        `page_size is "many": it must be a whole number, without quotes and without a unit`,
		`page_size: "100"`:                       `page_size is "100": it must be a whole number, without quotes and without a unit`,
		"requests_per_second: [1]":               "requests_per_second is a list: it must be a number, without quotes",
		"force_attempt_http2: perhaps":           `force_attempt_http2 is "perhaps": it must be true or false, without quotes`,
		"tls: yes":                               "tls is a single value: it must be a section",
		"tls: {insecure_skip_verify: a}":         `tls::insecure_skip_verify is "a": it must be true or false, without quotes`,
		"region: {us: true}":                     "region is a section: it must be a text",
		"max_response_size: 64 megabytes":        `max_response_size: "64 megabytes" is no size: it must be a whole number of bytes, or one with KiB, MiB or GiB, such as 64MiB`,
		"backfill: {start_time: soon}":           `backfill::start_time: "soon" is no time: it must be RFC 3339, such as 2026-11-08T00:00:00Z, or a date, such as 2026-11-08`,
		"backfill: {start_time: 12}":             `backfill::start_time: "12" is no time: it must be RFC 3339`,
		"storage: ''":                            "storage: id must not be empty",
		"timeout: soon":                          `timeout is "soon": it must be a number with a unit, such as 30s, 5m or 24h`,
		"retry_on_failure: {multiplier: double}": `retry_on_failure::multiplier is "double": it must be a number, without quotes`,
	} {
		// The unknown key beside it is named as well.
		text := sentences(confOf(t, yaml+"\nq: 1"))
		assert.Contains(t, text, want)
		assert.Contains(t, text, `unknown key "q"`)
		// So is what the rest lacks.
		assert.Contains(t, text, noKey)
	}
}

func TestConfig_UnknownKeysCanBeToldFromOtherErrors(t *testing.T) {
	err := confOf(t, "q: 1").Unmarshal(createDefaultConfig())

	unknown, ok := errors.AsType[unknownKey](err)
	require.True(t, ok)
	assert.Equal(t, "q", unknown.path)
}

func TestConfig_AKeyIsUnknownOnceOnly(t *testing.T) {
	for _, yaml := range []string{"auth: {authenticater: a}", "keepalive: {idle: 1}", "q: 1", "organizations: [{id: a, q: 1}]"} {
		text := sentences(confOf(t, yaml))
		assert.Equal(t, 1, strings.Count(text, "unknown key"), text)
		assert.NotContains(t, text, "invalid keys")
	}
}

func TestConfig_EndpointTakesThePlaceOfTheDefaultRegion(t *testing.T) {
	config := createDefaultConfig().(*Config)
	require.NoError(t, confOf(t, "endpoint: https://api.example.com").Unmarshal(config))

	assert.Empty(t, config.Region)
	assert.Equal(t, "https://api.example.com", config.endpoint())
}

func TestNearest(t *testing.T) {
	words := []string{"directory", "radius", "sso", "systems"}
	for written, want := range map[string]string{
		"directory": "directory",
		"direktori": "directory",
		"raduis":    "radius",
		"SSO":       "",
		"ssl":       "sso",
		"system":    "systems",
		"":          "",
		"zzzz":      "",
		"ΩΩΩΩ":      "",
	} {
		assert.Equal(t, want, nearest(written, words), written)
	}
	assert.Equal(t, "first", nearest("fist", []string{"first", "fisted"}))
	assert.Empty(t, nearest("any", nil))
}

func FuzzConfig(f *testing.F) {
	f.Add("api_key: key-for-tests")
	f.Add("organizations: [{id: a}, 1, null, [x]]\nservices: directory")
	f.Add("tls: {1: 2, a: {b: [{}]}}\nauth: []\nbackfill: {start_time: 2026-11-08, lookback: 9e99}")
	f.Add("max_response_size: 9223372036854775807GiB\nrequests_per_second: .nan\nheaders: [{}]\nstorage: {}")
	f.Add("endpoint: 'http://[::1%25lo]:1/?#'\nregion: [us]\nk8s_leader_elector: a/b/c\n::: 1")
	f.Fuzz(func(t *testing.T, yaml string) {
		retrieved, err := confmap.NewRetrievedFromYAML([]byte(yaml))
		if err != nil {
			t.Skip("what the collector does not read itself")
		}
		conf, err := retrieved.AsConf()
		if err != nil {
			t.Skip("what the collector does not read itself")
		}
		config := createDefaultConfig().(*Config)
		if conf.Unmarshal(config) != nil || confmap.Validate(config) != nil {
			return
		}
		_ = config.warnings()
		assert.NotEmpty(t, config.endpoint())
		assert.LessOrEqual(t, config.PageSize, 10_000)
		assert.Positive(t, config.PollInterval)
		assert.NotEmpty(t, config.Services)
		assert.NoError(t, config.Validate())
	})
}
