// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// lines returns the level of each log line whose message begins with a text.
func (c *collector) lines(message string) (levels []string) {
	c.t.Helper()
	for line := range strings.Lines(c.logs.String()) {
		var entry struct{ Level, Msg string }
		require.NoError(c.t, json.Unmarshal([]byte(line), &entry))
		if strings.HasPrefix(entry.Msg, message) {
			levels = append(levels, entry.Level)
		}
	}
	return levels
}

func TestFault_P6_EventThatIsTooLargeIsAMarkedRecordAndADeclaredLoss(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	requirePassedBy(t, "oversize", func(c *collector, id string, at time.Time) {
		c.api.Add(simulator.Event{ID: id, Time: at, JSON: fmt.Appendf(nil, `{"id":%q,"timestamp":%q,"service":"sso","text":%q}`, id, at.UTC().Format(time.RFC3339Nano), strings.Repeat("x", 2<<20))})
	})
}

func TestFault_P2_EventThatIsBrokenIsAMarkedRecordAndADeclaredLoss(t *testing.T) {
	requirePassedBy(t, "unreadable", func(c *collector, id string, at time.Time) {
		c.api.Add(simulator.Event{ID: id, Time: at, JSON: fmt.Appendf(nil, `{"id":%q,"timestamp":%q,"service":"sso"}`, id, at.UTC().Format(time.RFC3339Nano))})
		c.api.Inject(simulator.Fault{
			When: func(r simulator.Request) bool { return r.Query.Fields == nil },
			Effect: simulator.Effect{Alter: func(a *simulator.Answer) {
				for _, id := range []string{"spoilt-0", "spoilt-1"} {
					a.Body = bytes.Replace(a.Body, []byte(`"`+id+`",`), []byte(`"`+id+`",,`), 1)
				}
			}},
		})
	})
}

// requirePassedBy makes two events among others that can't be fetched whole, and wants them as
// records that say so, with their id and time and nothing else.
func requirePassedBy(t *testing.T, reason string, spoil func(c *collector, id string, at time.Time)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := newCollectorOf(t, simulator.New(simulator.Settings{}))
		defer c.stop()
		c.config.MaxResponseSize = 1 << 20
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		spoil(c, "spoilt-0", from.Add(3*time.Millisecond))
		spoil(c, "spoilt-1", from.Add(9*time.Millisecond))
		for i := range 12 {
			c.api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: fmt.Sprint("whole", i), Time: from.Add(2 * time.Duration(i) * time.Millisecond)})
		}
		c.pass(40 * time.Minute)
		c.requireEachOnce("", from)
		for id, record := range c.records() {
			marked, found := record.Attributes().Get("jumpcloud.oversize")
			if !strings.HasPrefix(id, "spoilt") {
				assert.False(t, found, id)
				continue
			}
			require.True(t, found, id)
			assert.True(t, marked.Bool())
			var body map[string]any
			require.NoError(t, json.Unmarshal([]byte(record.Body().AsString()), &body))
			assert.Len(t, body, 2)
			assert.Equal(t, id, body["id"])
			assert.WithinDuration(t, from, record.Timestamp().AsTime(), 10*time.Millisecond)
		}
		c.requireDropped(reason, 2)
		assert.Equal(t, []string{"error", "error"}, c.lines("An event could not be fetched whole"))
	})
}

// records returns what was accepted, by its id.
func (c *collector) records() map[string]plog.LogRecord {
	found := make(map[string]plog.LogRecord)
	for _, logs := range c.sink.received() {
		for _, resource := range logs.ResourceLogs().All() {
			for _, scope := range resource.ScopeLogs().All() {
				for _, record := range scope.LogRecords().All() {
					id, _ := record.Attributes().Get("log.record.uid")
					found[id.Str()] = record
				}
			}
		}
	}
	return found
}

func TestFault_G3_MissingTokenIsWarnedOfOnce(t *testing.T) {
	requireWarnedOfOnce(t, simulator.Headers("X-Search_after", ""), "A full page came without a usable paging token")
}

func TestFault_G5_RepeatedTokenIsWarnedOfOnce(t *testing.T) {
	var first []string
	requireWarnedOfOnce(t, simulator.Effect{Alter: func(a *simulator.Answer) {
		if first == nil {
			first = a.Header["X-Search_after"]
		}
		a.Header["X-Search_after"] = first
	}}, "A page came twice")
}

func requireWarnedOfOnce(t *testing.T, effect simulator.Effect, line string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := newCollectorOf(t, simulator.New(simulator.Settings{}))
		defer c.stop()
		c.config.PageSize = 100
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		for i := range 500 {
			c.api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: strconv.Itoa(i), Time: from.Add(time.Duration(i) * time.Millisecond)})
		}
		c.api.Inject(simulator.Fault{Effect: effect})
		c.pass(time.Minute)
		c.requireEachOnce("", from)
		assert.Equal(t, []string{"warn"}, c.lines(line))
		c.requireStatuses("")
	})
}

func TestFault_C9_WatermarkAheadOfTheAPIIsAnErrorLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ahead atomic.Int64
		c := newCollectorOf(t, simulator.New(simulator.Settings{Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }}))
		defer c.stop()
		const line = "The watermark is after the API's time"
		jump := func() {
			ahead.Store(int64(2 * time.Hour))
			c.pass(time.Minute)
			ahead.Store(0)
			c.pass(time.Minute)
		}
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		add(c, "before", 10)
		c.pass(5 * time.Second)
		require.Empty(t, c.lines(line))
		jump()
		require.Equal(t, []string{"error"}, c.lines(line))
		jump()
		require.Len(t, c.lines(line), 1, "at most one in ten minutes")
		c.pass(10 * time.Minute)
		jump()
		require.Equal(t, []string{"error", "error"}, c.lines(line))
		add(c, "after", 10)
		c.pass(time.Minute)
		c.requireEachOnce("", from)
	})
}

func TestFault_C10_GapIsCountedInSeconds(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.start()
		c.pass(10 * time.Second)
		c.stop()
		c.pass(100 * 24 * time.Hour)
		c.start()
		c.pass(time.Hour)
		metric, err := c.telemetry.GetMetric("otelcol_receiver_jumpcloud_gap")
		require.NoError(t, err)
		points := metric.Data.(metricdata.Sum[float64]).DataPoints
		require.Len(t, points, 1)
		// It begins at the first contact, ten seconds before the stop, and the clamp leaves a minute.
		assert.InDelta(t, (10*24*time.Hour + time.Minute + 10*time.Second).Seconds(), points[0].Value, 5)
		assert.Equal(t, attribute.NewSet(attribute.String("organization", ""), attribute.String("receiver", "jumpcloud")), points[0].Attributes)
		assert.Equal(t, []string{"error"}, c.lines("JumpCloud does not keep events of this time any more"))
	})
}
