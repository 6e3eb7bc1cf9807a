// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver"
)

// withHistory gives organizations 1,200 events each in the last 100 hours, and a pipeline that takes ten a second.
func withHistory(t *testing.T, c *collector, organizations ...string) {
	t.Helper()
	c.pass(200*time.Hour + 25*time.Minute)
	c.config.PollInterval, c.config.RescanInterval = 30*time.Second, 5*time.Minute
	c.config.Audit.Depth = time.Hour
	c.config.Backfill.Lookback = 100 * time.Hour
	c.config.Batch.MaxRecords, c.config.PageSize = 10, 100
	from := time.Now().Add(-100*time.Hour + time.Minute)
	for _, organization := range organizations {
		if organization != "" {
			c.config.Organizations = append(c.config.Organizations, jumpcloudreceiver.OrganizationConfig{ID: organization})
		}
		for n := range 1200 {
			c.api.Add(simulator.Event{
				Organization: organization, Service: "sso", Type: "sso_auth",
				ID: fmt.Sprint(organization, "-", n), Time: from.Add(time.Duration(n) * 299 * time.Second),
			})
		}
	}
	next, err := consumer.NewLogs(func(ctx context.Context, logs plog.Logs) error {
		time.Sleep(time.Second)
		return c.sink.ConsumeLogs(ctx, logs)
	})
	require.NoError(t, err)
	c.next = next
}

func TestHistoryTellsItsProgressAndItsEnd(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		withHistory(t, c, "")
		c.start()
		c.pass(time.Minute + time.Second)
		assert.InDelta(t, 0.5, gauge(c, "backfill_share"), 0.05)
		assert.InDelta(t, 600, gauge(c, "backfill_delivered"), 60)
		assert.InDelta(t, 60, gauge(c, "backfill_time_left"), 10)
		assert.Zero(t, gauge(c, "backfill_unproven"))
		c.pass(10 * time.Minute)
		c.requireEachOnce("", time.Now().Add(-120*time.Hour))
		assert.InDelta(t, 1, gauge(c, "backfill_share"), 0)
		assert.InDelta(t, 1200, gauge(c, "backfill_delivered"), 0)
		assert.Zero(t, gauge(c, "backfill_time_left"))
		assert.Zero(t, gauge(c, "backfill_unproven"))
		told := len(c.lines("Reading history"))
		assert.GreaterOrEqual(t, told, 1)
		assert.LessOrEqual(t, told, 2, "one a minute")
		lines := c.lines("History 2000-01-05 … 2000-01-09: 1,200 events, all of them delivered")
		assert.Len(t, lines, 1)
		c.stop()
		c.start()
		c.pass(10 * time.Minute)
		assert.Len(t, c.lines("History"), 1, "a restart does not tell it again")
	})
}

func TestHistoryOfManyOrganizationsIsOneLineAMinute(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		withHistory(t, c, "a", "b", "c", "d", "e")
		c.start()
		c.pass(10 * time.Minute)
		assert.LessOrEqual(t, len(c.lines("Reading history")), 2)
		assert.Contains(t, c.logs.String(), `"organizations":5`)
		assert.Equal(t, 5, strings.Count(c.logs.String(), "1,200 events, all of them delivered"))
	})
}

func TestHistoryTellsWhatIsNotProven(t *testing.T) {
	for name, test := range map[string]struct {
		depth time.Duration
		text  string
	}{
		"counts are not answered": {time.Hour, "1,200 events delivered. JumpCloud's counts prove 0 of 101 hours"},
		"nothing is compared":     {0, "1,200 events delivered. They were not compared with what JumpCloud counts, since audit::depth is 0"},
	} {
		t.Run(name, func(t *testing.T) {
			collect(t, func(t *testing.T, c *collector) {
				withHistory(t, c, "")
				c.config.Audit.Depth = test.depth
				c.api.Inject(simulator.Fault{When: ofCount, Effect: simulator.Status(404, "Not Found")})
				c.start()
				c.pass(10 * time.Minute)
				c.requireEachOnce("", time.Now().Add(-120*time.Hour))
				assert.Equal(t, 1, strings.Count(c.logs.String(), test.text))
			})
		})
	}
}
