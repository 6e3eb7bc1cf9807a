// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver"
)

const gapEvent = "jumpcloud.receiver.gap"

// isGap reports whether a message is the record of a gap.
func isGap(logs plog.Logs) bool { return len(gapsIn(logs)) > 0 }

// gapsIn returns the records of gaps.
func gapsIn(logs plog.Logs) (gaps []plog.LogRecord) {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				if record.EventName() == gapEvent {
					gaps = append(gaps, record)
				}
			}
		}
	}
	return gaps
}

// announced returns the messages with a gap that were accepted.
func (c *collector) announced() (gaps []plog.Logs) {
	for _, logs := range c.sink.received() {
		if isGap(logs) {
			gaps = append(gaps, logs)
		}
	}
	return gaps
}

// sum is the value of a counter with these labels in the place of the organization's and the receiver's.
func (c *collector) sum(name, key, value string) (sum int64) {
	metric, err := c.telemetry.GetMetric("otelcol_receiver_jumpcloud_" + name)
	if err != nil {
		return 0
	}
	for _, point := range metric.Data.(metricdata.Sum[int64]).DataPoints {
		if found, _ := point.Attributes.Value(attribute.Key(key)); found.AsString() == value {
			sum += point.Value
		}
	}
	return sum
}

// outage stops a receiver for longer than the API keeps events.
func (c *collector) outage() (stopped time.Time) {
	c.start()
	c.pass(10 * time.Second)
	stopped = time.Now()
	c.stop()
	c.pass(100 * 24 * time.Hour)
	return stopped
}

func TestGapIsARecordOfItsOwn(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.config.Organizations = []jumpcloudreceiver.OrganizationConfig{{ID: "acme", Name: "Acme"}}
		stopped := c.outage()
		began := time.Now()
		c.start()
		c.pass(time.Hour)
		gaps := c.announced()
		require.Len(t, gaps, 1)
		resource := gaps[0].ResourceLogs().At(0)
		assert.Equal(t, map[string]any{
			"service.name": "jumpcloud", "jumpcloud.organization.id": "acme", "jumpcloud.organization.name": "Acme",
			"jumpcloud.delivery": "gap",
		}, resource.Resource().Attributes().AsRaw())
		record := gapsIn(gaps[0])[0]
		assert.Equal(t, plog.SeverityNumberError, record.SeverityNumber())
		assert.Equal(t, "ERROR", record.SeverityText())
		assert.WithinDuration(t, began, record.Timestamp().AsTime(), time.Minute)
		assert.WithinDuration(t, began, record.ObservedTimestamp().AsTime(), time.Minute)
		attributes := record.Attributes().AsRaw()
		from, err := time.Parse(time.RFC3339Nano, attributes["jumpcloud.gap.from"].(string))
		require.NoError(t, err)
		to, err := time.Parse(time.RFC3339Nano, attributes["jumpcloud.gap.to"].(string))
		require.NoError(t, err)
		assert.WithinRange(t, from, stopped.Add(-15*time.Second), stopped)
		assert.WithinDuration(t, began.Add(-c.config.Retention), to, 2*time.Minute)
		assert.Equal(t, map[string]any{
			"jumpcloud.gap.reason": "retention", "jumpcloud.gap.from": attributes["jumpcloud.gap.from"], "jumpcloud.gap.to": attributes["jumpcloud.gap.to"],
		}, attributes)
		assert.Equal(t, fmt.Sprintf("JumpCloud keeps no events of this time any more: those that were not delivered before are lost, from %s to %s",
			attributes["jumpcloud.gap.from"], attributes["jumpcloud.gap.to"]), record.Body().Str())
		assert.EqualValues(t, 1, c.sum("gap_records", "outcome", "accepted"))
	})
}

func TestGapWaitsForAPipelineThatRefusesForAWhile(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.outage()
		c.sink.refuseWith(func(plog.Logs) error { return errors.New("not now") })
		for range 2 {
			c.start()
			c.pass(20 * time.Minute)
			c.stop()
		}
		require.Empty(t, c.announced())
		c.sink.refuseWith(nil)
		c.start()
		c.pass(time.Hour)
		assert.Len(t, c.announced(), 1)
		assert.EqualValues(t, 1, c.sum("gap_records", "outcome", "accepted"))
	})
}

