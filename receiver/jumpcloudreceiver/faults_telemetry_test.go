// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
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

// requireDropped fails unless as many events were dropped for a reason, and none for another one.
func (c *collector) requireDropped(reason string, events int) {
	c.t.Helper()
	want := map[string]float64{"gave_up": 0, "oversize": 0, "permanent": 0, "unreadable": 0}
	want[reason] = float64(events)
	require.Equal(c.t, want, c.parts("dropped", "reason"))
}

// measured is the only value of one of the receiver's gauges, and whether there is one.
func (c *collector) measured(name string) (value float64, found bool) {
	c.t.Helper()
	metric, err := c.telemetry.GetMetric("otelcol_receiver_jumpcloud_" + name)
	if err != nil {
		return 0, false
	}
	points := metric.Data.(metricdata.Gauge[float64]).DataPoints
	require.Len(c.t, points, 1)
	return points[0].Value, true
}

// requireMeasured fails unless a gauge is about a time.
func (c *collector) requireMeasured(name string, want, within time.Duration) {
	c.t.Helper()
	value, found := c.measured(name)
	require.True(c.t, found, name)
	require.InDelta(c.t, want.Seconds(), value, within.Seconds(), name)
}

func TestFault_K5_CallThatBlocksIsSeenWhileItDoes(t *testing.T) {
	collect(t, func(_ *testing.T, c *collector) {
		release := make(chan struct{})
		blocking := true
		c.sink.refuseWith(func(plog.Logs) error {
			if blocking {
				<-release
			}
			return nil
		})
		c.start()
		c.pass(5 * time.Second)
		c.requireMeasured("consume_inflight", 0, 0)
		from := time.Now()
		add(c, "a", 10)
		for minutes := range 10 {
			c.requireMeasured("consume_inflight", time.Duration(minutes)*time.Minute, 2*time.Second)
			c.requireMeasured("watermark_age", time.Duration(minutes)*time.Minute, 5*time.Second)
			c.pass(time.Minute)
		}
		blocking = false
		close(release)
		c.pass(5 * time.Second)
		c.requireEachOnce("", from)
		c.requireMeasured("consume_inflight", 0, 0)
		c.requireMeasured("watermark_age", 0, 5*time.Second)
	})
}

func TestFault_K8_WatermarkAgesWhileTheConsumerRefuses(t *testing.T) {
	collect(t, func(_ *testing.T, c *collector) {
		c.start()
		c.pass(5 * time.Second)
		c.sink.refuseWith(func(plog.Logs) error { return errFull })
		add(c, "a", 10)
		for minutes := range 90 {
			c.requireMeasured("watermark_age", time.Duration(minutes)*time.Minute, 5*time.Second)
			c.requireMeasured("consume_inflight", 0, 0)
			c.pass(time.Minute)
		}
		c.sink.refuseWith(nil)
		c.pass(10 * time.Minute)
		c.requireMeasured("watermark_age", 0, 5*time.Second)
	})
}

func TestFault_C3_SkewIsWarnedOfOnceForEachTimeThatItBegins(t *testing.T) {
	for _, off := range []time.Duration{-33 * time.Second, 33 * time.Second} {
		t.Run(off.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var apart atomic.Int64
				c := newCollectorOf(t, simulator.New(simulator.Settings{Now: func() time.Time { return time.Now().Add(time.Duration(apart.Load())) }}))
				defer c.stop()
				told := func(line string) int { return strings.Count(c.logs.String(), line) }
				const differs, agrees = "The local clock differs from JumpCloud's", "The local clock agrees with JumpCloud's again"
				c.start()
				apart.Store(int64(off * 5 / 6)) // 27.5 s
				c.pass(10 * time.Minute)
				require.Zero(t, told(differs))
				for again := range 3 {
					apart.Store(int64(off))
					c.pass(10 * time.Minute)
					require.Equal(t, again+1, told(differs))
					require.Equal(t, again, told(agrees))
					c.requireMeasured("clock_skew", -off, 3*time.Second)
					apart.Store(0)
					c.pass(10 * time.Minute)
					require.Equal(t, again+1, told(agrees))
					c.requireMeasured("clock_skew", 0, time.Second)
				}
				require.Equal(t, 3, strings.Count(c.logs.String(), `"level":"warn"`))
			})
		})
	}
}

func TestFault_P10_OtherContentInTheSameBatchIsCounted(t *testing.T) {
	for name, test := range map[string]struct {
		second    string
		conflicts int64
	}{
		"the same":              {`{"id":"a","timestamp":%q,"text":"one","n":1}`, 0},
		"keys in another order": {`{"n":1,"text":"one", "timestamp":%q,"id":"a"}`, 0},
		"another value":         {`{"id":"a","timestamp":%q,"text":"two","n":1}`, 1},
		"one key more":          {`{"id":"a","timestamp":%q,"text":"one","n":1,"more":true}`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			collect(t, func(t *testing.T, c *collector) {
				c.start()
				c.pass(5 * time.Second)
				add(c, "before", 1)
				at := time.Now().Add(time.Millisecond)
				for _, text := range []string{`{"id":"a","timestamp":%q,"text":"one","n":1}`, test.second} {
					c.api.Add(simulator.Event{ID: "a", Time: at, JSON: fmt.Appendf(nil, text, at.UTC().Format(time.RFC3339Nano))})
				}
				c.pass(10 * time.Minute)
				assert.Equal(t, map[string]int{"before0": 1, "a": 1}, c.sink.counts())
				assert.Equal(t, test.conflicts, c.counted("conflicts"))
			})
		})
	}
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
type unhurried struct {
	*sink
	takes time.Duration
}

// ConsumeLogs implements consumer.Logs.
func (u unhurried) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	if !sleepFor(ctx, u.takes) {
		return ctx.Err()
	}
	return u.sink.ConsumeLogs(ctx, logs)
}

func TestFault_K5_CallUnderWayAtAStopMayEnd(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.next = unhurried{c.sink, 3 * time.Second}
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

func TestFault_K5_CallThatTakesMinutesIsWaitedFor(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.next = unhurried{c.sink, 2 * time.Hour}
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		add(c, "a", 10)
		c.pass(3 * time.Hour)
		c.requireEachOnce("", from)
		c.requireStatuses("")
		assert.NotContains(t, c.logs.String(), `"level":"error"`)
	})
}
