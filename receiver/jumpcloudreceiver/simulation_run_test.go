// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver"
)

// run is one run of a plan.
type run struct {
	*collector
	plan    plan
	steps   *steps
	oracle  *oracle
	storage *plannedStorage
	mutate  mutation
	random  func() float64
	began   time.Time
	// from is the time from which on every event is to be delivered.
	from time.Time
	made int
}

// result is what came of a run.
type result struct {
	violations                []string
	steps, crashes, ambiguous int
	events                    int
}

// simulate runs a plan, with a receiver that is made wrong on purpose where mutate is not nil.
func simulate(t *testing.T, p plan, mutate mutation) (came result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		came = newRun(t, p, mutate).run()
	})
	return came
}

func newRun(t *testing.T, p plan, mutate mutation) *run {
	apiNow := func() time.Time { return time.Now().Add(p.world.skew) }
	r := &run{collector: bareCollector(t), plan: p, steps: newSteps(p.actions), oracle: newOracle(apiNow), mutate: mutate, began: apiNow()}
	r.storage = &plannedStorage{steps: r.steps, oracle: r.oracle, torn: p.world.torn, values: make(map[string][]byte)}
	r.random = rand.New(rand.NewPCG(p.seed, 4)).Float64
	r.api = simulator.New(simulator.Settings{
		Now: apiNow, Seed: p.seed, ShuffleTies: true, EndExclusive: p.world.endExclusive, Gzip: p.world.gzip,
		Latency: p.world.latency, Disorder: p.world.disorder,
	})
	r.config.PollInterval = p.world.pollInterval
	r.config.RescanInterval = p.world.rescanInterval
	r.config.MaxEventDelay = p.world.maxEventDelay
	r.config.PageSize = p.world.pageSize
	r.config.RequestsPerSecond = 50
	r.config.RetryOnFailure.InitialInterval = time.Second
	r.config.RetryOnFailure.MaxInterval = 10 * time.Second
	r.config.Backfill.Lookback = p.world.lookback
	r.from = r.began.Add(calm / 2)
	if p.world.lookback > 0 {
		r.from = r.began.Add(time.Minute - p.world.lookback)
	}
	return r
}

func (r *run) run() result {
	timed := r.timed()
	r.happen(timed[:pastActions(timed)])
	r.steps.trouble(r.plan.world.troubled)
	r.begin()
	r.wait(calm)
	r.steps.trouble(true)
	for _, next := range timed[pastActions(timed):] {
		r.wait(moment(next))
		r.happen([]action{next})
	}
	r.wait(r.now() + r.plan.world.pollInterval + slowStep)
	r.steps.trouble(false)
	r.api.Heal()
	r.wait(r.now() + r.settled())
	r.stop()
	return result{
		violations: r.oracle.judge(r), steps: r.steps.count, crashes: r.steps.crashes, ambiguous: r.steps.ambiguous,
		events: r.made,
	}
}

// settled is the time in which everything is delivered that was not, once there is no trouble: the
// longest wait after a failure, the last late event, two rescans, a backfill.
func (r *run) settled() time.Duration {
	return 3*r.config.RetryOnFailure.MaxInterval + r.plan.world.maxEventDelay + 2*r.plan.world.rescanInterval + 2*r.config.ClientConfig.Timeout
}

// timed returns the actions that have a time, in its order.
func (r *run) timed() []action {
	timed := slices.DeleteFunc(slices.Clone(r.plan.actions), func(a action) bool {
		_, step := a.(stepFails)
		return step
	})
	slices.SortStableFunc(timed, func(a, b action) int { return cmp.Compare(moment(a), moment(b)) })
	return timed
}

// pastActions is the number of actions that come before the start.
func pastActions(timed []action) int {
	return len(timed) - len(slices.DeleteFunc(slices.Clone(timed), func(a action) bool { return moment(a) <= 0 }))
}

func moment(a action) time.Duration {
	switch a := a.(type) {
	case eventsHappen:
		return a.at
	case apiFails:
		return a.at
	case restart:
		return a.at
	default:
		return 0
	}
}

func (r *run) now() time.Duration { return r.oracle.apiNow().Sub(r.began) }

// wait lets time go on, and starts the process again where it crashes meanwhile.
func (r *run) wait(until time.Duration) {
	for r.now() < until {
		select {
		case <-time.After(until - r.now()):
		case down := <-r.steps.crashed:
			r.revive(down)
		}
	}
	synctest.Wait()
}

func (r *run) revive(down time.Duration) {
	r.stop()
	time.Sleep(down)
	r.steps.revive()
	r.begin()
}

// begin starts the receiver, again where it can't read its storage, as a supervisor would.
func (r *run) begin() {
	for {
		wired := &parts{network: &plannedNetwork{steps: r.steps, api: r.api.RoundTripper(), oracle: r.oracle}, storage: r.storage, next: &plannedConsumer{steps: r.steps, oracle: r.oracle}}
		if r.mutate != nil {
			r.mutate(r, wired)
		}
		r.host.extensions = map[component.ID]component.Component{middlewareID: wired, storageID: wired}
		created, err := jumpcloudreceiver.NewLogsWithRandom(r.settings(), r.config, wired.next, r.random)
		require.NoError(r.t, err)
		if err := created.Start(context.Background(), r.host); err == nil {
			r.running = created
			return
		}
		select {
		case down := <-r.steps.crashed:
			time.Sleep(down)
			r.steps.revive()
		case <-time.After(time.Second):
		}
	}
}

func (r *run) happen(actions []action) {
	for _, happening := range actions {
		switch a := happening.(type) {
		case eventsHappen:
			r.add(a)
		case apiFails:
			r.api.Inject(simulator.Fault{
				Skip: a.skip, Times: a.times, Until: r.oracle.apiNow().Add(a.lasts),
				Effect: faultEffects()[a.effect],
			})
		case restart:
			r.stop()
			r.steps.stopped()
			time.Sleep(a.down)
			select {
			case <-r.steps.crashed:
				r.steps.revive()
			default:
			}
			r.begin()
		}
	}
}

func (r *run) add(a eventsHappen) {
	at := r.began.Add(a.moment)
	visible := time.Time{}
	if a.delay > 0 {
		visible = at.Add(a.delay)
	}
	for range a.count {
		r.made++
		event := simulator.Event{Service: "sso", Type: "sso_auth", ID: fmt.Sprintf("event-%d", r.made), Time: at, Visible: visible}
		r.oracle.made(event)
		r.api.Add(event)
	}
}
