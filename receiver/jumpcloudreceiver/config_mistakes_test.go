// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

const (
	noKey    = "api_key is empty: it must be set (if it comes from an environment variable, that one is not set), unless each of the organizations has its own or auth is set"
	oddKey   = "api_key holds a space, a line break or another character that no key has: it must be the bare key, without the line break that ends a file"
	noID     = `it must hold nothing but ASCII letters, digits, "-", "_" and "."; write the id as JumpCloud shows it`
	noURL    = "endpoint is no URL of a scheme and a host: it must be like https://api.jumpcloud.com"
	noProxy  = "proxy_url is no URL of a proxy: it must be like http://proxy.example.com:3128, with the scheme http, https, socks5 or socks5h"
	exampleA = "5f1b1c4e0e8b7d0001a1b2c3"
)

// mistake is a configuration and the sentences that its reader sees, one a line.
type mistake struct {
	name, yaml, want string
}

// checkMistakes reads each configuration, with a key where it says nothing of one.
func checkMistakes(t *testing.T, mistakes []mistake) {
	t.Helper()
	for _, test := range mistakes {
		t.Run(test.name, func(t *testing.T) {
			yaml := test.yaml
			if !strings.Contains(yaml, "api_key") && !strings.Contains(yaml, "auth") {
				yaml += "\napi_key: key-for-tests"
			}
			assert.Equal(t, test.want, sentences(confOf(t, yaml)))
		})
	}
}

// sentences is what the collector prints of a configuration's mistakes, less what it puts before
// them; "" where there are none.
func sentences(conf *confmap.Conf) string {
	config := createDefaultConfig().(*Config)
	err := conf.Unmarshal(config)
	if err == nil {
		err = confmap.Validate(config)
	}
	if err == nil {
		return ""
	}
	return strings.TrimPrefix(err.Error(), "decoding failed due to the following error(s):\n\n'' ")
}

func TestFault_X1_HTTPToAHostThatIsNotLoopback(t *testing.T) {
	refused := func(endpoint string) string {
		return `endpoint is "` + endpoint + `": it must be https, since http sends the API key in the clear; only a loopback host may be http`
	}
	checkMistakes(t, []mistake{
		{"https", "endpoint: https://api.example.com", ""},
		{"https in capitals", "endpoint: HTTPS://api.example.com", ""},
		{"https behind a path", "endpoint: https://gateway.example.com/jumpcloud/", ""},
		{"localhost", "endpoint: http://localhost:8080", ""},
		{"IPv4 loopback", "endpoint: http://127.8.9.1:8080", ""},
		{"IPv6 loopback", `endpoint: "http://[::1]:8080"`, ""},
		{"another host", "endpoint: http://api.example.com", refused("http://api.example.com")},
		{"a private address", "endpoint: http://192.0.2.7:8080", refused("http://192.0.2.7:8080")},
		{"a name that begins like loopback", "endpoint: http://localhost.example.com", refused("http://localhost.example.com")},
		{"an address that ends a name", "endpoint: http://127.0.0.1.example.com", refused("http://127.0.0.1.example.com")},
		{"any address", "endpoint: http://0.0.0.0:80", refused("http://0.0.0.0:80")},
		{"another scheme", "endpoint: ftp://api.example.com", `endpoint is "ftp://api.example.com": its scheme must be https`},
		{"no scheme", "endpoint: api.example.com", noURL},
		{"no host", "endpoint: https://", noURL},
		{"a port alone", "endpoint: https://:443", noURL},
		{"a line break", `endpoint: "https://api.example.com\n"`, noURL},
		{"a fragment", "endpoint: https://api.example.com#top", "endpoint holds a fragment: it must not"},
		{
			"the API's path", "endpoint: https://api.example.com/insights/directory/v1/events",
			`endpoint has the path "/insights/directory/v1/events": it must be left out, since it is added to each request`,
		},
		{"a proxy", "proxy_url: socks5://proxy.example.com:1080", ""},
		{"a proxy without a scheme", "proxy_url: proxy.example.com:3128", noProxy},
		{"a proxy of another scheme", "proxy_url: ftp://proxy.example.com", noProxy},
		{"a proxy without a host", "proxy_url: http:///path", noProxy},
	})
}

