// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// TestMistakesAreToldAtValidate has the words that a person reads who writes what people write.
func TestMistakesAreToldAtValidate(t *testing.T) {
	const (
		key    = "api_key: " + canary + "\n"
		entry  = `organizations::0 is "a": it must be a section; write {id: a}`
		unset  = `api_key begins with "$": the collector does not expand it; write ${env:NAME} for the environment variable NAME`
		quoted = "api_key has quotes that belong to it: leave them out, also where an environment file sets it"
	)
	t.Setenv("QUOTED", `"`+canary+`"`)
	for name, test := range map[string]struct{ receiver, want string }{
		"ids with a comma":         {key + "organizations: [{id: 'a,b'}]", `organizations::0::id is "a,b": it must be one id; write an entry for each, [{id: a}, {id: b}]`},
		"an id with a space":       {key + "organizations: [{id: ' a'}]", `organizations::0::id is " a": it must hold nothing but ASCII letters`},
		"seconds":                  {key + "max_event_delay: 3600", "max_event_delay is 3600, without a unit: write 3600s for seconds"},
		"hours":                    {key + "backfill: {lookback: 24}", "backfill::lookback is 24, without a unit: write 24s for seconds, 24m for minutes, 24h for hours"},
		"a timeout":                {key + "timeout: 60", "timeout is 60, without a unit: write 60s for seconds"},
		"days without a unit":      {key + "retention: 90", "2160h for days"},
		"15 days":                  {key + "retention: 15d", `retention is "15d": the units are s, m and h; write 360h`},
		"90 days":                  {key + "retention: 90d", `retention is "90d": the units are s, m and h; write 2160h`},
		"a variable without env":   {"api_key: $JUMPCLOUD_API_KEY", unset},
		"a placeholder":            {"api_key: <your-api-key>", "api_key is the placeholder of an example"},
		"a key in quotes":          {"api_key: ${env:QUOTED}", quoted},
		"a service in capitals":    {key + "services: [SSO]", `services::0 is "SSO": services are written in lower case and without spaces; write sso`},
		"organizations as texts":   {key + "organizations: [a]", entry},
		"an id of digits":          {key + "organizations: [{id: 12345}]", "organizations::0::id is 12345 to YAML, which is no text: write it in quotes"},
		"a provider":               {key + "provider_id: b", `unknown key "provider_id": events are read by organization; write organizations: [{id: ...}]`},
		"authenticator as a text":  {"auth: bearertokenauth", `auth is "bearertokenauth": it must be a section; write {authenticator: bearertokenauth}`},
		"a number that is no text": {key + "page_size: many", `page_size is "many": it must be a whole number`},
	} {
		t.Run(name, func(t *testing.T) {
			collector := install(t, "https://api.example.com", "http://127.0.0.1:1", "poll_interval: 30s")
			config, err := os.ReadFile(collector.config)
			require.NoError(t, err)
			written := strings.Replace(string(config), "    api_key: "+canary+"\n", indent(test.receiver)+"\n", 1)
			require.NoError(t, os.WriteFile(collector.config, []byte(written), 0o600))
			output, err := exec.Command(binary, "validate", "--config", collector.config).CombinedOutput()
			require.Error(t, err)
			assert.Contains(t, string(output), test.want)
			assert.NotContains(t, string(output), "api_key is empty")
			assert.NotContains(t, string(output), canary)
		})
	}
}

func TestBearerTokenWithASchemeIsRefusedAtTheStart(t *testing.T) {
	api := simulator.New(simulator.Settings{})
	collector := install(t, serve(t, api), "http://127.0.0.1:1", fast)
	authenticateBy(t, collector, "bearertokenauth", "header: x-api-key\ntoken: "+canary)
	collector.start()
	require.Error(t, collector.command.Wait())
	assert.Contains(t, collector.output.String(), `auth::authenticator is \"bearertokenauth\": it sends x-api-key with a scheme before the key`)
	assert.Contains(t, collector.output.String(), `write scheme: \"\" in that extension`)
	assert.Empty(t, api.Requests())
	assert.NotContains(t, collector.output.String(), canary)
}

func TestRefusedClientIDIsNotTakenForABrokenNetwork(t *testing.T) {
	api := simulator.New(simulator.Settings{})
	var asked atomic.Int64
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprint(w, `{"error":"invalid_client"}`)
	}))
	t.Cleanup(tokens.Close)
	collector := install(t, serve(t, api), "http://127.0.0.1:1", "poll_interval: 1s")
	authenticateBy(t, collector, "oauth2client", "client_id: id\nclient_secret: "+canary+"\ntoken_url: "+tokens.URL)
	collector.start()
	require.Eventually(t, func() bool {
		return strings.Contains(collector.output.String(), "the token endpoint refused the client with status 401 (invalid_client): check client id and secret")
	}, enough, often, collector.output.String)
	collector.signal(syscall.SIGTERM)
	assert.NotContains(t, collector.output.String(), "cannot be reached")
	assert.NotContains(t, collector.output.String(), canary)
	assert.Empty(t, api.Requests())
	// The module asks in two ways each time, and both lanes may have asked before the first refusal was there.
	assert.LessOrEqual(t, asked.Load(), int64(4))
}

// authenticateBy puts an extension in the place of the key.
func authenticateBy(t *testing.T, collector *installation, extension, settings string) {
	t.Helper()
	config, err := os.ReadFile(collector.config)
	require.NoError(t, err)
	written := strings.NewReplacer(
		"api_key: "+canary, "auth:\n      authenticator: "+extension,
		"extensions:\n  file_storage", "extensions:\n  "+extension+":\n"+indent(settings)+"\n  file_storage",
		"[file_storage]", "[file_storage, "+extension+"]",
	).Replace(string(config))
	require.NoError(t, os.WriteFile(collector.config, []byte(written), 0o600))
}
