// SPDX-License-Identifier: Apache-2.0

package backends_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	made "github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/testkit/corpus"
)

const (
	ada = `"initiated_by":{"id":"5845d8f9c4894c85596c54f3","type":"admin","email":"ada@example.com"},"client_ip":"192.0.2.10"`
	bob = `"initiated_by":{"id":"5c86b7149fdce00001d38014","type":"user","username":"bob"},"client_ip":"198.51.100.7"`
)

// startVictoriaLogs returns the address of an empty VictoriaLogs that is ready.
func startVictoriaLogs(t *testing.T, flags ...string) string {
	t.Helper()
	listen := address(t)
	flags = append(flags, "-storageDataPath", t.TempDir(), "-httpListenAddr", listen)
	run(t, nil, root+"_build/victoria-logs", flags...)
	require.Eventually(t, func() bool {
		answer, err := http.Get("http://" + listen + "/health")
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	}, enough, often, "VictoriaLogs is ready")
	return "http://" + listen
}

// query runs LogsQL and returns what it finds.
func query(t *testing.T, victoria, text string) (rows []map[string]string) {
	t.Helper()
	answer, err := http.PostForm(victoria+"/select/logsql/query", url.Values{"query": {text}})
	require.NoError(t, err)
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		row := make(map[string]string)
		require.NoError(t, json.Unmarshal(lines.Bytes(), &row), "%s: %s", text, lines.Text())
		rows = append(rows, row)
	}
	require.NoError(t, lines.Err())
	require.Equal(t, http.StatusOK, answer.StatusCode)
	return rows
}

// stored waits until so many records are there.
func stored(t *testing.T, victoria string, records int) {
	t.Helper()
	require.Eventually(t, func() bool {
		rows := query(t, victoria, "_time:1d * | stats count() total")
		return len(rows) == 1 && rows[0]["total"] >= fmt.Sprint(records) && len(rows[0]["total"]) >= len(fmt.Sprint(records))
	}, enough, time.Second, "VictoriaLogs has all events")
}

func TestVictoriaLogs_HasEveryEventOnce(t *testing.T) {
	events := corpus(t, 10_000)
	api := simulator.New(simulator.Settings{})
	api.Add(events...)
	victoria := startVictoriaLogs(t)
	startExample(t, "victorialogs.yaml", api, victoria)
	stored(t, victoria, len(events))
	bodies := make(map[string][]string)
	for _, row := range query(t, victoria, `_time:1d * | fields "log.record.uid", _msg`) {
		bodies[row["log.record.uid"]] = append(bodies[row["log.record.uid"]], row["_msg"])
	}
	requireEachOnce(t, events, bodies)
}

// TestVictoriaLogs_AcceptsWhatItLeavesOut: it answers 200 to an event that is larger than its limit, and to
// one that is older than its retention.
func TestVictoriaLogs_AcceptsWhatItLeavesOut(t *testing.T) {
	from := time.Now().Add(-10 * time.Minute)
	events := []simulator.Event{
		made.Stamped(t, made.Large(2_500_000), "too-large", from.UTC()),
		made.Stamped(t, made.Wide(), "kept", from.Add(time.Second).UTC()),
	}
	api := simulator.New(simulator.Settings{})
	api.Add(events...)
	api.Add(made.Stamped(t, made.Wide(), "too-old", time.Now().Add(-8*24*time.Hour).UTC()))
	victoria := startVictoriaLogs(t)
	startExample(t, "victorialogs.yaml", api, victoria, "receivers:\n  jumpcloud:\n    backfill:\n      lookback: 216h")
	stored(t, victoria, 1)
	rows := query(t, victoria, `_time:30d * | fields "log.record.uid"`)
	assert.Equal(t, []map[string]string{{"log.record.uid": "kept"}}, rows)
}

// history is what the queries are asked about, and beside it what they must not find.
func history() (events []simulator.Event) {
	now := time.Now().UTC().Truncate(time.Millisecond).Add(-20 * time.Minute)
	for i, fields := range []string{
		`"service":"directory","event_type":"admin_login_attempt","success":false,` + ada,
		`"service":"directory","event_type":"admin_login_attempt","success":false,` + ada,
		`"service":"directory","event_type":"admin_login_attempt","success":true,` + ada,
		`"service":"directory","event_type":"user_login_attempt","success":false,` + bob,
		`"service":"sso","event_type":"sso_auth","success":false,` + bob,
		`"service":"ldap","event_type":"ldap_bind","success":false,` + bob,
		`"service":"radius","event_type":"radius_auth_attempt","success":false,` + bob,
		`"service":"ldap","event_type":"ldap_search","success":false,` + bob,
		`"service":"directory","event_type":"user_update","changes":[{"field":"mfa","from":"inactive","to":"active"}],"success":true,` + ada,
		`"service":"directory","event_type":"admin_update","changes":[{"field":"email","from":"a","to":"b"},{"field":"mfa","from":true,"to":false}],"success":true,` + ada,
		`"service":"directory","event_type":"user_update","changes":[{"field":"mfa_note","from":"old","to":"new"}],"success":true,` + ada,
	} {
		at := now.Add(time.Duration(i) * time.Second)
		id := fmt.Sprint("event-", i)
		events = append(events, simulator.Event{Service: "directory", ID: id, Time: at, JSON: fmt.Appendf(nil,
			`{"id":%q,"timestamp":%q,"organization":"5a2af2a82cf2b0010053ea41",%s}`, id, at.Format("2006-01-02T15:04:05.000Z"), fields)})
	}
	return events
}

func TestVictoriaLogs_DocumentedQueriesAnswerAsPromised(t *testing.T) {
	text, err := os.ReadFile(root + "docs/backends.md")
	require.NoError(t, err)
	documented := make(map[string]string)
	for _, match := range regexp.MustCompile("(?s)<!-- query: logsql ([a-z0-9-]+) -->\n```logsql\n(.*?)\n```").FindAllStringSubmatch(string(text), -1) {
		documented[match[1]] = match[2]
	}
	api, events := simulator.New(simulator.Settings{}), history()
	api.Add(events...)
	victoria := startVictoriaLogs(t)
	startExample(t, "victorialogs.yaml", api, victoria)
	stored(t, victoria, len(events))
	promised := map[string][]map[string]string{
		"failed-logins": {
			{"user.email": "ada@example.com", "client.address": "192.0.2.10", "failures": "2"},
			{"user.name": "bob", "client.address": "198.51.100.7", "failures": "4"},
		},
		"changed-mfa": {
			{"user.email": "ada@example.com", "jumpcloud.event.type": "user_update"},
			{"user.email": "ada@example.com", "jumpcloud.event.type": "admin_update"},
		},
		"old-and-new-values": {
			{"field": "mfa", "from": "inactive", "to": "active"}, {"field": "email", "from": "a", "to": "b"},
			{"field": "mfa", "from": "true", "to": "false"}, {"field": "mfa_note", "from": "old", "to": "new"},
		},
		"each-event-once": {{"events": fmt.Sprint(len(events))}},
	}
	assert.Len(t, documented, len(promised), "each query has a test")
	for name, expected := range promised {
		t.Run(name, func(t *testing.T) {
			rows := query(t, victoria, documented[name])
			for _, row := range rows {
				for key, value := range row {
					if value == "" || key == "_time" {
						delete(row, key)
					}
				}
			}
			assert.ElementsMatch(t, expected, rows)
		})
	}
}
