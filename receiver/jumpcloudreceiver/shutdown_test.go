// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
)

// slowStorage takes its time for every write, and to close.
type slowStorage struct {
	*faultyStorage
	write atomic.Int64
	close time.Duration
}

func (s *slowStorage) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return s, nil
}

func (s *slowStorage) Batch(ctx context.Context, operations ...*storage.Operation) error {
	time.Sleep(time.Duration(s.write.Load()))
	return s.faultyStorage.Batch(ctx, operations...)
}

func (s *slowStorage) Close(context.Context) error {
	time.Sleep(s.close)
	return nil
}

func TestShutdownDoesNotWaitForAStorageThatDoesNotClose(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.config.Storage = &keptID
		c.host.extensions[keptID] = &slowStorage{faultyStorage: newFaultyStorage(), close: time.Minute}
		c.start()
		c.pass(5 * time.Second)
		began := time.Now()
		require.ErrorContains(t, c.running.Shutdown(t.Context()), "closing the storage")
		c.running = nil
		assert.LessOrEqual(t, time.Since(began), 10*time.Second)
		c.pass(time.Minute)
	})
}

func TestShutdownWithinTenSecondsRemembersABatchOfASlowConsumerInASlowStorage(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.config.Storage = &keptID
		slow := &slowStorage{faultyStorage: newFaultyStorage()}
		c.host.extensions[keptID] = slow
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		offered := make(chan struct{})
		c.sink.refuseWith(func(plog.Logs) error {
			slow.write.Store(int64(3900 * time.Millisecond))
			close(offered)
			time.Sleep(4900 * time.Millisecond)
			return nil
		})
		add(c, "a", 10)
		<-offered
		began := time.Now()
		require.NoError(t, c.running.Shutdown(t.Context()))
		c.running = nil
		assert.LessOrEqual(t, time.Since(began), 10*time.Second)

		slow.write.Store(0)
		c.sink.refuseWith(nil)
		c.start()
		c.pass(time.Minute)
		c.requireEachOnce("", from)
	})
}

func TestFault_D2_PermanentErrorOfACallThatTheStopEndedIsNoLoss(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.next = endedConsumer{c.sink}
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		add(c, "a", 10)
		c.pass(time.Minute)
		c.stop()
		c.next = c.sink
		c.start()
		c.pass(time.Minute)
		c.requireEachOnce("", from)
	})
}

// endedConsumer takes the end of its context for a permanent error.
type endedConsumer struct{ *sink }

func (endedConsumer) ConsumeLogs(ctx context.Context, _ plog.Logs) error {
	<-ctx.Done()
	return consumererror.NewPermanent(ctx.Err())
}

func TestPermanentRefusalOfAPartIsTheLossOfThatPartOnly(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.start()
		c.pass(5 * time.Second)
		c.sink.refuseWith(func(logs plog.Logs) error {
			return consumererror.NewLogs(consumererror.NewPermanent(errors.New("malformed")), without(logs, len(ids(logs))-1))
		})
		add(c, "a", 10)
		c.pass(time.Minute)
		assert.EqualValues(t, 1, c.counted("dropped"))
	})
}
