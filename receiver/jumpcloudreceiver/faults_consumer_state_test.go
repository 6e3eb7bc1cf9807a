// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// Where a part is given back at each attempt, that one was taken is no end of it.
func TestFault_K4_PartThatIsRefusedForLongIsOneState(t *testing.T) {
	for name, taken := range map[string]int{"nothing is taken": 0, "one is taken each time": 1} {
		t.Run(name, func(t *testing.T) {
			collect(t, func(t *testing.T, c *collector) {
				c.start()
				c.pass(5 * time.Second)
				from := time.Now()
				until := from.Add(25 * time.Minute)
				c.sink.refuseWith(func(logs plog.Logs) error {
					if time.Now().After(until) {
						return nil
					}
					for _, id := range ids(logs)[:taken] {
						c.sink.accepted[id]++
					}
					return consumererror.NewLogs(errFull, without(logs, taken))
				})
				add(c, "a", 64)
				c.pass(time.Hour)
				c.requireEachOnce("", from)
				assert.EqualValues(t, 64, c.counted("events"))
				delays, err := c.telemetry.GetMetric("otelcol_receiver_jumpcloud_event_delay")
				require.NoError(t, err)
				assert.EqualValues(t, 64, delays.Data.(metricdata.Histogram[float64]).DataPoints[0].Count)
				c.requireStatuses("does not accept events")
				assert.Len(t, c.lines("Working again"), 1)
				assert.LessOrEqual(t, len(c.lines("the next component")), 3, "one in ten minutes")
			})
		})
	}
}

// The history is asked for rarely while it fails, and the status must not say meanwhile that it does not.
func TestFault_K1_PipelineThatTakesEventsAgainEndsNoOtherFailure(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.config.Backfill.Lookback = time.Hour
		c.api.Inject(simulator.Fault{
			When:   func(r simulator.Request) bool { return !r.Query.End.IsZero() },
			Effect: simulator.Status(403, "Forbidden"),
		})
		c.start()
		c.pass(10 * time.Second)
		refused := false
		c.sink.refuseWith(func(plog.Logs) error {
			if refused {
				return nil
			}
			refused = true
			return errFull
		})
		from := time.Now()
		add(c, "a", 10)
		for range 60 {
			c.pass(time.Second)
			reported := c.host.reported()
			require.Equal(t, componentstatus.StatusRecoverableError, reported[len(reported)-1].Status())
		}
		c.requireEachOnce("", from)
		require.Equal(t, []string{"info"}, c.lines("Working again"))
	})
}
