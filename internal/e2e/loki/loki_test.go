// SPDX-License-Identifier: Apache-2.0

// Package loki_test runs the queries of the documentation in a real Loki, which has a module of its
// own: what Loki needs is nothing that the receiver should need.
package loki_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	binaries      = "../../../_build"
	documentation = "../../../docs/mapping.md"

	ada = `"initiated_by":{"id":"5845d8f9c4894c85596c54f3","type":"admin","email":"ada@example.com"},"client_ip":"192.0.2.10"`
	bob = `"initiated_by":{"id":"5c86b7149fdce00001d38014","type":"user","username":"bob"},"client_ip":"198.51.100.7"`
)

// queries are the documentation's, by name.
func queries(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(documentation)
	require.NoError(t, err)
	found := make(map[string]string)
	for _, match := range regexp.MustCompile("(?s)<!-- query: loki ([a-z0-9-]+) -->\n```logql\n(.*?)\n```").FindAllStringSubmatch(string(text), -1) {
		found[match[1]] = match[2]
	}
	return found
}

// history is what the queries are asked about, and beside it what they must not find.
func history() *api {
	a, now := &api{}, time.Now().UTC().Truncate(time.Millisecond).Add(-20*time.Minute)
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
		`"service":"directory","event_type":"wide","success":true,` + wide(150) + `,` + ada,
	} {
		a.add(now.Add(time.Duration(i)*time.Second), fields)
	}
	return a
}

// wide are more fields than a record has attributes.
func wide(count int) string {
	var fields []string
	for i := range count {
		fields = append(fields, fmt.Sprintf(`"field_%03d":"value %d"`, i, i))
	}
	return strings.Join(fields, ",")
}

func TestLoki_DocumentedQueriesAnswerAsPromised(t *testing.T) {
	api := history()
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	loki := startLoki(t)
	startCollector(t, server.URL, loki)
	stored := make(map[string]map[string]string)
	require.Eventually(t, func() bool {
		clear(stored)
		for _, stream := range lines(t, loki, `{service_name="jumpcloud"}`) {
			for _, value := range stream.Values {
				stored[value[1]] = stream.Stream
			}
		}
		return len(stored) >= len(api.events)
	}, 2*time.Minute, time.Second, "Loki has all events")
	documented := queries(t)

	t.Run("failed-logins", func(t *testing.T) {
		counts := make(map[string]string)
		for _, s := range series(t, loki, documented["failed-logins"]) {
			key := s.Metric["user_name"] + "|" + s.Metric["user_email"] + "|" + s.Metric["client_address"]
			counts[key] = fmt.Sprint(s.Value[1])
		}
		assert.Equal(t, map[string]string{"|ada@example.com|192.0.2.10": "2", "bob||198.51.100.7": "4"}, counts)
	})
	t.Run("changed-mfa", func(t *testing.T) {
		var found []string
		for _, stream := range lines(t, loki, documented["changed-mfa"]) {
			for _, value := range stream.Values {
				found = append(found, value[1])
			}
		}
		assert.ElementsMatch(t, []string{"ada@example.com user_update", "ada@example.com admin_update"}, found)
	})
	t.Run("old-and-new-values", func(t *testing.T) {
		var found []string
		for _, stream := range lines(t, loki, documented["old-and-new-values"]) {
			assert.Empty(t, stream.Stream["__error__"])
			for range stream.Values {
				found = append(found, stream.Stream["from"]+" to "+stream.Stream["to"])
			}
		}
		assert.ElementsMatch(t, []string{"inactive to active", "old to new"}, found)
	})
	t.Run("records", func(t *testing.T) { checkRecords(t, loki, api, stored) })
	assert.Len(t, documented, 3, "each query has a test")
}

// checkRecords compares what the documentation says of labels, keys and bodies.
func checkRecords(t *testing.T, loki string, api *api, stored map[string]map[string]string) {
	var labels []map[string]string
	get(t, loki, "series", url.Values{"match[]": {`{service_name="jumpcloud"}`}}, &labels)
	assert.Equal(t, []map[string]string{{"service_name": "jumpcloud"}}, labels, "there are no other labels")
	require.Len(t, stored, len(api.events))
	for _, e := range api.events {
		metadata, found := stored[e.json]
		require.True(t, found, "the line is the event, byte for byte: %s", e.json)
		var fields struct {
			ID   string `json:"id"`
			Type string `json:"event_type"`
		}
		require.NoError(t, json.Unmarshal([]byte(e.json), &fields))
		assert.Equal(t, fields.ID, metadata["log_record_uid"])
		assert.Equal(t, fields.Type, metadata["jumpcloud_event_type"])
		assert.Equal(t, "5a2af2a82cf2b0010053ea41", metadata["jumpcloud_organization_id"])
		for key := range metadata {
			assert.NotContains(t, key, ".")
		}
		if fields.Type == "wide" {
			t.Logf("a wide record has %d keys: %v", len(metadata), metadata["dropped_attributes_count"])
			assert.Greater(t, len(metadata), 100, "a record of as many attributes as there can be is taken")
		}
	}
}
