// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// storedAfter is an event of now that was stored some time after it happened.
func storedAfter(id string, delay time.Duration) simulator.Event {
	at := time.Now().UTC()
	return simulator.Event{ID: id, Time: at, Service: "sso", JSON: fmt.Appendf(nil,
		`{"id":%q,"service":"sso","timestamp":%q,"server_timestamp":%q,"timestamp_source":"device","session":{"tool":"search"}}`,
		id, at.Format(time.RFC3339Nano), at.Add(delay).Format(time.RFC3339Nano))}
}

// Each event is measured once, also where its message is offered again.
func TestStorageDelayOfEachEventIsMeasured(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		refusals := 2
		c.sink.refuseWith(func(plog.Logs) error {
			if refusals == 0 {
				return nil
			}
			refusals--
			return errors.New("not now")
		})
		c.start()
		c.pass(5 * time.Second)
		c.api.Add(storedAfter("a", time.Second), storedAfter("b", 2*time.Hour), storedAfter("c", -time.Minute))
		add(c, "without", 5)
		c.pass(time.Minute)
		require.Len(t, c.sink.counts(), 8)
		found, err := c.telemetry.GetMetric("otelcol_receiver_jumpcloud_storage_delay")
		require.NoError(t, err)
		points := found.Data.(metricdata.Histogram[float64]).DataPoints
		require.Len(t, points, 1)
		assert.EqualValues(t, 3, points[0].Count)
		assert.InDelta(t, 7201, points[0].Sum, 0.001, "what was stored before it happened is no delay")
		for _, bound := range []float64{3600, 604800} {
			assert.Contains(t, points[0].Bounds, bound)
		}
	})
}

func TestCuratedAttributesAreAllThatRecordsHave(t *testing.T) {
	for attributes, expected := range map[string]map[string]any{
		"all": {
			"log.record.uid": "a", "jumpcloud.service.name": "sso", "jumpcloud.event.outcome": "unknown",
			"jumpcloud.timestamp_source": "device", "jumpcloud.session.tool": "search",
		},
		"curated": {
			"log.record.uid": "a", "jumpcloud.service.name": "sso", "jumpcloud.event.outcome": "unknown",
			"jumpcloud.timestamp_source": "device",
		},
	} {
		t.Run(attributes, func(t *testing.T) {
			collect(t, func(t *testing.T, c *collector) {
				c.config.Attributes = attributes
				require.NoError(t, c.config.Validate())
				c.start()
				c.pass(5 * time.Second)
				event := storedAfter("a", time.Second)
				c.api.Add(event)
				c.pass(10 * time.Second)
				require.Len(t, c.sink.received(), 1)
				record := c.sink.received()[0].ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
				found := record.Attributes().AsRaw()
				delete(found, "jumpcloud.server_timestamp")
				assert.Equal(t, expected, found)
				assert.Equal(t, string(event.JSON), record.Body().Str())
			})
		})
	}
}
