// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// crashPoint is one crash in a run that has no other.
type crashPoint struct {
	lane    laneName
	step    int
	portion float64
	torn    bool
}

// TestSimulation_CrashAtEveryStep counts the steps of a run and runs it again for each of them,
// with a crash there: before the step's effect, in the midst of it, and after it.
func TestSimulation_CrashAtEveryStep(t *testing.T) {
	for _, p := range []plan{shortPlan(0), shortPlan(30 * time.Hour), variedPlan()} {
		came := simulate(t, p, nil)
		require.Empty(t, came.violations)
		points := came.crashPoints()
		inParallel(t, points, func(t *testing.T, point crashPoint) {
			crashing := p
			crashing.world.torn = point.torn
			crashing.actions = append(slices.Clone(p.actions), stepFails{lane: point.lane, step: point.step, how: crash, portion: point.portion, down: 3 * time.Second})
			came := simulate(t, crashing, nil)
			require.Equal(t, 1, came.crashes, "%+v", point)
			require.Empty(t, came.violations, "%+v", point)
		})
		t.Logf("%d steps, %d crashes, nothing lost", len(points)/4, len(points))
	}
}

// crashPoints are all the ways in which the process may die in a run of so many steps.
func (r result) crashPoints() (points []crashPoint) {
	for lane, steps := range r.steps {
		for step := 1; step <= steps; step++ {
			for _, portion := range []float64{0, 0.999} {
				points = append(points, crashPoint{lane: lane, step: step, portion: portion})
			}
			for _, portion := range []float64{0.35, 0.7} {
				points = append(points, crashPoint{lane: lane, step: step, portion: portion, torn: true})
			}
		}
	}
	return points
}

// shortPlan is a run with late, tied and future events and no trouble.
func shortPlan(lookback time.Duration) plan {
	p := plan{seed: 1, world: world{
		pollInterval: 4 * time.Second, rescanInterval: 18 * time.Second, maxEventDelay: 20 * time.Second,
		lookback: lookback, pageSize: 50, latency: 50 * time.Millisecond,
		// What is promised without a backfill begins with the first contact.
		troubled: lookback > 0,
	}}
	if lookback > 0 {
		for hour := range 24 {
			p.add(eventsHappen{moment: -time.Duration(hour) * time.Hour, count: 1 + hour*3%40})
		}
	}
	for second := range 20 {
		at := calm + time.Duration(second)*time.Second
		p.add(eventsHappen{at: at, moment: at, count: 1 + second*7%30})
		p.add(eventsHappen{at: at, moment: at - 300*time.Millisecond, delay: time.Duration(second) * time.Second, count: 2})
	}
	p.add(eventsHappen{at: calm + 5*time.Second, moment: time.Hour, count: 3})
	return p
}

// variedPlan is a short run of two organizations and two pipelines, with events that lack an id or a time.
func variedPlan() plan {
	p := plan{seed: 1, world: world{
		pollInterval: 4 * time.Second, rescanInterval: 9 * time.Second, maxEventDelay: 10 * time.Second, pageSize: 20, latency: 50 * time.Millisecond,
	}, further: further{organizations: 2, pipelines: 2}}
	for number, form := range []form{complete, anonymous, undated, misdated, bare} {
		at := calm + time.Duration(2*number)*time.Second
		p.add(eventsHappen{at: at, moment: at, count: 30, organization: number % 2})
		p.add(eventsHappen{at: at, moment: at, count: 3, form: form, organization: (number + 1) % 2})
		p.add(eventsHappen{at: at, moment: at, delay: 5 * time.Second, count: 3, form: form, organization: number % 2})
	}
	return p
}

// decided is a source of numbers that come from a fuzzer, and from another source after them.
type decided struct {
	decisions []byte
	after     rand.Source
}

// Uint64 implements rand.Source.
func (d *decided) Uint64() uint64 {
	if len(d.decisions) < 2 {
		return d.after.Uint64()
	}
	// Two bytes decide a number: its upper bits are what counts.
	number := binary.BigEndian.Uint16(d.decisions)
	d.decisions = d.decisions[2:]
	return uint64(number)<<48 | uint64(number)
}