func TestFault_X2_KeyThatCannotBeOne(t *testing.T) {
	checkMistakes(t, []mistake{
		{"none", "region: us\n# api_key", noKey},
		{"empty", `api_key: ""`, noKey},
		{"white space", `api_key: " \t\n"`, "api_key is empty: it holds nothing but white space"},
		{"a line break at the end", `api_key: "key-for-tests\n"`, oddKey},
		{"a header in it", `api_key: "key\r\nx-other: 1"`, oddKey},
		{"a space in it", `api_key: "key for tests"`, oddKey},
		{"NUL", `api_key: "key\0"`, oddKey},
		{"beyond ASCII", `api_key: "kéy"`, oddKey},
		{"a user in the endpoint", "endpoint: https://user@api.example.com", "endpoint holds a user name or a password: it must not; api_key is the place for a secret"},
		{"a query in the endpoint", "endpoint: https://api.example.com?key=1", "endpoint holds a query: it must not; api_key is the place for a secret"},
		{"an empty query in the endpoint", "endpoint: https://api.example.com?", "endpoint holds a query: it must not; api_key is the place for a secret"},
		{"as a header", "headers: {X-Api-Key: one}", `headers holds "X-Api-Key": it must not; set api_key instead`},
		{"as a header in a list", "headers: [{name: x-api-key, value: one}]", `headers holds "x-api-key": it must not; set api_key instead`},
		{"the organization as a header", "headers: {x-org-id: one}", `headers holds "x-org-id": it must not; set organizations instead`},
		{"auth instead", "auth: {authenticator: bearertokenauth}", ""},
		{"auth beside it", "api_key: one\nauth: {authenticator: bearertokenauth}", "api_key and auth are both set: only one of the two may be"},
		{
			"auth beside an organization's", "auth: {authenticator: bearertokenauth}\norganizations: [{id: a}, {id: b, api_key: one}]",
			"organizations::1::api_key and auth are both set: only one of the two may be",
		},
		{"auth that is switched off", "auth: {authenticator: bearertokenauth, enabled: false}", noKey},
		{"every organization's own", "organizations: [{id: a, api_key: one}]", ""},
		{"not every organization's own", "organizations: [{id: a, api_key: one}, {id: b}]", noKey},
		{
			"an organization's with a line break", `organizations: [{id: a, api_key: "one\n"}]`,
			"organizations::0::" + oddKey,
		},
	})
}

