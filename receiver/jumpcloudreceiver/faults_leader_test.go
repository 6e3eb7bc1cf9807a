// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

const (
	waiting   = "Waiting to lead: another replica may be reading"
	leading   = "This replica leads: it goes on from the checkpoint, wherever that is by now"
	leadsNone = "Lost leadership: reading has stopped. Waiting to lead again"
)

func TestFault_D9_StandbyReadsNothingAndSaysSoInALine(t *testing.T) {
	elect(t, func(t *testing.T, f *fleet, a, b *replica) {
		a.pass(time.Hour)
		assert.Empty(t, f.api.Requests())
		b.elector.win()
		b.pass(5 * time.Second)
		from := time.Now()
		add(b.collector, "a", 10)
		b.pass(time.Minute)
		f.requireOnce(from)
		assert.Empty(t, a.sink.counts())
		b.elector.lose()
		b.pass(time.Minute)
		for _, r := range f.replicas {
			assert.Empty(t, r.host.reported(), "a standby is no error")
			assert.NotContains(t, r.logs.String(), `"level":"warn"`)
			assert.NotContains(t, r.logs.String(), `"level":"error"`)
			assert.Equal(t, 1, strings.Count(r.logs.String(), waiting))
		}
		assert.NotContains(t, a.logs.String(), leading)
		assert.Equal(t, 1, strings.Count(b.logs.String(), leading))
		assert.Equal(t, 1, strings.Count(b.logs.String(), leadsNone))
	})
}

func TestFault_D9_ReceiverThatStartsWhileItsProcessLeadsReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, simulator.Settings{})
		r := f.add()
		r.elector.win()
		r.start()
		r.pass(5 * time.Second)
		from := time.Now()
		add(r.collector, "a", 10)
		r.pass(time.Minute)
		f.requireOnce(from)
		r.elector.lose()
		asked := len(f.api.Requests())
		r.pass(time.Minute)
		assert.Len(t, f.api.Requests(), asked)
	})
}

// A page of three batches: the second is in the consumer's hands when the lead is lost.
func TestFault_D9_LossInsideAConsumerCallEndsThatBatchAndFetchesNoMore(t *testing.T) {
	elect(t, func(t *testing.T, f *fleet, a, b *replica) {
		a.elector.win()
		a.pass(5 * time.Second)
		from := time.Now()
		second := a.block(2, 4900*time.Millisecond)
		add(a.collector, "a", 2500)
		<-second
		asked := len(f.api.Requests())
		a.elector.lose()
		assert.Len(t, f.api.Requests(), asked)
		assert.Len(t, a.sink.counts(), 2000, "the batch under way is the last")
		b.elector.win()
		b.pass(time.Minute)
		f.requireOnce(from)
		assert.Len(t, b.sink.counts(), 500)
		assert.Contains(t, b.logs.String(), "Continuing from the stored checkpoint")
	})
}

func TestFault_D9_LossInsideAConsumerCallThatOutlastsItsGraceCostsNoEvent(t *testing.T) {
	elect(t, func(_ *testing.T, f *fleet, a, b *replica) {
		a.next = endedConsumer{a.sink}
		a.stop()
		a.start()
		a.elector.win()
		a.pass(5 * time.Second)
		from := time.Now()
		add(a.collector, "a", 10)
		a.pass(time.Minute)
		a.elector.lose()
		b.elector.win()
		b.pass(time.Minute)
		f.requireOnce(from)
	})
}

func TestFault_D9_LossInsideASlowCommitIsRemembered(t *testing.T) {
	elect(t, func(t *testing.T, f *fleet, a, b *replica) {
		a.elector.win()
		a.pass(5 * time.Second)
		from := time.Now()
		f.storage.write.Store(int64(3900 * time.Millisecond))
		add(a.collector, "a", 2500)
		require.Eventually(t, func() bool { return len(a.sink.counts()) == 1000 }, time.Minute, 100*time.Millisecond)
		asked := len(f.api.Requests())
		a.elector.lose()
		assert.Len(t, f.api.Requests(), asked)
		f.storage.write.Store(0)
		b.elector.win()
		b.pass(time.Minute)
		f.requireOnce(from)
		assert.Len(t, b.sink.counts(), 1500)
	})
}

func TestFault_D9_LossInsideARequestEndsItAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, simulator.Settings{Latency: 20 * time.Second})
		a, b := f.add(), f.add()
		a.start()
		b.start()
		a.elector.win()
		from := time.Now()
		a.pass(time.Minute)
		add(a.collector, "a", 10)
		asked := len(f.api.Requests())
		require.Eventually(t, func() bool { return len(f.api.Requests()) > asked }, time.Minute, time.Second)
		began := time.Now()
		a.elector.lose()
		assert.Zero(t, time.Since(began), "nothing waits for the answer")
		a.pass(time.Minute)
		assert.Len(t, f.api.Requests(), asked+1)
		b.elector.win()
		b.pass(5 * time.Minute)
		f.requireOnce(from)
	})
}

