// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// counted is the sum over all attributes of one of the receiver's metrics.
func (c *collector) counted(name string) (total int64) {
	c.t.Helper()
	found, err := c.telemetry.GetMetric("otelcol_receiver_jumpcloud_" + name)
	require.NoError(c.t, err)
	switch data := found.Data.(type) {
	case metricdata.Sum[int64]:
		for _, point := range data.DataPoints {
			total += point.Value
		}
	case metricdata.Gauge[int64]:
		for _, point := range data.DataPoints {
			total += point.Value
		}
	default:
		require.Fail(c.t, "not a metric of integers", "%T", data)
	}
	return total
}

func TestFault_P3_ElementThatIsNoObjectIsCounted(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.start()
		c.pass(5 * time.Second)
		c.api.Add(simulator.Event{Time: time.Now(), JSON: []byte(`17`)}, simulator.Event{Time: time.Now(), JSON: []byte(`"text"`)}, simulator.Event{Time: time.Now(), JSON: []byte(`null`)})
		c.pass(10 * time.Second)
		assert.EqualValues(t, 2, c.counted("unmapped"))
		assert.Positive(t, c.counted("null_elements"))
	})
}

func TestFault_P7_SmallerPagesAreTold(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.config.MaxResponseSize = 1 << 20
		c.start()
		c.pass(5 * time.Second)
		configured := c.counted("page_limit")
		from := time.Now()
		for i := range 40 {
			c.api.Add(simulator.Event{ID: strconv.Itoa(i), Time: from, JSON: fmt.Appendf(nil, `{"id":"%d","timestamp":%q,"text":"%0100000d"}`, i, from.UTC().Format(time.RFC3339Nano), 0)})
		}
		c.pass(5 * time.Second)
		assert.Len(t, c.sink.counts(), 40)
		assert.Less(t, c.counted("page_limit"), configured)
	})
}

func TestFault_K1_ConsumerThatRefusesIsAStateOfTheComponent(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		refuseFive(c, errFull)
		c.requireStatuses("does not accept events")
		assert.Contains(t, c.logs.String(), errFull.Error())
		assert.Contains(t, c.logs.String(), "Working again")
	})
}

// Of several pipelines each speaks for itself: what one gives back, another may not have either.
func TestFault_K4_PartThatOneOfTwoPipelinesGivesBackIsNotTheWhole(t *testing.T) {
	collect(t, func(_ *testing.T, c *collector) {
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		refused := false
		c.sink.refuseWith(func(logs plog.Logs) error {
			if refused {
				return nil
			}
			refused = true
			return errors.Join(consumererror.NewLogs(errFull, without(logs, logs.LogRecordCount()-1)), errFull)
		})
		add(c, "a", 64)
		c.pass(time.Hour)
		c.requireEachOnce("", from)
	})
}

// unhurried takes its batch after a while, unless its context ends before.
type unhurried struct{ *sink }

// ConsumeLogs implements consumer.Logs.
func (u unhurried) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	if !sleepFor(ctx, 3*time.Second) {
		return ctx.Err()
	}
	return u.sink.ConsumeLogs(ctx, logs)
}

func TestFault_K5_CallUnderWayAtAStopMayEnd(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.next = unhurried{c.sink}
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		add(c, "a", 10)
		c.pass(2 * time.Second)
		require.Empty(t, c.sink.counts())
		c.stop()
		c.requireEachOnce("", from)
	})
}
