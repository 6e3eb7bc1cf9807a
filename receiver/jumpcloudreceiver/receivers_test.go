// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"errors"
	"maps"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver"
)

// pair is two receivers in one collector, each with a storage of its own.
type pair struct {
	*collector
	storages [2]*faultyStorage
	running  []receiver.Logs
}

// pairIDs are their ids.
func pairIDs() []string { return []string{"jumpcloud", "jumpcloud/second"} }

func newPair(c *collector) *pair {
	p := &pair{collector: c, storages: [2]*faultyStorage{newFaultyStorage(), newFaultyStorage()}}
	c.config.PollInterval, c.config.RescanInterval = 30*time.Second, 5*time.Minute
	c.config.Audit.Depth = 12 * time.Hour
	c.config.Backfill.Lookback = 24 * time.Hour
	return p
}

func (p *pair) start() {
	p.t.Helper()
	for i, id := range pairIDs() {
		storage := component.MustNewIDWithName("faulty", string(rune('a'+i)))
		p.host.extensions[storage] = p.storages[i]
		config, settings := *p.config, p.settings()
		config.Storage = &storage
		require.NoError(p.t, settings.ID.UnmarshalText([]byte(id)))
		created, err := jumpcloudreceiver.NewFactory().CreateLogs(p.t.Context(), settings, &config, p.sink)
		require.NoError(p.t, err)
		require.NoError(p.t, created.Start(p.t.Context(), p.host))
		p.running = append(p.running, created)
	}
}

func (p *pair) stop() {
	p.t.Helper()
	for _, running := range p.running {
		require.NoError(p.t, running.Shutdown(p.t.Context()))
	}
	p.running = nil
}

// meetEverything has happen what a receiver has metrics of.
func (p *pair) meetEverything() {
	p.t.Helper()
	p.start()
	p.pass(time.Minute)
	p.stop()
	p.pass(100 * 24 * time.Hour) // longer than the API keeps events
	p.start()
	p.pass(time.Hour)
	p.api.Add(storedAfter("stored", time.Second))
	p.pass(3 * time.Hour) // an hour is audited
	p.sink.refuseWith(func(plog.Logs) error { return consumererror.NewPermanent(errors.New("never")) })
	add(p.collector, "refused", 1)
	p.pass(10 * time.Minute)
	p.sink.refuseWith(nil)
	for _, storage := range p.storages {
		storage.refuse.Store(true)
	}
	add(p.collector, "unremembered", 1)
	p.pass(10 * time.Minute)
	for _, storage := range p.storages {
		storage.refuse.Store(false)
	}
	p.api.Inject(simulator.Fault{Effect: simulator.Status(http.StatusServiceUnavailable, "busy")})
	p.pass(10 * time.Minute)
	p.api.Heal()
	p.pass(10 * time.Minute)
}

// TestEveryMetricTellsTwoReceiversApart goes over all that metadata.yaml has.
func TestEveryMetricTellsTwoReceiversApart(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		p := newPair(c)
		p.meetEverything()
		for _, name := range documentedMetrics(t) {
			if name == "receiver_jumpcloud_leads" {
				continue // it is there with a leader elector only
			}
			found, err := c.telemetry.GetMetric("otelcol_" + name)
			require.NoError(t, err, "%s: nothing that happens here is measured by it", name)
			others := make(map[string][]attribute.Set)
			for _, point := range attributesOf(t, found.Data) {
				id, _ := point.Value("receiver")
				rest, _ := point.Filter(func(pair attribute.KeyValue) bool { return pair.Key != "receiver" })
				others[id.AsString()] = append(others[id.AsString()], rest)
			}
			assert.ElementsMatch(t, pairIDs(), slices.Collect(maps.Keys(others)), name)
			assert.ElementsMatch(t, others[pairIDs()[0]], others[pairIDs()[1]], "%s: each has the series of the other", name)
		}
		p.stop()
	})
}

// documentedMetrics are the names of metadata.yaml, without the collector's prefix.
func documentedMetrics(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("metadata.yaml")
	require.NoError(t, err)
	retrieved, err := confmap.NewRetrievedFromYAML(text)
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	metrics, err := conf.Sub("telemetry::metrics")
	require.NoError(t, err)
	names := slices.Sorted(maps.Keys(metrics.ToStringMap()))
	require.NotEmpty(t, names)
	return names
}

// attributesOf are those of each of a metric's series.
func attributesOf(t *testing.T, data metricdata.Aggregation) (sets []attribute.Set) {
	t.Helper()
	switch data := data.(type) {
	case metricdata.Sum[int64]:
		return attributesOfPoints(data.DataPoints)
	case metricdata.Sum[float64]:
		return attributesOfPoints(data.DataPoints)
	case metricdata.Gauge[int64]:
		return attributesOfPoints(data.DataPoints)
	case metricdata.Gauge[float64]:
		return attributesOfPoints(data.DataPoints)
	case metricdata.Histogram[float64]:
		for _, point := range data.DataPoints {
			sets = append(sets, point.Attributes)
		}
		return sets
	case metricdata.Histogram[int64]:
		for _, point := range data.DataPoints {
			sets = append(sets, point.Attributes)
		}
		return sets
	default:
		require.Fail(t, "another kind of metric", "%T", data)
		return nil
	}
}

func attributesOfPoints[N int64 | float64](points []metricdata.DataPoint[N]) (sets []attribute.Set) {
	for _, point := range points {
		sets = append(sets, point.Attributes)
	}
	return sets
}
