// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver/internal/metadatatest"
)

var (
	errFull      = errors.New("queue is full")
	errMalformed = consumererror.NewPermanent(errors.New("malformed"))
)

// refuseFive offers ten events to a consumer that refuses five times, and returns how often it was
// called.
func refuseFive(c *collector, refusal error) (called int, from time.Time) {
	c.start()
	c.pass(5 * time.Second)
	from = time.Now()
	c.sink.refuseWith(func(plog.Logs) error {
		if called++; called > 5 {
			return nil
		}
		return refusal
	})
	add(c, "a", 10)
	c.pass(time.Hour)
	return called, from
}

func TestFault_K1_RefusedBatchIsOfferedUntilItIsTaken(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		called, from := refuseFive(c, errFull)
		c.requireEachOnce("", from)
		assert.Equal(t, 6, called)
	})
}

func TestFault_K2_PermanentRefusalIsADeclaredLoss(t *testing.T) {
	for name, refusal := range map[string]error{
		"one pipeline":          errMalformed,
		"each of two pipelines": errors.Join(errMalformed, fmt.Errorf("exporting: %w", errMalformed)),
	} {
		t.Run(name, func(t *testing.T) {
			collect(t, func(t *testing.T, c *collector) {
				called, _ := refuseFive(c, refusal)
				assert.Empty(t, c.sink.counts())
				assert.Equal(t, 1, called, "a permanent error is never offered again")
				metadatatest.AssertEqualReceiverJumpcloudDropped(t, c.telemetry, []metricdata.DataPoint[int64]{{
					Attributes: attribute.NewSet(attribute.String("organization", ""), attribute.String("reason", "permanent")), Value: 10,
				}}, metricdatatest.IgnoreTimestamp())
			})
		})
	}
}

func TestFault_K3_RefusalOfOnePipelineForGoodAndOneForNowIsTriedAgain(t *testing.T) {
	for name, refusal := range map[string]error{
		"joined":                       errors.Join(errMalformed, errFull),
		"nested":                       fmt.Errorf("fan-out: %w", errors.Join(errors.Join(errMalformed), fmt.Errorf("b: %w", errFull))),
		"permanent around a retryable": consumererror.NewPermanent(errors.Join(errMalformed, errFull)),
	} {
		t.Run(name, func(t *testing.T) {
			collect(t, func(_ *testing.T, c *collector) {
				_, from := refuseFive(c, refusal)
				c.requireEachOnce("", from)
			})
		})
	}
}

func TestFault_K6_BatchThatWasTakenAndYetFailedComesOnceMore(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		failed := false
		c.sink.refuseWith(func(logs plog.Logs) error {
			if failed {
				return nil
			}
			failed = true
			for _, id := range ids(logs) {
				c.sink.accepted[id]++
			}
			return context.DeadlineExceeded
		})
		add(c, "a", 10)
		c.pass(time.Hour)
		accepted := c.sink.counts()
		require.NotEmpty(t, c.api.Expected("", from))
		for _, event := range c.api.Expected("", from) {
			assert.Equal(t, 2, accepted[event.ID])
		}
	})
}

func TestFault_K4_OnlyTheRefusedPartIsOfferedAgain(t *testing.T) {
	collect(t, func(_ *testing.T, c *collector) {
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		rounds := 0
		c.sink.refuseWith(func(logs plog.Logs) error {
			if rounds++; rounds > 3 {
				return nil
			}
			// Accept the first half, and give the other back.
			all := ids(logs)
			for _, id := range all[:len(all)/2] {
				c.sink.accepted[id]++
			}
			left := plog.NewLogs()
			logs.CopyTo(left)
			taken := 0
			left.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().RemoveIf(func(plog.LogRecord) bool {
				taken++
				return taken <= len(all)/2
			})
			return consumererror.NewLogs(errors.New("the other half"), left)
		})
		add(c, "a", 64)
		c.pass(time.Hour)
		c.requireEachOnce("", from)
	})
}

func TestFault_K8_GivingUpIsDeclared(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.config.RetryOnFailure.MaxElapsedTime = 10 * time.Minute
		c.start()
		c.pass(5 * time.Second)
		until := time.Now().Add(30 * time.Minute)
		c.sink.refuseWith(func(plog.Logs) error {
			if time.Now().Before(until) {
				return errors.New("no")
			}
			return nil
		})
		add(c, "a", 10)
		c.pass(40 * time.Minute)
		from := time.Now()
		add(c, "b", 10)
		c.pass(time.Minute)
		c.requireEachOnce("", from)
		metadatatest.AssertEqualReceiverJumpcloudDropped(t, c.telemetry, []metricdata.DataPoint[int64]{{
			Attributes: attribute.NewSet(attribute.String("organization", ""), attribute.String("reason", "gave_up")), Value: 10,
		}}, metricdatatest.IgnoreTimestamp())
	})
}

// hanging is a consumer whose calls end with their context only.
type hanging struct{ *sink }

// ConsumeLogs implements consumer.Logs.
func (hanging) ConsumeLogs(ctx context.Context, _ plog.Logs) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestFault_K5_ShutdownEndsACallThatHangs(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		created, err := jumpcloudreceiver.NewFactory().CreateLogs(t.Context(), c.settings(), c.config, hanging{c.sink})
		require.NoError(t, err)
		c.running = created
		require.NoError(t, created.Start(t.Context(), c.host))
		c.pass(5 * time.Second)
		from := time.Now()
		add(c, "a", 10)
		c.pass(10 * time.Minute)
		began := time.Now()
		c.stop()
		assert.LessOrEqual(t, time.Since(began), 10*time.Second)
		c.start()
		c.pass(time.Minute)
		c.requireEachOnce("", from)
	})
}
