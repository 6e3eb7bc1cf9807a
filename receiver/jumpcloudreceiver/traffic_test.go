// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// parts are the numbers of a metric by the values of one of its attributes: the value of a sum, how many values a
// histogram has. "" is the attribute that a point has not.
func (c *collector) parts(name string, key attribute.Key) map[string]float64 {
	c.t.Helper()
	found, err := c.telemetry.GetMetric("otelcol_receiver_jumpcloud_" + name)
	require.NoError(c.t, err)
	parts := make(map[string]float64)
	at := func(set attribute.Set) string { value, _ := set.Value(key); return value.AsString() }
	switch data := found.Data.(type) {
	case metricdata.Sum[int64]:
		for _, point := range data.DataPoints {
			parts[at(point.Attributes)] += float64(point.Value)
		}
	case metricdata.Sum[float64]:
		for _, point := range data.DataPoints {
			parts[at(point.Attributes)] += point.Value
		}
	case metricdata.Histogram[float64]:
		for _, point := range data.DataPoints {
			parts[at(point.Attributes)] += float64(point.Count)
		}
	case metricdata.Histogram[int64]:
		for _, point := range data.DataPoints {
			parts[at(point.Attributes)] += float64(point.Count)
		}
	default:
		require.Fail(c.t, "neither a sum nor a histogram", "%T", data)
	}
	return parts
}

func TestRequestsAreOnTheMetrics(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.start()
		add(c, "first-", 5)
		c.pass(time.Minute)
		answered := c.parts("request_duration", "answer")
		assert.NotContains(t, answered, "5xx")
		assert.InDelta(t, answered["2xx"], c.parts("response_size", "")[""], 0)
		assert.Zero(t, c.parts("request_wait", "cause")["asked"])

		c.api.Inject(simulator.Fault{Times: 1, Effect: simulator.Status(http.StatusBadGateway, "")})
		c.api.Inject(simulator.Fault{Times: 1, Effect: simulator.Reset()})
		c.pass(time.Minute)
		answered = c.parts("request_duration", "answer")
		assert.InDelta(t, 1, answered["5xx"], 0)
		assert.InDelta(t, 1, answered["none"], 0)
		assert.EqualValues(t, 2, c.counted("request_retries"))

		c.api.Inject(simulator.Fault{Times: 1, Effect: simulator.Status(http.StatusTooManyRequests, "", "Retry-After", "40")})
		c.pass(3 * time.Minute)
		assert.InDelta(t, 1, c.parts("request_duration", "answer")["429"], 0)
		assert.InDelta(t, 40, c.parts("request_wait", "cause")["asked"], 5)
	})
}

func TestDelayOfHistoryIsApartFromThatOfLiveEvents(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.config.Backfill.Lookback = 24 * time.Hour
		c.api.Add(simulator.NewGenerator(1, 0, 0).History("", time.Now().Add(-20*time.Hour), time.Now().Add(-10*time.Hour), 30)...)
		c.start()
		c.pass(time.Minute)
		add(c, "live-", 7)
		c.pass(time.Hour)
		delays := c.parts("event_delay", "delivery")
		assert.InDelta(t, 30, delays["history"], 0)
		assert.InDelta(t, 7, delays["live"], 0)
	})
}

func TestLastSuccessAndCommitsAreOnTheMetrics(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.start()
		c.pass(10 * time.Minute)
		assert.InDelta(t, float64(time.Now().Unix()), gauge(c, "last_success_timestamp"), 60)
		commits := c.parts("commit_duration", "")[""]
		assert.Positive(t, commits)
		c.api.Inject(simulator.Fault{Effect: simulator.Status(http.StatusForbidden, "")})
		c.pass(time.Hour)
		assert.InDelta(t, float64(time.Now().Add(-time.Hour).Unix()), gauge(c, "last_success_timestamp"), 60)
	})
}

func TestCountersOfLossesBeginAtZero(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.start()
		c.pass(time.Minute)
		c.requireDropped("permanent", 0)
		assert.Equal(t, map[string]float64{"": 0}, c.parts("gap", ""))
	})
}

func TestWhoLeadsIsOnTheMetrics(t *testing.T) {
	elect(t, func(t *testing.T, f *fleet, a, b *replica) {
		leads := func() []float64 { return []float64{gauge(a.collector, "leads"), gauge(b.collector, "leads")} }
		assert.Equal(t, []float64{0, 0}, leads())
		a.elector.win()
		a.pass(time.Minute)
		assert.Equal(t, []float64{1, 0}, leads())
		a.elector.lose()
		b.elector.win()
		b.pass(time.Minute)
		assert.Equal(t, []float64{0, 1}, leads())
	})
}
