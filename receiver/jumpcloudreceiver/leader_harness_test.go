// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

var electorID = component.MustNewID("k8s_leader_elector")

// elector does what the extension k8s_leader_elector of one process does: it calls back under its
// lock, at once where it leads already, and forgets no callback. The context of a lead is done
// before its loss is told, but for who asked when it led already: that one's is never done.
type elector struct {
	component.StartFunc
	component.ShutdownFunc

	mu        sync.Mutex
	leads     bool
	cancel    context.CancelFunc
	callbacks []callbacks
}

type callbacks struct {
	start func(context.Context)
	stop  func()
}

func (e *elector) SetCallBackFuncs(start func(context.Context), stop func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.callbacks = append(e.callbacks, callbacks{start, stop})
	if e.leads {
		start(context.Background())
	}
}

func (e *elector) win() {
	ctx, cancel := context.WithCancel(context.Background())
	e.cancel = cancel
	e.started(ctx)
}

func (e *elector) started(ctx context.Context) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.leads = true
	for _, callback := range e.callbacks {
		callback.start(ctx)
	}
}

// lose returns when the elector would seek the lead again.
func (e *elector) lose() {
	if e.cancel != nil {
		e.cancel()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.leads = false
	for _, callback := range e.callbacks {
		callback.stop()
	}
}

// replica is a process with a receiver and an elector. It shares API and storage with the others.
type replica struct {
	*collector
	elector *elector
	busy    *busy
}

// fleet is the replicas with what they share.
type fleet struct {
	t        *testing.T
	api      *simulator.Simulator
	storage  *slowStorage
	replicas []*replica
}

// elect runs a test in a bubble, with two replicas that have started and of which none leads.
func elect(t *testing.T, run func(t *testing.T, f *fleet, a, b *replica)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, simulator.Settings{ShuffleTies: true})
		a, b := f.add(), f.add()
		a.start()
		b.start()
		run(t, f, a, b)
	})
}

// newFleet has no replicas yet. What is under way is stopped at the end of the test.
func newFleet(t *testing.T, api simulator.Settings) *fleet {
	f := &fleet{t: t, api: simulator.New(api), storage: &slowStorage{faultyStorage: newFaultyStorage()}}
	t.Cleanup(f.stop)
	return f
}

func (f *fleet) add() *replica {
	r := &replica{collector: bareCollector(f.t), elector: &elector{}}
	r.busy = &busy{sink: r.sink}
	r.api, r.next = f.api, r.busy
	r.config.Storage, r.config.LeaderElector = &keptID, &electorID
	r.host.extensions[middlewareID] = inProcess{api: f.api}
	r.host.extensions[keptID] = f.storage
	r.host.extensions[electorID] = r.elector
	f.replicas = append(f.replicas, r)
	return r
}

// stop ends the processes as a collector does: the elector outlives the receiver.
func (f *fleet) stop() {
	for _, r := range f.replicas {
		r.stop()
		r.elector.lose()
	}
}

// requireOnce fails unless every event from a time on was accepted once, by one of the replicas.
func (f *fleet) requireOnce(from time.Time) {
	f.t.Helper()
	lost, most := f.tally(from)
	require.Zero(f.t, lost, "lost events")
	require.LessOrEqual(f.t, most, 1, "the times that an event came")
}

// tally returns how many events from a time on were never accepted, and how often one was at the most.
func (f *fleet) tally(from time.Time) (lost, most int) {
	accepted := make(map[string]int)
	for _, r := range f.replicas {
		for id, times := range r.sink.counts() {
			accepted[id] += times
		}
	}
	for _, event := range f.api.Expected("", from) {
		if accepted[event.ID] == 0 {
			lost++
		}
		most = max(most, accepted[event.ID])
	}
	return lost, most
}

// busy is a consumer that takes its time for a call.
type busy struct {
	*sink
	// deaf says that it does not heed the call's context.
	deaf     bool
	calls    atomic.Int64
	duration time.Duration
	came     chan struct{}
}

// block makes a consumer call, counted from now on, take its time. What it returns is closed when
// that call has come.
func (r *replica) block(call int, duration time.Duration) <-chan struct{} {
	r.busy.duration, r.busy.came = duration, make(chan struct{})
	r.busy.calls.Store(int64(call))
	return r.busy.came
}

func (b *busy) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	if b.calls.Add(-1) == 0 {
		close(b.came)
		if b.deaf {
			time.Sleep(b.duration)
		} else if !sleepFor(ctx, b.duration) {
			return ctx.Err()
		}
	}
	return b.sink.ConsumeLogs(ctx, logs)
}

// happen lets some events happen, a fifth of them late.
func (f *fleet) happen(random *rand.Rand, prefix string) {
	for i := range random.IntN(30) {
		event := simulator.Event{Service: "sso", Type: "sso_auth", ID: fmt.Sprint(prefix, i), Time: time.Now()}
		if random.Float64() < 0.2 {
			event.Visible = event.Time.Add(time.Duration(random.Float64() * float64(25*time.Second)))
		}
		f.api.Add(event)
	}
}