func TestFault_X3_ValuesOutOfBounds(t *testing.T) {
	checkMistakes(t, []mistake{
		{"poll_interval", "poll_interval: 999ms", "poll_interval is 999ms: it must be at least 1s"},
		{"poll_interval at its least", "poll_interval: 1s", ""},
		{"poll_interval without a unit", "poll_interval: 30", "poll_interval is 30, without a unit: write 30s for seconds, 30m for minutes, 30h for hours or 720h for days"},
		{"rescan_interval", "rescan_interval: 29s", "rescan_interval is 29s: it must be at least poll_interval, which is 30s"},
		{"rescan_interval at its least", "rescan_interval: 30s", ""},
		{"timeout", "timeout: 0", "timeout is 0s: it must be greater than 0s, since a request without one can hang for ever"},
		{"timeout below zero", "timeout: -1s", "timeout is -1s: it must be greater than 0s, since a request without one can hang for ever"},
		{"max_event_delay", "max_event_delay: -1h", "max_event_delay is -1h0m0s: it must be greater than 0s"},
		{"max_event_delay of nothing", "max_event_delay: 0s", "max_event_delay is 0s: it must be greater than 0s"},
		{"retention", "retention: -1h", "retention is -1h0m0s: it must be greater than 0s"},
		{"silence_after", "silence_after: -1h", "silence_after is -1h0m0s: it must not be negative; 0s is off"},
		{"silence_after that is off", "silence_after: 0s", ""},
		{"max_event_delay and retention", "max_event_delay: 2h\nretention: 2h", "max_event_delay is 2h0m0s: it must be less than retention, which is 2h0m0s"},
		{"page_size of nothing", "page_size: 0", "page_size is 0: it must be 1 to 10000"},
		{"page_size too large", "page_size: 10001", "page_size is 10001: it must be 1 to 10000"},
		{"requests_per_second", "requests_per_second: 0", "requests_per_second is 0: it must be a number greater than 0"},
		{"requests_per_second below zero", "requests_per_second: -0.5", "requests_per_second is -0.5: it must be a number greater than 0"},
		{"requests_per_second no number", "requests_per_second: .nan", "requests_per_second is NaN: it must be a number greater than 0"},
		{"requests_per_second without an end", "requests_per_second: .inf", "requests_per_second is +Inf: it must be a number greater than 0"},
		{"max_response_size too small", "max_response_size: 512KiB", "max_response_size is 512KiB: it must be 1MiB to 1GiB"},
		{"max_response_size too large", "max_response_size: 1025MiB", "max_response_size is 1025MiB: it must be 1MiB to 1GiB"},
		{"body", "body: json", `body is "json": it must be raw or structured`},
		{"attributes", "attributes: minimal", `attributes is "minimal": it must be all or curated`},
		{"attributes of nothing", `attributes: ""`, `attributes is "": it must be all or curated`},
		{"attributes, curated", "attributes: curated", ""},
		{"region", "region: US", `region is "US": it must be us, eu or in, or an endpoint must be set instead`},
		{"region of nothing", `region: ""`, `region is "": it must be us, eu or in, or an endpoint must be set instead`},
		{"region beside endpoint", "region: eu\nendpoint: https://api.example.com", `region is "eu" and endpoint is set: only one of the two may be`},
		{"services", "services: []", `services is empty: it must be [all] or name at least one service, for instance "directory"`},
		{"a blank service", `services: [sso, " "]`, `services::1 is blank: it must name a service, for instance "directory"`},
		{"an organization without an id", "organizations: [{name: Acme}]", "organizations::0::id is empty: it must be the id of an organization"},
		{
			"an organization's id with a line break", `organizations: [{id: "a\r\nx-other: 1"}]`,
			`organizations::0::id is "a\r\nx-other: 1": ` + noID,
		},
		{
			"the same organization twice", "organizations: [{id: " + exampleA + "}, {id: b}, {id: " + exampleA + "}]",
			`organizations::2::id is "` + exampleA + `": organizations::0 has the same id, and each organization may be there once`,
		},
		{
			"retry switched off", "retry_on_failure: {enabled: false}",
			"retry_on_failure::enabled is false: it must be true, since every refused batch would be lost; max_elapsed_time bounds the retries of a batch",
		},
		{"retry at once", "retry_on_failure: {initial_interval: 0s}", "retry_on_failure::initial_interval is 0s: it must be greater than 0s"},
		{"retry ever faster", "retry_on_failure: {multiplier: 0.5}", "retry_on_failure::multiplier is 0.5: it must be at least 1"},
		{"retry max below initial", "retry_on_failure: {max_interval: 1s}", "retry_on_failure::max_interval is 1s: it must be at least initial_interval, which is 5s"},
		{"retry's own checks", "retry_on_failure: {randomization_factor: 2}", "retry_on_failure: randomization_factor value must be less than or equal to 1"},
	})
}

