// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

// canary stands for a secret: it must not be found in anything that is printed.
const canary = "canary-4711"

func TestConfig_PrintsNoKey(t *testing.T) {
	config := createDefaultConfig().(*Config)
	config.APIKey = canary
	config.Organizations = []OrganizationConfig{{ID: "a", APIKey: canary}}
	config.ClientConfig.Headers.Set("x-other", canary)

	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t", "%10.3f"} {
		for _, value := range []any{config, *config, struct{ Config *Config }{config}, struct{ Config Config }{*config}} {
			assert.NotContains(t, fmt.Sprintf(verb, value), canary, verb)
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.NotContains(t, fmt.Sprintf(verb, config.Organizations), canary, verb)
	}
}

func TestConfig_MarshalsNoKey(t *testing.T) {
	config := createDefaultConfig().(*Config)
	config.APIKey = canary
	config.Organizations = []OrganizationConfig{{ID: "a", APIKey: canary}}
	config.ClientConfig.Headers.Set("x-other", canary)

	direct, err := json.Marshal(config)
	require.NoError(t, err)
	assert.NotContains(t, string(direct), canary)

	// What the collector prints as YAML is this map.
	printed := confmap.New()
	require.NoError(t, printed.Marshal(config))
	assert.Equal(t, "[REDACTED]", printed.Get("api_key"))
	assert.NotContains(t, fmt.Sprint(printed.ToStringMap()), canary)

	// A key that is not there is not printed as if it were.
	printed = confmap.New()
	require.NoError(t, printed.Marshal(createDefaultConfig()))
	assert.False(t, printed.IsSet("api_key"))
}

func TestConfig_ErrorsShowNoSecret(t *testing.T) {
	for _, yaml := range []string{
		`api_key: "` + canary + `\n"`,
		`api_key: {key: ` + canary + `}`,
		`api_key: [` + canary + `]`,
		`organizations: [{id: a, api_key: "` + canary + ` "}]`,
		`organizations: [{id: a, api_key: [` + canary + `]}]`,
		"endpoint: https://user:" + canary + "@api.example.com",
		"endpoint: http://user:" + canary + "@api.example.com/",
		"endpoint: ftp://" + canary + "@api.example.com/",
		"endpoint: https://api.example.com?api_key=" + canary,
		"endpoint: https://api.example.com#" + canary,
		`endpoint: "https://user:` + canary + `@api.example.com:port"`,
		"proxy_url: ftp://user:" + canary + "@proxy.example.com",
		`proxy_url: "http://user:` + canary + `@proxy.example.com:port"`,
		"headers: {x-api-key: " + canary + "}",
	} {
		text := sentences(confOf(t, yaml))
		assert.NotEmpty(t, text, yaml)
		assert.NotContains(t, text, canary)
	}
}