// Each goes on where the other one ended, which only a checkpoint tells that is loaded anew.
func TestFault_D9_HandingOverToAndFroCostsNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for seed := range uint64(5) {
		elect(t, func(t *testing.T, f *fleet, a, b *replica) {
			random := rand.New(rand.NewPCG(seed, 9))
			b.elector.win()
			b.pass(5 * time.Second)
			b.elector.lose()
			from := time.Now()
			for round := range 20 {
				a.elector.win()
				for second := range 1 + random.IntN(20) {
					f.happen(random, fmt.Sprintf("%d-%d-", round, second))
					a.pass(time.Second)
				}
				a.elector.lose()
				f.happen(random, fmt.Sprintf("%d-between-", round))
				a.pass(time.Duration(random.Float64() * float64(time.Minute)))
				a, b = b, a
			}
			a.elector.win()
			a.pass(3 * time.Minute)
			f.requireOnce(from)
			assert.NotEmpty(t, b.sink.counts())
			assert.Equal(t, 1, strings.Count(a.logs.String()+b.logs.String(), "No checkpoint is stored"))
		})
	}
}

func TestFault_D9_UnreadableCheckpointIsNoEmptyOne(t *testing.T) {
	elect(t, func(t *testing.T, f *fleet, a, b *replica) {
		a.elector.win()
		a.pass(5 * time.Second)
		a.elector.lose()
		from := time.Now()
		add(a.collector, "a", 10)
		f.storage.refuse.Store(true)
		f.storage.panicOnRead.Store(true)
		b.elector.win()
		asked := len(f.api.Requests())
		b.pass(25 * time.Minute)
		assert.Len(t, f.api.Requests(), asked, "nothing is read that may have been delivered")
		require.Len(t, b.host.reported(), 1, "changes only")
		assert.Equal(t, componentstatus.StatusRecoverableError, b.host.reported()[0].Status())
		require.ErrorContains(t, b.host.reported()[0].Err(), "this replica leads and the checkpoint cannot be read from the storage: check")
		assert.Contains(t, []int{2, 3}, strings.Count(b.logs.String(), `"level":"error"`), "a line in ten minutes at the most")
		assert.Greater(t, b.counted("consecutive_failures"), int64(3))
		f.storage.panicOnRead.Store(false)
		f.storage.refuse.Store(false)
		b.pass(10 * time.Minute)
		f.requireOnce(from)
		require.Len(t, b.host.reported(), 2)
		assert.Equal(t, componentstatus.StatusOK, b.host.reported()[1].Status())
		assert.NotContains(t, b.logs.String(), "No checkpoint is stored")
		assert.Contains(t, b.logs.String(), "Continuing from the stored checkpoint")
	})
}

func TestFault_D9_FormerLeaderReportsNoFailureOfItsTime(t *testing.T) {
	elect(t, func(t *testing.T, f *fleet, a, _ *replica) {
		a.elector.win()
		a.pass(5 * time.Second)
		add(a.collector, "a", 10)
		a.pass(5 * time.Second)
		assert.EqualValues(t, 10, a.counted("remembered_ids"))
		f.api.Inject(simulator.Fault{Until: time.Now().Add(time.Hour), Effect: simulator.Status(401, "Unauthorized")})
		a.pass(10 * time.Minute)
		require.Len(t, a.host.reported(), 1)
		assert.Positive(t, a.counted("consecutive_failures"))
		a.elector.lose()
		require.Len(t, a.host.reported(), 2)
		assert.Equal(t, componentstatus.StatusOK, a.host.reported()[1].Status())
		assert.Zero(t, a.counted("consecutive_failures"))
		assert.Zero(t, a.counted("remembered_ids"))
		assert.NotContains(t, a.logs.String(), "Working again")
	})
}

func TestFault_D9_LossIsToldBeforeTheLead(t *testing.T) {
	elect(t, func(t *testing.T, f *fleet, a, _ *replica) {
		a.elector.win()
		a.pass(5 * time.Second)
		a.elector.lose()
		asked := len(f.api.Requests())
		a.elector.started(canceled(t.Context()))
		a.pass(time.Minute)
		assert.Len(t, f.api.Requests(), asked, "a lead that is over is none")
		from := time.Now()
		a.elector.win()
		add(a.collector, "a", 10)
		a.pass(time.Minute)
		f.requireOnce(from)
	})
}

func TestFault_D9_RefusedBatchIsLeftToTheNextLeader(t *testing.T) {
	elect(t, func(_ *testing.T, f *fleet, a, b *replica) {
		a.elector.win()
		a.pass(5 * time.Second)
		from := time.Now()
		a.sink.refuseWith(func(plog.Logs) error { return assert.AnError })
		add(a.collector, "a", 10)
		a.pass(time.Hour)
		a.elector.lose()
		b.elector.win()
		b.pass(time.Minute)
		f.requireOnce(from)
	})
}
