// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"cmp"
	"context"
	"math"
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
	process *process
	tenants tenants
	clock   *apiClock
	storage *plannedStorage
	mutate  mutation
	// began is the local time at the first start, and from the API's from which on every event is to be delivered.
	began, from time.Time
	// made counts events, restarts the ends of the process in good order.
	made, restarts int
	// stall is what the consumer does, and idle how long the process was down.
	stall stall
	idle  time.Duration
	// forgotten is how many events may come again since the API's clock was set back behind them.
	forgotten int
}

// result is what came of a run.
type result struct {
	violations []string
	// steps are counted for each lane.
	steps                 map[laneName]int
	crashes, ambiguous    int
	events, dropped, gaps int
	journal               []string
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
	p.further.pipelines = max(1, p.further.pipelines)
	clock := &apiClock{ahead: p.world.skew}
	r := &run{collector: bareCollector(t), plan: p, process: newProcess(), clock: clock, mutate: mutate, began: time.Now()}
	for number := range max(1, p.further.organizations) {
		t := &tenant{
			id:       organizationID(p.further.organizations, number),
			network:  newLane(r.process, laneName{organization: number, network: true}, p.actions),
			delivery: newLane(r.process, laneName{organization: number}, p.actions),
			oracle:   newOracle(clock, p.further.pipelines),
		}
		t.oracle.ahead, t.delivery.troubled = p.strange.ahead, t.oracle.pace.trouble
		r.tenants = append(r.tenants, t)
	}
	r.storage = &plannedStorage{tenants: r.tenants, torn: p.world.torn, values: make(map[string][]byte)}
	r.api = simulator.New(simulator.Settings{
		Now: clock.now, Seed: p.seed, ShuffleTies: true, EndExclusive: p.world.endExclusive, Gzip: p.world.gzip,
		Latency: p.world.latency / grid * grid, Disorder: p.world.disorder, BindTokens: p.strange.bindTokens, Retention: p.further.retention,
	})
	r.configure()
	r.from = clock.now().Add(calm / 2)
	if p.world.lookback > 0 {
		r.from = clock.now().Add(time.Minute - p.world.lookback)
	}
	if kept := r.config.Retention; p.world.lookback > kept {
		r.from = clock.now().Add(2*time.Minute - kept)
	}
	return r
}

// organizationID is "" where the API key's own organization is read.
func organizationID(count, number int) string {
	if count == 0 {
		return ""
	}
	return string(rune('a' + number))
}

func (r *run) configure() {
	world, further := r.plan.world, r.plan.further
	r.config.PollInterval = world.pollInterval
	r.config.RescanInterval = world.rescanInterval
	r.config.MaxEventDelay = world.maxEventDelay + further.jumping
	r.config.PageSize = world.pageSize
	r.config.MaxResponseSize = mostResponse
	if r.plan.strange.audit > 0 {
		r.config.Audit = jumpcloudreceiver.AuditConfig{Interval: r.plan.strange.audit, Depth: cmp.Or(r.plan.strange.depth, 48*time.Hour), MaxIDs: 1000}
	}
	if r.plan.strange.maxRecords > 0 {
		r.config.Batch.MaxRecords = r.plan.strange.maxRecords
	}
	if r.plan.strange.maxSize > 0 {
		r.config.Batch.MaxSize = jumpcloudreceiver.ByteSize(r.plan.strange.maxSize)
	}
	// Who of several that ask at once gets the limiter's turn would be chance, and so would be whether a
	// request that is given up at once took one.
	r.config.RequestsPerSecond = math.MaxFloat64
	// No multiple of it is a grace: two timers of one moment would decide by chance.
	r.config.RetryOnFailure.InitialInterval = 970 * time.Millisecond
	r.config.RetryOnFailure.MaxInterval = 10 * time.Second
	r.config.RetryOnFailure.MaxElapsedTime = further.giveUp
	r.config.Backfill.Lookback = world.lookback
	if further.retentionTold {
		r.config.Retention = further.retention
	}
	for _, each := range r.tenants[:further.organizations] {
		r.config.Organizations = append(r.config.Organizations, jumpcloudreceiver.OrganizationConfig{ID: each.id})
	}
}

// random decides the waits by the time: whatever else happens on that moment, in whatever order,
// changes nothing.
func (r *run) random() float64 {
	return rand.New(rand.NewPCG(r.plan.seed, uint64(time.Now().UnixNano()))).Float64()
}