func TestFault_X3_BackfillThatCannotBe(t *testing.T) {
	// Time stands at the first moment of the year 2000 in a bubble.
	synctest.Test(t, func(t *testing.T) {
		for yaml, want := range map[string]string{
			"{start_time: 2000-01-01}":                "",
			"{start_time: 2000-01-01T00:00:01Z}":      "backfill::start_time is 2000-01-01T00:00:01Z: it must not be in the future",
			"{start_time: 2000-01-01T00:00:00-00:01}": "backfill::start_time is 2000-01-01T00:00:00-00:01: it must not be in the future",
			"{lookback: -1h}":                         "backfill::lookback is -1h0m0s: it must not be negative",
			"{start_time: 1999-12-31, lookback: 1h}":  "backfill::start_time is 1999-12-31T00:00:00Z and backfill::lookback is 1h0m0s: only one of the two may be set",
		} {
			assert.Equal(t, want, sentences(confOf(t, "api_key: key-for-tests\nbackfill: "+yaml)), yaml)
		}
	})
}

func TestConfig_AllMistakesAtOnce(t *testing.T) {
	conf := confOf(t, `
region: mars
services: []
poll_interval: 1ms
page_size: 0
body: xml
organizations: [{id: ""}, {id: a, api_key: }]
pol_interval: 1s
tls: {insecure_skip_verfy: true}
`)

	assert.Equal(t, []string{
		`unknown key "pol_interval": did you mean "poll_interval"?`,
		`unknown key "tls::insecure_skip_verfy": did you mean "insecure_skip_verify"?`,
		`organizations::1::api_key is empty: it must be set (if it comes from an environment variable, that one is not set) or be left out`,
		`region is "mars": it must be us, eu or in, or an endpoint must be set instead`,
		noKey,
		`organizations::0::id is empty: it must be the id of an organization`,
		`services is empty: it must be [all] or name at least one service, for instance "directory"`,
		`poll_interval is 1ms: it must be at least 1s`,
		`page_size is 0: it must be 1 to 10000`,
		`body is "xml": it must be raw or structured`,
	}, strings.Split(sentences(conf), "\n"))
}

func TestFault_X7_EnvironmentVariableThatIsNotSet(t *testing.T) {
	for yaml, want := range map[string]string{
		"api_key: ${env:SET}":    "",
		"api_key: ${env:DIGITS}": "",
		"api_key: ${env:UNSET}":  noKey,
		"api_key: ${env:SET}\norganizations: [{id: a, api_key: '${env:UNSET}'}]": "organizations::0::api_key is empty: it must be set (if it comes from an environment variable, that one is not set) or be left out",
		"api_key: ${env:SET}\nendpoint: ${env:UNSET}":                            "",
		"api_key: ${env:SET}\nbackfill: {start_time: '${env:UNSET}'}":            "",
		"api_key: ${env:SET}\nbackfill: {start_time: '${env:DATE}'}":             "",
	} {
		assert.Equal(t, want, sentences(expand(t, yaml, map[string]string{"SET": "key-for-tests", "DIGITS": "0123456789", "DATE": "2025-11-08"})), yaml)
	}
}

// expand reads YAML through the collector's resolver, with variables in place of the environment's.
func expand(t *testing.T, yaml string, variables map[string]string) *confmap.Conf {
	t.Helper()
	provider := func(scheme string, text func(location string) string) confmap.ProviderFactory {
		return confmap.NewProviderFactory(func(confmap.ProviderSettings) confmap.Provider {
			return stubProvider{scheme: scheme, text: text}
		})
	}
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs: []string{"file:config"},
		ProviderFactories: []confmap.ProviderFactory{
			provider("file", func(string) string { return yaml }),
			provider("env", func(location string) string { return variables[location] }),
		},
	})
	require.NoError(t, err)
	conf, err := resolver.Resolve(t.Context())
	require.NoError(t, err)
	return conf
}

type stubProvider struct {
	scheme string
	text   func(location string) string
}

func (p stubProvider) Scheme() string { return p.scheme }

func (p stubProvider) Retrieve(_ context.Context, uri string, _ confmap.WatcherFunc) (*confmap.Retrieved, error) {
	return confmap.NewRetrievedFromYAML([]byte(p.text(strings.TrimPrefix(uri, p.scheme+":"))))
}

func (stubProvider) Shutdown(context.Context) error { return nil }
