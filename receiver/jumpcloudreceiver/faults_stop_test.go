// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
)

// heedfulStorage takes its time, and nothing whose context is done, as one behind a network does.
type heedfulStorage struct {
	*faultyStorage
	takes time.Duration
	// met is when each write was asked for.
	met *moments
}

func (h heedfulStorage) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return h, nil
}

func (h heedfulStorage) Batch(ctx context.Context, operations ...*storage.Operation) error {
	h.met.now()
	if !sleepFor(ctx, h.takes) {
		return ctx.Err()
	}
	return h.faultyStorage.Batch(ctx, operations...)
}

// gradual takes each batch after a while, and counts those that it was offered.
type gradual struct {
	*sink
	offered int
}

// ConsumeLogs implements consumer.Logs.
func (g *gradual) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	g.offered++
	if !sleepFor(ctx, 4*time.Second) {
		return ctx.Err()
	}
	return g.sink.ConsumeLogs(ctx, logs)
}

func TestFault_S10_WaitsForTheStorageGrowAndEachFailureIsCounted(t *testing.T) {
	collectFaulty(t, func(t *testing.T, c *collector, faulty *faultyStorage) {
		var met moments
		c.host.extensions[keptID] = heedfulStorage{faulty, 0, &met}
		c.random = func() float64 { return 1 }
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		faulty.refuse.Store(true)
		add(c, "a", 10)
		before := len(met.seen())
		c.pass(time.Hour)
		refused := met.seen()[before:]
		for i, seconds := range []int{5, 10, 20, 40, 80, 160, 300, 300, 300} {
			assert.Equal(t, time.Duration(seconds)*time.Second, refused[i+1].Sub(refused[i]))
		}
		assert.EqualValues(t, len(refused), c.counted("checkpoint_failures"))
		assert.EqualValues(t, len(refused), c.counted("consecutive_failures"))
		faulty.refuse.Store(false)
		c.pass(10 * time.Minute)
		c.requireEachOnce("", from)
		assert.Zero(t, c.counted("consecutive_failures"))
	})
}

func TestFault_S11_WriteThatTakesLongIsNotCutOff(t *testing.T) {
	collectFaulty(t, func(t *testing.T, c *collector, faulty *faultyStorage) {
		c.host.extensions[keptID] = heedfulStorage{faulty, 10 * time.Second, new(moments)}
		c.start()
		c.pass(time.Minute)
		from := time.Now()
		add(c, "a", 2500)
		c.pass(10 * time.Minute)
		c.requireEachOnce("", from)
		c.requireStatuses("")
		assert.NotContains(t, c.logs.String(), `"level":"error"`)
	})
}

func TestFault_D1_StopInsideAPageEndsTheBatchUnderWayAndRemembersIt(t *testing.T) {
	collectFaulty(t, func(t *testing.T, c *collector, faulty *faultyStorage) {
		c.host.extensions[keptID] = heedfulStorage{faulty, 0, new(moments)}
		slow := &gradual{sink: c.sink}
		c.next = slow
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		add(c, "a", 3500)
		// The first batch is taken, the second one is under way.
		c.pass(6 * time.Second)
		require.Len(t, c.sink.counts(), 1000)
		fetched := len(c.api.Requests())
		began := time.Now()
		c.stop()
		assert.Less(t, time.Since(began), 4*time.Second)
		assert.Len(t, c.sink.counts(), 2000)
		assert.Equal(t, 2, slow.offered, "no further batch")
		assert.Len(t, c.api.Requests(), fetched, "no further page")

		c.start()
		c.pass(time.Minute)
		c.requireEachOnce("", from)
		assert.Empty(t, c.host.reported())
		assert.NotContains(t, c.logs.String(), `"level":"error"`)
	})
}

func TestFault_D2_CallThatHangsIsCancelledAfterItsGraceAndNotRemembered(t *testing.T) {
	collectFaulty(t, func(t *testing.T, c *collector, faulty *faultyStorage) {
		c.next = hanging{c.sink}
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		add(c, "a", 10)
		c.pass(time.Minute)
		before, err := faulty.Get(t.Context(), "own/state")
		require.NoError(t, err)
		began := time.Now()
		c.stop()
		assert.Equal(t, 5*time.Second, time.Since(began))
		after, err := faulty.Get(t.Context(), "own/state")
		require.NoError(t, err)
		assert.Equal(t, before, after, "nothing is stored of a batch that was not taken")
		assert.Empty(t, c.host.reported(), "a stop is no failure")
		c.next = c.sink
		c.start()
		c.pass(time.Minute)
		c.requireEachOnce("", from)
	})
}

func TestFault_D2_StopWhileTheConsumerRefusesDoesNotWait(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		c.sink.refuseWith(func(plog.Logs) error { return errFull })
		add(c, "a", 10)
		c.pass(time.Hour)
		began := time.Now()
		c.stop()
		assert.Zero(t, time.Since(began))
		c.sink.refuseWith(nil)
		c.start()
		c.pass(time.Minute)
		c.requireEachOnce("", from)
	})
}