func (r *run) run() result {
	timed := r.timed()
	r.happen(timed[:pastActions(timed)])
	r.process.trouble(r.plan.world.troubled)
	r.begin()
	r.wait(calm)
	r.process.trouble(true)
	for _, next := range timed[pastActions(timed):] {
		r.wait(moment(next))
		r.happen([]action{next})
	}
	left, _ := r.stall.left()
	r.wait(r.now() + left + r.plan.world.pollInterval + slowStep)
	r.process.trouble(false)
	r.api.Heal()
	r.wait(r.now() + r.settled())
	for patience := r.now() + time.Hour; !r.complete() && r.now() < patience; {
		r.wait(r.now() + time.Minute)
	}
	late := append(r.probe(), r.judgePace()...)
	r.end()
	came := r.result()
	came.violations = append(came.violations, late...)
	return came
}

// result judges the run.
func (r *run) result() result {
	came := result{steps: make(map[laneName]int), crashes: r.process.crashes, ambiguous: r.tenants.ambiguous(), events: r.made, journal: r.process.journal}
	for _, each := range r.tenants {
		came.violations = append(came.violations, each.oracle.judge(r, each)...)
		came.steps[each.network.name], came.steps[each.delivery.name] = each.network.count, each.delivery.count
		for _, count := range each.oracle.losses.events {
			came.dropped += count
		}
		came.gaps += len(each.oracle.losses.gaps)
	}
	came.violations = append(came.violations, r.judgeRequests()...)
	came.violations = append(came.violations, r.judgeWhatIsWritten()...)
	came.violations = append(came.violations, r.judgeMemory()...)
	came.violations = append(came.violations, r.judgeHaste()...)
	came.violations = append(came.violations, r.judgeReadings()...)
	return came
}

// settled is the time in which everything is delivered that was not, once there is no trouble: the
// longest wait after a failure, the last late event, two rescans, a backfill.
func (r *run) settled() time.Duration {
	settled := 3*r.config.RetryOnFailure.MaxInterval + r.config.MaxEventDelay + 2*r.plan.world.rescanInterval + 2*r.config.ClientConfig.Timeout
	for _, each := range r.tenants {
		for _, event := range r.api.Expected(each.id, r.from) {
			settled = max(settled, event.Visible.Sub(r.clock.now())+2*r.plan.world.rescanInterval)
		}
	}
	return settled
}

// complete says that nothing is missing. History is slow where the live events take nearly all the time.
func (r *run) complete() bool {
	return !slices.ContainsFunc(r.tenants, func(t *tenant) bool { return !t.oracle.complete(r, t) })
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
	case forbidden:
		return a.at
	case clockJumps:
		return a.at
	case answersStrangely:
		return a.at
	case delayChanges:
		return a.at
	case eventBreaks:
		return a.at
	case consumerStalls:
		return a.at
	default:
		return 0
	}
}

func (r *run) now() time.Duration { return time.Since(r.began) }

// wait lets time go on, and starts the process again where it crashes meanwhile.
func (r *run) wait(until time.Duration) {
	for r.now() < until {
		// The actions have moments of their own, see grid.
		end := (r.began.Add(until).UnixNano() + grid - 1) / grid * grid
		select {
		case <-time.After(time.Duration(end - time.Now().UnixNano())):
		case down := <-r.process.crashed:
			r.revive(down)
		}
	}
	synctest.Wait()
}

func (r *run) revive(down time.Duration) {
	r.stop()
	time.Sleep(down)
	r.idle += down
	r.begin()
}

// end stops the receiver in good order.
func (r *run) end() {
	r.process.stops()
	r.stop()
}

// begin starts the receiver, again where it can't read its storage, as a supervisor would.
func (r *run) begin() {
	for {
		r.process.starts()
		for _, each := range r.tenants {
			each.offered = time.Time{}
			each.oracle.pace.begin()
		}
		wired := &parts{
			network: &plannedNetwork{tenants: r.tenants, api: r.api.RoundTripper(), apart: r.plan.apart, began: r.began, pollInterval: r.plan.world.pollInterval},
			storage: r.storage,
			next:    &plannedConsumer{tenants: r.tenants, stall: &r.stall, pipelines: r.plan.further.pipelines, giveUp: r.plan.further.giveUp},
		}
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
		case down := <-r.process.crashed:
			time.Sleep(down)
		case <-time.After(time.Second):
		}
	}
}
