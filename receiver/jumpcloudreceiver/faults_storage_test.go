// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/storagetest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver/internal/metadatatest"
)

var keptID = component.MustNewID("faulty")

// faultyStorage keeps its values while receivers come and go, and panics or refuses on demand.
type faultyStorage struct {
	component.StartFunc
	component.ShutdownFunc
	storage.Client
	panicOnOpen, panicOnRead, refuse, hang atomic.Bool
	released                               chan struct{}
}

func newFaultyStorage() *faultyStorage {
	return &faultyStorage{Client: storagetest.NewInMemoryClient(component.KindReceiver, keptID, ""), released: make(chan struct{})}
}

func (f *faultyStorage) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	if f.panicOnOpen.Load() {
		panic("freepages: failed to get all reachable pages")
	}
	return f, nil
}

func (f *faultyStorage) Get(ctx context.Context, key string) ([]byte, error) {
	if f.panicOnRead.Load() {
		panic("invalid page type: 0: 4")
	}
	return f.Client.Get(ctx, key)
}

func (f *faultyStorage) Batch(ctx context.Context, operations ...*storage.Operation) error {
	if f.refuse.Load() {
		return storage.ErrStorageFull
	}
	if f.hang.Load() {
		<-f.released
	}
	return f.Client.Batch(ctx, operations...)
}

// Close keeps the values for the next receiver.
func (*faultyStorage) Close(context.Context) error { return nil }

// collectFaulty runs a test with a collector whose storage is faulty.
func collectFaulty(t *testing.T, run func(t *testing.T, c *collector, faulty *faultyStorage)) {
	t.Helper()
	collect(t, func(t *testing.T, c *collector) {
		faulty := newFaultyStorage()
		c.config.Storage = &keptID
		c.host.extensions[keptID] = faulty
		run(t, c, faulty)
	})
}

// requireStarts fails unless the starts were told in just so many lines, and counted.
func requireStarts(t *testing.T, c *collector, line, state string, times int64) {
	t.Helper()
	assert.Equal(t, int(times), strings.Count(c.logs.String(), line), c.logs.String())
	metadatatest.AssertEqualReceiverJumpcloudStarts(t, c.telemetry, []metricdata.DataPoint[int64]{{
		Attributes: attribute.NewSet(attribute.String("organization", ""), attribute.String("receiver", "jumpcloud"), attribute.String("state", state)), Value: times,
	}}, metricdatatest.IgnoreTimestamp())
}

func TestFault_S2_StorageThatIsNoneFailsTheStart(t *testing.T) {
	for name, extension := range map[string]component.Component{
		"no such extension": nil,
		"another kind":      storagetest.NewNonStorageExtension("faulty"),
	} {
		t.Run(name, func(t *testing.T) {
			collect(t, func(t *testing.T, c *collector) {
				c.config.Storage = &keptID
				if extension != nil {
					c.host.extensions[keptID] = extension
				}
				require.ErrorContains(t, c.tryStart(), `storage is "faulty"`)
				c.pass(time.Minute)
				assert.Empty(t, c.api.Requests(), "nothing is read that could not be remembered")
			})
		})
	}
}

func TestFault_S3_StorageThatCanNotBeOpenedFailsTheStartWithARemedy(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.config.Storage = &keptID
		c.host.extensions[keptID] = lockedStorage{}
		err := c.tryStart()
		require.ErrorContains(t, err, "does another process use it, may this one write there, is its file damaged?")
		require.ErrorContains(t, err, `see "Storage" in docs/reliability.md`)
		c.pass(time.Minute)
		assert.Empty(t, c.api.Requests())
	})
}

func TestFault_S3_PanicOfADamagedStorageFailsTheStartWithARemedy(t *testing.T) {
	for name, damage := range map[string]func(*faultyStorage){
		"when it is opened": func(f *faultyStorage) { f.panicOnOpen.Store(true) },
		"when it is read":   func(f *faultyStorage) { f.panicOnRead.Store(true) },
	} {
		t.Run(name, func(t *testing.T) {
			collectFaulty(t, func(t *testing.T, c *collector, faulty *faultyStorage) {
				damage(faulty)
				require.ErrorContains(t, c.tryStart(), `the storage is damaged, move its file away as "Storage" in docs/reliability.md says`)
				c.pass(time.Minute)
				assert.Empty(t, c.api.Requests())
			})
		})
	}
}

