// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

func TestServiceAndEventTypeThatAreNewAreToldOnce(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		const line = "Events of a kind that was never met before"
		event := func(id, service, eventType string) {
			c.api.Add(simulator.Event{Service: service, Type: eventType, ID: id, Time: time.Now()})
			c.pass(5 * time.Second)
		}
		event("usual", "sso", "sso_auth")
		c.start()
		c.pass(time.Minute)
		event("usual-again", "sso", "sso_auth")
		event("new-type", "sso", "sso_auth_failed")
		require.Equal(t, []string{"info", "info", "info"}, c.lines(line), "a fresh start has seen no event: its first service is new, and each type")
		c.stop()
		c.start()
		c.pass(time.Minute)
		told := len(c.lines(line))
		for _, id := range []string{"x", "y"} {
			event("type-"+id, "sso", "sso_auth")
			event("service-"+id, "ldap", "ldap_bind")
		}
		require.Len(t, c.lines(line), told+2, "one for the service and one for the type")
		assert.Contains(t, c.logs.String(), `"kind":"service","count":1,"first":["ldap"]`)
		assert.Contains(t, c.logs.String(), `"kind":"event_type","count":1,"first":["jumpcloud.ldap.ldap_bind"]`)
		assert.Positive(t, c.sum("new_names", "kind", "service"))
		assert.Positive(t, c.sum("new_names", "kind", "event_type"))
	})
}

func TestSilenceIsInTheStatusUntilAnEventComes(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.config.PollInterval, c.config.RescanInterval = 30*time.Second, 5*time.Minute
		c.config.SilenceAfter = 5 * time.Hour
		c.start()
		c.pass(time.Hour)
		add(c, "one-", 1)
		c.pass(4 * time.Hour)
		// Who can't ask does not know.
		c.api.Inject(simulator.Fault{Until: time.Now().Add(4 * time.Hour), Effect: simulator.Status(503, "")})
		c.pass(3 * time.Hour)
		assert.InDelta(t, 7*3600, gauge(c, "newest_event_age"), 60)
		assert.Empty(t, c.lines("JumpCloud answers, and has shown no event"))
		c.pass(2 * time.Hour)
		require.Equal(t, []string{"error"}, c.lines("JumpCloud answers, and has shown no event for longer than silence_after"))
		last := c.status()
		require.Equal(t, componentstatus.StatusRecoverableError, last.Status())
		assert.Contains(t, last.Err().Error(), "check that the organization is in use")
		assert.InDelta(t, 0, gauge(c, "consecutive_failures"), 0, "no attempt has failed")
		c.pass(20 * time.Hour)
		require.Len(t, c.lines("JumpCloud answers, and has shown no event"), 1, "it is told once")
		c.stop()
		c.start()
		c.pass(10 * time.Minute)
		require.Len(t, c.lines("JumpCloud answers, and has shown no event"), 2, "a restart is no event")
		add(c, "two-", 1)
		c.pass(2 * time.Minute)
		assert.Equal(t, componentstatus.StatusOK, c.status().Status())
		assert.Less(t, gauge(c, "newest_event_age"), 180.)
		working := 0
		for entry := range strings.Lines(c.logs.String()) {
			var found struct{ Msg, Condition string }
			require.NoError(t, json.Unmarshal([]byte(entry), &found))
			if found.Msg == "Working again" && found.Condition == "silence" {
				working++
			}
		}
		assert.Equal(t, 1, working)
	})
}

func TestSilenceCanBeTurnedOff(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.config.PollInterval, c.config.RescanInterval = time.Minute, 5*time.Minute
		c.config.SilenceAfter = 0
		c.start()
		c.pass(100 * time.Hour)
		assert.Empty(t, c.lines("JumpCloud answers, and has shown no event"))
		assert.InDelta(t, 100*3600, gauge(c, "newest_event_age"), 120)
	})
}

// status is the last one that was reported.
func (c *collector) status() *componentstatus.Event {
	c.t.Helper()
	all := c.host.reported()
	require.NotEmpty(c.t, all)
	return all[len(all)-1]
}
