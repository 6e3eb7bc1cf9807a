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

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver"
)

var (
	errFull      = errors.New("queue is full")
	errMalformed = consumererror.NewPermanent(errors.New("malformed"))
)

// refuseFive offers ten events to a consumer that refuses five times, and returns how often it was
// called with events.
func refuseFive(c *collector, refusal error) (called int, from time.Time) {
	c.start()
	c.pass(5 * time.Second)
	from = time.Now()
	c.sink.refuseWith(func(logs plog.Logs) error {
		if !isGap(logs) {
			called++
		}
		if called > 5 {
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

func TestFault_K1_WaitsGrowWithoutAnEndAndNothingIsFetchedMeanwhile(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.random = func() float64 { return 0.5 } // the middle of what the jitter makes of a wait
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		var calls moments
		c.sink.refuseWith(func(plog.Logs) error {
			calls.now()
			return errFull
		})
		add(c, "a", 10)
		c.pass(10 * time.Second)
		fetched := len(c.api.Requests())
		c.pass(48 * time.Hour)
		assert.Len(t, c.api.Requests(), fetched, "reading has stopped")
		offered := calls.seen()
		assert.EqualValues(t, len(offered), c.counted("consecutive_failures"))
		wait := c.config.RetryOnFailure.InitialInterval
		for i := 1; i < len(offered); i++ {
			assert.InDelta(t, wait.Seconds(), offered[i].Sub(offered[i-1]).Seconds(), 0.001)
			wait = min(wait*3/2, c.config.RetryOnFailure.MaxInterval)
		}
		c.sink.refuseWith(nil)
		c.pass(10 * time.Minute)
		c.requireEachOnce("", from)
		assert.Zero(t, c.counted("consecutive_failures"))
		assert.Greater(t, len(c.api.Requests()), fetched)
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
				assert.Equal(t, []string{"error"}, c.lines("The pipeline refused events for good: they are lost"))
				c.requireDropped("permanent", 10)
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
	collect(t, func(t *testing.T, c *collector) {
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		rounds := 0
		var left plog.Logs
		c.sink.refuseWith(func(logs plog.Logs) error {
			switch rounds++; {
			case rounds > 4:
				return nil
			case rounds == 3:
				// What was given back is still the consumer's own.
				left.ResourceLogs().RemoveIf(func(plog.ResourceLogs) bool { return true })
				return errFull
			}
			// Accept the first half, and give the other back.
			all := ids(logs)
			for _, id := range all[:len(all)/2] {
				c.sink.accepted[id]++
			}
			left = plog.NewLogs()
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
		assert.EqualValues(t, 64, c.counted("events"))
		assert.Equal(t, 5, rounds)
	})
}

func TestFault_K8_GivingUpIsDeclared(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.config.RetryOnFailure.MaxElapsedTime = 10 * time.Minute
		c.config.RetryOnFailure.MaxInterval = time.Minute
		c.start()
		c.pass(5 * time.Second)
		c.sink.refuseWith(func(plog.Logs) error { return errors.New("no") })
		add(c, "a", 10)
		c.pass(9*time.Minute + 50*time.Second)
		require.Zero(t, c.counted("dropped"), "nothing is lost before its time")
		require.Len(t, c.host.reported(), 1)
		c.pass(2 * time.Minute)
		c.requireDropped("gave_up", 10)
		assert.Equal(t, []string{"error"}, c.lines("The pipeline refused events for good: they are lost"))
		c.sink.refuseWith(nil)
		c.pass(time.Hour)
		c.requireStatuses("does not accept events")
		assert.Empty(t, c.sink.counts(), "what is declared lost is not offered again")
		from := time.Now()
		add(c, "b", 10)
		c.pass(time.Minute)
		c.requireEachOnce("", from)
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