func TestFault_S5_FirstStartIsToldInOneLineAndCounted(t *testing.T) {
	collectFaulty(t, func(t *testing.T, c *collector, _ *faultyStorage) {
		c.start()
		c.pass(time.Minute)
		requireStarts(t, c, "No checkpoint is stored: beginning now, and with the backfill where one is configured", "fresh", 1)
		assert.NotContains(t, c.logs.String(), `"level":"warn"`)
		assert.NotContains(t, c.logs.String(), `"level":"error"`)
	})
}

func TestFault_S6_EveryStartWithoutAStateIsToldInOneLineAndCounted(t *testing.T) {
	collectFaulty(t, func(t *testing.T, c *collector, faulty *faultyStorage) {
		for range 3 {
			c.start()
			c.pass(time.Minute)
			c.stop()
			require.NoError(t, faulty.Delete(t.Context(), "own/state"))
		}
		requireStarts(t, c, "No checkpoint is stored: beginning now", "fresh", 3)
	})
}

func TestFault_S7_DamagedStateIsAnErrorLineAndCounted(t *testing.T) {
	collectFaulty(t, func(t *testing.T, c *collector, faulty *faultyStorage) {
		require.NoError(t, faulty.Set(t.Context(), "own/state", []byte("garbage")))
		c.start()
		c.pass(time.Minute)
		requireStarts(t, c, "Beginning as if no checkpoint were stored", "damaged", 1)
		assert.Equal(t, 1, strings.Count(c.logs.String(), `"level":"error"`))
		assert.Contains(t, c.logs.String(), `"kept_under":"own/state.damaged"`)
	})
}

func TestFault_S10_FullStorageIsAStatusWithARemedy(t *testing.T) {
	collectFaulty(t, func(t *testing.T, c *collector, faulty *faultyStorage) {
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		faulty.refuse.Store(true)
		c.api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: "a", Time: from})
		c.pass(9 * time.Minute)
		requests := len(c.api.Requests())
		faulty.refuse.Store(false)
		c.pass(10 * time.Minute)
		c.requireEachOnce("", from)
		assert.Greater(t, len(c.api.Requests()), requests)
		statuses := c.host.reported()
		require.Len(t, statuses, 2, "changes only")
		assert.Equal(t, componentstatus.StatusRecoverableError, statuses[0].Status())
		require.ErrorContains(t, statuses[0].Err(), "the storage does not take the checkpoint: check its free space and permissions")
		assert.Equal(t, componentstatus.StatusOK, statuses[1].Status())
		assert.Equal(t, 1, strings.Count(c.logs.String(), `"level":"error"`), "one line in ten minutes")
	})
}

func TestFault_S11_ShutdownDoesNotWaitForAStorageThatHangs(t *testing.T) {
	collectFaulty(t, func(t *testing.T, c *collector, faulty *faultyStorage) {
		defer close(faulty.released)
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		faulty.hang.Store(true)
		c.api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: "a", Time: from})
		c.pass(time.Minute)
		began := time.Now()
		require.ErrorContains(t, c.running.Shutdown(t.Context()), "waiting for the batches under way")
		assert.LessOrEqual(t, time.Since(began), 10*time.Second)
		c.running = nil
		faulty.hang.Store(false)
		c.start()
		c.pass(time.Minute)
		assert.Positive(t, c.sink.counts()["a"])
		c.stop()
	})
}

func TestFault_S14_ChangedServicesAreToldInOneLine(t *testing.T) {
	collectFaulty(t, func(t *testing.T, c *collector, _ *faultyStorage) {
		c.start()
		c.pass(5 * time.Second)
		c.stop()
		from := time.Now()
		c.api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: "a", Time: from})
		c.pass(time.Hour)
		c.config.Services = []string{"sso", "directory"}
		c.config.PageSize = 17
		c.start()
		c.pass(5 * time.Second)
		c.requireEachOnce("", from)
		assert.Equal(t, 1, strings.Count(c.logs.String(), "The endpoint or the services were changed: continuing from the stored watermark"))
		assert.Equal(t, 1, strings.Count(c.logs.String(), "Continuing from the stored checkpoint"))
	})
}