func TestGapThatIsRefusedForGoodHoldsNoEventBack(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.outage()
		offered := 0
		c.sink.refuseWith(func(logs plog.Logs) error {
			if !isGap(logs) {
				return nil
			}
			offered++
			return consumererror.NewPermanent(errors.New("no such records"))
		})
		c.start()
		c.pass(time.Minute)
		from := time.Now()
		add(c, "behind", 10)
		c.pass(time.Hour)
		c.requireEachOnce("", from)
		c.stop()
		c.start()
		c.pass(time.Hour)
		assert.Equal(t, 1, offered, "it is not offered again")
		assert.EqualValues(t, 1, c.sum("gap_records", "outcome", "refused"))
		assert.Equal(t, []string{"error"}, c.lines("The pipeline refused the record of a gap for good"))
		assert.Zero(t, c.sum("dropped", "reason", "permanent"), "it is no event")
	})
}

func TestEventsThatThePipelineRefusesAreAnnounced(t *testing.T) {
	for name, test := range map[string]struct {
		reason  string
		prepare func(c *collector) func(plog.Logs) error
	}{
		"for good": {"permanent", func(*collector) func(plog.Logs) error {
			return func(plog.Logs) error { return consumererror.NewPermanent(errors.New("never")) }
		}},
		"a part of them for good": {"permanent", func(*collector) func(plog.Logs) error {
			return func(logs plog.Logs) error {
				return consumererror.NewLogs(consumererror.NewPermanent(errors.New("never")), logs)
			}
		}},
		"until they are given up": {"gave_up", func(c *collector) func(plog.Logs) error {
			c.config.RetryOnFailure.MaxElapsedTime = time.Minute
			return func(plog.Logs) error { return errors.New("not now") }
		}},
	} {
		t.Run(name, func(t *testing.T) {
			collect(t, func(t *testing.T, c *collector) {
				refuse := test.prepare(c)
				c.sink.refuseWith(func(logs plog.Logs) error {
					if isGap(logs) {
						return nil
					}
					return refuse(logs)
				})
				c.start()
				c.pass(time.Minute)
				at := time.Now().UTC().Truncate(time.Millisecond)
				for n := range 3 {
					c.api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: fmt.Sprint("refused", n), Time: at.Add(time.Duration(n) * time.Millisecond)})
				}
				c.pass(5 * time.Minute)
				gaps := c.announced()
				require.Len(t, gaps, 1)
				assert.Equal(t, map[string]any{
					"jumpcloud.gap.reason": test.reason, "jumpcloud.gap.events": int64(3),
					"jumpcloud.gap.from": at.Format(time.RFC3339Nano), "jumpcloud.gap.to": at.Add(3 * time.Millisecond).Format(time.RFC3339Nano),
				}, gapsIn(gaps[0])[0].Attributes().AsRaw())
				assert.True(t, strings.HasSuffix(gapsIn(gaps[0])[0].Body().Str(), ": 3 events"))
				assert.EqualValues(t, 3, c.sum("dropped", "reason", test.reason))
			})
		})
	}
}

// A pipeline that takes nothing within max_elapsed_time takes no gap either: it stays, and is one when the pipeline is back.
func TestGapStaysWhereThePipelineGivesItUp(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.config.RetryOnFailure.MaxElapsedTime = time.Minute
		c.outage()
		c.sink.refuseWith(func(plog.Logs) error { return errors.New("not now") })
		c.start()
		c.pass(10 * time.Minute)
		add(c, "given-up", 5)
		c.pass(10 * time.Minute)
		c.stop()
		require.Empty(t, c.announced())
		require.EqualValues(t, 5, c.sum("dropped", "reason", "gave_up"))
		c.sink.refuseWith(nil)
		c.start()
		c.pass(10 * time.Minute)
		var reasons []any
		for _, logs := range c.announced() {
			reasons = append(reasons, gapsIn(logs)[0].Attributes().AsRaw()["jumpcloud.gap.reason"])
		}
		assert.Equal(t, []any{"retention", "gave_up"}, reasons)
	})
}
