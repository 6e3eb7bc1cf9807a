// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver"
)

func TestManyOrganizationsThatFailAlikeAreAHandfulOfLines(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	collect(t, func(t *testing.T, c *collector) {
		const organizations = 300
		for i := range organizations {
			c.config.Organizations = append(c.config.Organizations, jumpcloudreceiver.OrganizationConfig{ID: fmt.Sprintf("5f1b1c4e0e8b7d0001a1b%03d", i)})
		}
		c.config.PollInterval, c.config.RescanInterval, c.config.RequestsPerSecond = 30*time.Second, 5*time.Minute, 1000
		c.start()
		c.pass(time.Minute)
		c.api.Inject(simulator.Fault{Until: time.Now().Add(9 * time.Minute), Effect: simulator.Status(503, "")})
		c.pass(9 * time.Minute)
		const failing = "JumpCloud answers with server errors"
		assert.LessOrEqual(t, len(c.lines(failing)), 6)
		assert.Contains(t, c.logs.String(), `"organizations":300`)
		before := len(c.logs.String())
		c.pass(30 * time.Minute)
		assert.LessOrEqual(t, len(c.lines("Working again")), 8)
		assert.Contains(t, c.logs.String()[before:], `"organizations":300`)
		reported := c.host.reported()
		assert.Equal(t, componentstatus.StatusOK, reported[len(reported)-1].Status())
		for _, status := range reported {
			if status.Err() != nil {
				require.Less(t, len(status.Err().Error()), 1000)
			}
		}
	})
}

// busyThenDeaf refuses a call, and does not let the next one go for a minute, whatever its context.
type busyThenDeaf struct {
	*sink
	calls atomic.Int64
	held  chan struct{}
}

// ConsumeLogs implements consumer.Logs.
func (b *busyThenDeaf) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	switch b.calls.Add(1) {
	case 1:
		return errors.New("busy")
	case 2:
		close(b.held)
		time.Sleep(time.Minute)
		return errors.New("busy")
	default:
		return b.sink.ConsumeLogs(ctx, logs)
	}
}

func TestFault_D9_StandbyWhosePipelineHungReportsNoFailure(t *testing.T) {
	elect(t, func(t *testing.T, _ *fleet, a, b *replica) {
		deaf := &busyThenDeaf{sink: a.sink, held: make(chan struct{})}
		a.stop()
		a.next = deaf
		a.start()
		a.elector.win()
		a.pass(5 * time.Second)
		add(a.collector, "a", 10)
		<-deaf.held
		require.Len(t, a.host.reported(), 1)
		a.elector.lose()
		b.elector.win()
		for range 60 {
			reported := a.host.reported()
			require.Equal(t, componentstatus.StatusOK, reported[len(reported)-1].Status())
			require.Zero(t, a.counted("consecutive_failures"))
			_, aging := a.measured("watermark_age")
			require.False(t, aging, "it reads nothing")
			b.pass(time.Minute)
		}
		assert.Len(t, b.sink.counts(), 10)
		assert.Empty(t, a.lines("Working again"))
	})
}

// A summary that names nobody sends the reader to look through all collectors.
func TestFault_S6_AlertsNameReceiverAndOrganization(t *testing.T) {
	for line := range strings.Lines(alertRules(t)) {
		// What is absent has no labels.
		if strings.Contains(line, "summary:") && !strings.Contains(line, "No collector shows metrics") {
			assert.Contains(t, line, "{{ $labels.receiver }}")
			assert.Contains(t, line, "{{ $labels.organization }}")
		}
		if strings.Contains(line, "organization)") && !strings.Contains(line, "summary:") {
			assert.Contains(t, line, "(receiver, organization)")
		}
	}
}
