// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/storagetest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver"
)

func canceled(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx
}

func TestLeaderElectorThatCanNotBeUsedFailsTheStart(t *testing.T) {
	for name, test := range map[string]struct {
		extension component.Component
		text      string
	}{
		"no such extension": {nil, `k8s_leader_elector is "k8s_leader_elector", and the service starts no such extension: define it under extensions and list it under service::extensions`},
		"another kind":      {storagetest.NewNonStorageExtension("other"), `k8s_leader_elector is "k8s_leader_elector", which is no leader elector: use the extension k8s_leader_elector`},
	} {
		t.Run(name, func(t *testing.T) {
			collect(t, func(t *testing.T, c *collector) {
				c.config.LeaderElector = &electorID
				if test.extension != nil {
					c.host.extensions[electorID] = test.extension
				}
				require.EqualError(t, c.tryStart(), test.text)
				c.pass(time.Minute)
				assert.Empty(t, c.api.Requests())
			})
		})
	}
}

func TestFault_D9_CallbacksAfterShutdownDoNothing(t *testing.T) {
	elect(t, func(t *testing.T, f *fleet, a, b *replica) {
		b.elector.win()
		b.pass(5 * time.Second)
		for _, r := range f.replicas {
			require.NoError(t, r.running.Shutdown(t.Context()))
			require.NoError(t, r.running.Shutdown(t.Context()), "twice")
			r.running = nil
		}
		asked := len(f.api.Requests())
		a.elector.win()
		b.elector.lose()
		b.elector.win()
		a.pass(time.Minute)
		assert.Len(t, f.api.Requests(), asked)
		assert.NotContains(t, a.logs.String(), leading)
		assert.NotContains(t, b.logs.String(), leadsNone)
	})
}

func TestFault_D9_ShutdownAtOnceAfterTheLeadIsWon(t *testing.T) {
	elect(t, func(t *testing.T, f *fleet, a, b *replica) {
		a.elector.win()
		a.stop()
		f.storage.panicOnRead.Store(true)
		b.elector.win()
		b.pass(time.Minute)
		began := time.Now()
		b.stop()
		assert.Zero(t, time.Since(began), "a load that fails is not waited for")
		f.storage.panicOnRead.Store(false)
		asked := len(f.api.Requests())
		b.pass(10 * time.Minute)
		assert.Len(t, f.api.Requests(), asked)
	})
}

func TestFault_D9_ShutdownAfterTheLeadIsLost(t *testing.T) {
	elect(t, func(t *testing.T, f *fleet, a, _ *replica) {
		a.elector.win()
		a.pass(5 * time.Second)
		a.elector.lose()
		began := time.Now()
		a.stop()
		assert.Zero(t, time.Since(began))
		a.start()
		a.elector.win()
		from := time.Now()
		add(a.collector, "a", 10)
		a.pass(time.Minute)
		f.requireOnce(from)
	})
}

// A consumer that heeds no context must keep the elector from nothing, nor may two terms overlap.
func TestFault_D9_HangingPipelineHoldsTheElectorUpForTenSeconds(t *testing.T) {
	elect(t, func(t *testing.T, f *fleet, a, b *replica) {
		a.elector.win()
		a.pass(5 * time.Second)
		from := time.Now()
		a.busy.deaf = true
		called := a.block(1, 10*time.Minute)
		add(a.collector, "a", 10)
		<-called
		began := time.Now()
		a.elector.lose()
		assert.LessOrEqual(t, time.Since(began), 10*time.Second)
		assert.Contains(t, a.logs.String(), "One batch is still blocked")
		asked := len(f.api.Requests())
		a.elector.win()
		a.pass(5 * time.Minute)
		assert.Len(t, f.api.Requests(), asked, "no request beside a batch under way")
		a.elector.lose()
		b.elector.win()
		b.pass(time.Minute)
		b.elector.lose()
		a.elector.win()
		a.pass(10 * time.Minute)
		lost, most := f.tally(from)
		assert.Zero(t, lost)
		assert.LessOrEqual(t, most, 2, "the batch that hung may come from both")
		assert.Len(t, b.sink.counts(), 10)
	})
}

func TestFault_D9_OrganizationIsNotHeldUpByTheCheckpointOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, simulator.Settings{})
		r := f.add()
		r.host.extensions[keptID] = &partlyDamaged{f.storage, "organization/5f1b1c4e0e8b7d0001a1b2c3/state"}
		for _, id := range []string{"5f1b1c4e0e8b7d0001a1b2c3", "5f1b1c4e0e8b7d0001a1b2c4"} {
			r.config.Organizations = append(r.config.Organizations, jumpcloudreceiver.OrganizationConfig{ID: id})
		}
		r.start()
		r.elector.win()
		r.pass(10 * time.Second)
		f.api.Add(simulator.Event{Organization: "5f1b1c4e0e8b7d0001a1b2c4", Service: "sso", ID: "a", Time: time.Now()})
		r.pass(time.Minute)
		assert.Equal(t, map[string]int{"a": 1}, r.sink.counts())
		require.ErrorContains(t, r.host.reported()[0].Err(), "organization 5f1b1c4e0e8b7d0001a1b2c3: this replica leads")
	})
}

// partlyDamaged is a storage of which one key can't be read.
type partlyDamaged struct {
	*slowStorage
	key string
}

func (p *partlyDamaged) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return p, nil
}

func (p *partlyDamaged) Get(ctx context.Context, key string) ([]byte, error) {
	if key == p.key {
		return nil, assert.AnError
	}
	return p.slowStorage.Get(ctx, key)
}

func TestFault_D9_TwoReceiversOfAProcessLeadTogether(t *testing.T) {
	elect(t, func(t *testing.T, f *fleet, a, b *replica) {
		b.stop()
		own := newFleet(t, simulator.Settings{})
		other := own.add()
		other.host.extensions[electorID] = a.elector
		other.start()
		a.elector.win()
		a.pass(5 * time.Second)
		from := time.Now()
		add(a.collector, "a", 10)
		add(other.collector, "b", 10)
		a.pass(time.Minute)
		f.requireOnce(from)
		own.requireOnce(from)
		a.busy.deaf = true
		called := a.block(1, time.Minute)
		add(a.collector, "c", 10)
		<-called
		asked := len(own.api.Requests())
		began := time.Now()
		a.elector.lose()
		assert.Positive(t, time.Since(began), "the one that hangs is waited for")
		assert.Len(t, own.api.Requests(), asked, "and the other one does not read meanwhile")
		a.pass(time.Minute)
		assert.Len(t, own.api.Requests(), asked)
	})
}
