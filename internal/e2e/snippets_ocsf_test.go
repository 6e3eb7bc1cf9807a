// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

// class is a row of the documentation's table of classes.
type class struct {
	number   int64
	patterns []string
}

// classes are those of the documentation, which TestSnippetsDoWhatIsDocumented reads.
var classes []class

// readClasses reads the table. `_delete` behind `user_create` is short for `user_delete`.
func readClasses(t *testing.T, document string) (read []class) {
	t.Helper()
	_, table, found := strings.Cut(document, "\n| event types | class up to OCSF 1.8 |")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n\n")
	quoted := regexp.MustCompile("`([^`]+)`")
	for _, line := range strings.Split(table, "\n")[2:] {
		cells := strings.Split(line, " | ")
		number, err := strconv.ParseInt(cells[1][:4], 10, 64)
		require.NoError(t, err)
		row := class{number: number}
		for _, token := range quoted.FindAllStringSubmatch(cells[0], -1) {
			pattern := token[1]
			if strings.HasPrefix(pattern, "_") {
				start, _, _ := strings.Cut(row.patterns[0], "_")
				pattern = start + pattern
			}
			row.patterns = append(row.patterns, pattern)
		}
		read = append(read, row)
	}
	require.Greater(t, len(read), 10)
	return read
}

// classified returns events of each type that the table names, with each outcome.
func classified(t *testing.T, document string) (events []string) {
	t.Helper()
	classes = readClasses(t, document)
	for _, row := range classes {
		for _, pattern := range row.patterns {
			kind := strings.Replace(pattern, "*", "some", 1)
			for _, outcome := range []string{"true", "false", "null"} {
				events = append(events, fmt.Sprintf(`{"id":"%d-%s-%s","event_type":%q,"success":%s}`, row.number, kind, outcome, kind, outcome))
			}
		}
	}
	for _, ends := range [][2]string{{"user", "user_group"}, {"user_group", "user"}, {"user", "system"}, {"system", "user_group"}} {
		for _, op := range []string{"add", "remove", "update"} {
			events = append(events, fmt.Sprintf(
				`{"id":"%[1]s-%[2]s-%[3]s","event_type":"association_change","association":{"op":%[3]q,"connection":{"from":{"type":%[1]q},"to":{"type":%[2]q}}}}`,
				ends[0], ends[1], op))
		}
	}
	for _, kind := range []string{"enroll", "enrollment", "unenroll", "unenrollment", "enable", "disable"} {
		events = append(events, fmt.Sprintf(`{"id":"system-%[1]s","event_type":"system_%[1]s","success":true}`, kind))
	}
	for i, token := range []string{`false`, `false,"error_message":"refused"`, `false,"success":true`, `true`} {
		events = append(events, fmt.Sprintf(`{"id":"token-%d","event_type":"sso_auth","sso_token_success":%s}`, i, token))
	}
	for i, kind := range []string{"user_created", "my_user_create", "group_warning", "sso_auth_2", "ldap_binds", "report", "alert", "policies_create"} {
		events = append(events, fmt.Sprintf(`{"id":"classless-%d","event_type":%q,"success":true}`, i, kind))
	}
	return events
}

// classOf returns the class of the first row that a record belongs to, or 0.
func classOf(record plog.LogRecord) int64 {
	kind := text(record, "jumpcloud.event.type")
	for _, row := range classes {
		for _, pattern := range row.patterns {
			if matched, _ := path.Match(pattern, kind); !matched {
				continue
			}
			if kind == "association_change" && row.number == 3006 && !membership(record) {
				continue
			}
			return row.number
		}
	}
	return 0
}

// membership says that a user was put into a group of users or taken out of one.
func membership(record plog.LogRecord) bool {
	from := text(record, "jumpcloud.association.connection.from.type")
	to := text(record, "jumpcloud.association.connection.to.type")
	return from == "user" && to == "user_group" || from == "user_group" && to == "user"
}

// other is the activity of what has none of its own.
const other = 99

// activities are those of OCSF 1.8 by event type, or by its end where that begins with _ or -.
var activities = map[int64]map[string]int64{
	3001: {
		"user_create": 1, "user_delete": 6, "user_lockout": 9, "user_unlocked": 12, "user_suspended": 5,
		"user_unsuspended": 2, "user_activated": 2, "_password_change": 3, "_password_set": 3,
		"_password_reset_request": 4, "totp_finish_enrollment": 10, "mfa_enrolled": 10, "totp_disable": 11,
		"totp_delete_enrollment": 11,
	},
	3005: {"user_admin_granted": 1, "user_admin_revoked": 2},
	3006: {"group_create": 6, "group_delete": 5, "group_update": 9},
	3004: {
		"_create": 1, "_add": 1, "_update": 3, "_change": 3, "_delete": 4, "_remove": 4, "_enroll": 6, "_enrollment": 6,
		"_unenroll": 7, "_unenrollment": 7, "_enable": 8, "-enable": 8, "_disable": 9,
	},
	6002: {"software_add": 1, "software_change": 8, "software_remove": 2},
	6003: {"ldap_search": 2},
	2004: {"alert_created": 1, "alert_updated": 2, "_updated": 2},
}

func activityOf(record plog.LogRecord, class int64) int64 {
	kind := text(record, "jumpcloud.event.type")
	if class == 3002 {
		token, found := record.Attributes().Get("jumpcloud.sso_token_success")
		if kind == "sso_auth" && found && !token.Bool() && text(record, "jumpcloud.event.outcome") == "unknown" {
			return 6
		}
		return 1
	}
	if class == 3006 && kind == "association_change" {
		switch text(record, "jumpcloud.association.op") {
		case "add":
			return 3
		case "remove":
			return 4
		}
	}
	for name, activity := range activities[class] {
		if kind == name || strings.ContainsAny(name[:1], "_-") && strings.HasSuffix(kind, name) ||
			name == "totp_disable" && strings.HasSuffix(kind, name) {
			return activity
		}
	}
	return other
}

func classify(_ *testing.T, record, _ plog.LogRecord) {
	class := classOf(record)
	if class == 0 {
		return
	}
	activity := activityOf(record, class)
	status := map[string]int64{"success": 1, "failure": 2}[text(record, "jumpcloud.event.outcome")]
	attributes := record.Attributes()
	attributes.PutInt("ocsf.class_uid", class)
	attributes.PutInt("ocsf.activity_id", activity)
	attributes.PutInt("ocsf.category_uid", class/1000)
	attributes.PutInt("ocsf.type_uid", class*100+activity)
	attributes.PutInt("ocsf.status_id", status)
}
