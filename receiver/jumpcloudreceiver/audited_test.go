// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// gauge is the last value of a metric, or -1.
func gauge(c *collector, name string) float64 {
	metric, err := c.telemetry.GetMetric("otelcol_receiver_jumpcloud_" + name)
	if err != nil {
		return -1
	}
	switch data := metric.Data.(type) {
	case metricdata.Gauge[int64]:
		return float64(data.DataPoints[0].Value)
	case metricdata.Gauge[float64]:
		return data.DataPoints[0].Value
	default:
		return -1
	}
}

func TestAuditIsOnTheMetrics(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.config.PollInterval, c.config.RescanInterval = 30*time.Second, 5*time.Minute
		c.config.Audit.Depth = 12 * time.Hour
		c.start()
		c.pass(time.Hour)
		add(c, "before-", 20)
		from := time.Now()
		c.pass(3*time.Hour + 10*time.Minute) // an hour is closed after the next rescan, and audited within an hour more
		assert.InDelta(t, 20, gauge(c, "audit_expected"), 0)
		assert.InDelta(t, 20, gauge(c, "audit_delivered"), 0)
		assert.InDelta(t, 0, gauge(c, "audit_missing"), 0)
		assert.InDelta(t, 12*3600, gauge(c, "audit_depth"), 0)
		assert.Less(t, gauge(c, "completion_watermark_age"), 2.5*3600)

		c.api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: "far-too-late", Time: from, Visible: time.Now()})
		c.pass(time.Hour + 10*time.Minute)
		assert.Equal(t, 1, c.sink.counts()["far-too-late"])
		assert.InDelta(t, 21, gauge(c, "audit_delivered"), 0)
		require.Len(t, c.lines("JumpCloud counts more events of an hour"), 1)
		metric, err := c.telemetry.GetMetric("otelcol_receiver_jumpcloud_audited_hours")
		require.NoError(t, err)
		short := int64(0)
		for _, point := range metric.Data.(metricdata.Sum[int64]).DataPoints {
			if verdict, _ := point.Attributes.Value("verdict"); verdict.AsString() == "short" {
				short = point.Value
			}
		}
		assert.EqualValues(t, 1, short)
		for _, status := range c.host.reported() {
			assert.Equal(t, componentstatus.StatusOK, status.Status(), "an audit is no fault")
		}
		assert.NotContains(t, c.logs.String(), "far-too-late")
	})
}

func TestAPIWithoutCountsIsToldOnce(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.config.PollInterval, c.config.RescanInterval = 30*time.Second, 5*time.Minute
		c.config.Audit.Depth = 12 * time.Hour
		c.api.Inject(simulator.Fault{
			When:   func(r simulator.Request) bool { return strings.HasSuffix(r.Path, "/count") },
			Effect: simulator.Status(404, "Not Found"),
		})
		c.start()
		c.pass(50 * time.Hour)
		require.Len(t, c.lines("The API does not answer counts"), 1)
	})
}
