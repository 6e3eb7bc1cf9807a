// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

const (
	// calm is the time until trouble begins: the receiver has met the API and stored its state.
	calm = 2 * time.Second
	// plannedSteps is the number of steps for which faults are planned.
	plannedSteps = 400
)

// plan decides everything that happens in a run of the simulation.
type plan struct {
	seed    uint64
	world   world
	further further
	strange strange
	actions []action
	// apart says that nothing goes wrong but in lanes beside the live events.
	apart bool
}

// world is what stays as it is for a run.
type world struct {
	pollInterval, rescanInterval, maxEventDelay time.Duration
	// lookback is the length of the backfill; 0 is none.
	lookback time.Duration
	pageSize int
	latency  time.Duration
	// skew is how far the API's clock is ahead of the local one.
	skew                         time.Duration
	endExclusive, gzip, disorder bool
	// torn says that the storage may apply a part of a batch.
	torn bool
	// troubled says that trouble begins with the first start, and not after the calm.
	troubled bool
}

// action is one thing that happens in a run.
type action interface {
	fmt.Stringer
}

// eventsHappen adds count events on one moment, which become visible delay after it.
type eventsHappen struct {
	at, moment, delay time.Duration
	count             int
	form              form
	organization      int
}

// form is what an event lacks.
type form string

const (
	// complete: it has an id and a timestamp.
	complete form = ""
	// anonymous: it has no id.
	anonymous form = " without an id"
	// undated: it has no timestamp.
	undated form = " without a timestamp"
	// misdated: its timestamp is none.
	misdated form = " with a timestamp that is none"
	// bare: it has neither.
	bare form = " without id and timestamp"
)

// apiFails makes the API behave wrongly for some requests.
type apiFails struct {
	at, lasts           time.Duration
	effect, skip, times int
}

// restart stops the receiver in good order and starts it again.
type restart struct {
	at, down time.Duration
}

// forbidden makes the API refuse an organization.
type forbidden struct {
	at, lasts    time.Duration
	organization int
}

// clockJumps sets the API's clock, forward or back.
type clockJumps struct {
	at, by time.Duration
}

// stepFails makes a step of the receiver go wrong: a request, a call of the consumer, a read
// or a write of the storage.
type stepFails struct {
	lane laneName
	step int
	how  outcome
	// second is what the second pipeline does of a fan-out.
	second outcome
	// portion of the step's effect has happened nevertheless, from 0 to 1.
	portion float64
	// down is how long the process is down after a crash.
	down time.Duration
}

func (a eventsHappen) String() string {
	return fmt.Sprintf("%7s  %d events%s of %s, organization %d, visible after %s", a.at.Round(time.Millisecond), a.count, a.form, a.moment, a.organization, a.delay)
}

func (a apiFails) String() string {
	return fmt.Sprintf("%7s  fault %d of the API, after %d requests, for %d of them, until %s later",
		a.at.Round(time.Millisecond), a.effect, a.skip, a.times, a.lasts.Round(time.Millisecond))
}

func (a restart) String() string {
	return fmt.Sprintf("%7s  restart, down for %s", a.at.Round(time.Millisecond), a.down.Round(time.Millisecond))
}

func (a forbidden) String() string {
	return fmt.Sprintf("%7s  organization %d is forbidden, until %s later", a.at.Round(time.Millisecond), a.organization, a.lasts.Round(time.Millisecond))
}

func (a clockJumps) String() string {
	return fmt.Sprintf("%7s  the API's clock jumps by %s", a.at.Round(time.Millisecond), a.by)
}

func (a stepFails) String() string {
	return fmt.Sprintf("%s, step %3d  %s, %.2f of it happened, down for %s, the second pipeline %s",
		a.lane, a.step, a.how, a.portion, a.down.Round(time.Millisecond), a.second)
}

// draw draws what a plan is made of.
type draw struct{ *rand.Rand }

func (d draw) chance(p float64) bool { return d.Float64() < p }

func (d draw) duration(low, high time.Duration) time.Duration {
	return low + time.Duration(d.Float64()*float64(high-low))
}

// newPlan returns the plan of a seed.
func newPlan(seed uint64) plan {
	return drawPlan(seed, rand.NewPCG(seed, 3))
}

// drawPlan returns the plan that source decides; seed decides the API's choices, the waits, and what
// was thought of later.
func drawPlan(seed uint64, source rand.Source) plan {
	d := draw{rand.New(source)}
	p := plan{seed: seed, world: drawWorld(d)}
	end := calm + d.duration(30*time.Second, 150*time.Second)
	p.drawHistory(d)
	for at := calm; at < end; at += d.duration(0, 20*time.Second) {
		p.drawEvents(d, at)
		if d.chance(0.3) {
			p.add(apiFails{
				at: at, lasts: d.duration(0, time.Minute), effect: d.IntN(len(faultEffects())),
				skip: d.IntN(3), times: 1 + d.IntN(5),
			})
		}
		if d.chance(0.1) {
			p.add(restart{at: at, down: d.duration(0, 30*time.Second)})
		}
	}
	p.drawSteps(d, laneName{})
	p.drawFurther(draw{rand.New(rand.NewPCG(seed, 5))}, end)
	p.drawStrange(draw{rand.New(rand.NewPCG(seed, 7))}, end)
	p.drawRare(draw{rand.New(rand.NewPCG(seed, 9))}, end)
	return p
}

// drawRare draws what few worlds have.
func (p *plan) drawRare(d draw, end time.Duration) {
	if d.chance(0.1) {
		p.drawApart(d, end)
		return
	}
	if d.chance(0.2) {
		p.drawBroken(d, end)
	}
	if d.chance(0.1) {
		p.drawStall(d, end)
	}
}

func drawWorld(d draw) world {
	w := world{
		pollInterval:  d.duration(3*time.Second, 15*time.Second),
		maxEventDelay: d.duration(20*time.Second, 3*time.Minute),
		pageSize:      5 + d.IntN(100),
		latency:       d.duration(0, 300*time.Millisecond),
		endExclusive:  d.chance(0.5),
		gzip:          d.chance(0.05),
		disorder:      d.chance(0.3),
		torn:          d.chance(0.5),
	}
	w.rescanInterval = w.pollInterval + d.duration(0, time.Minute)
	if d.chance(0.5) {
		w.lookback = d.duration(time.Hour, 50*time.Hour)
	}
	if d.chance(0.5) {
		w.skew = d.duration(-290*time.Second, 290*time.Second)
	}
	return w
}

func (p *plan) add(a action) { p.actions = append(p.actions, a) }

// drawHistory adds events that a backfill finds.
func (p *plan) drawHistory(d draw) {
	if p.world.lookback == 0 {
		return
	}
	moment := func() time.Duration { return -d.duration(0, p.world.lookback-time.Minute) }
	for range d.IntN(100) {
		p.add(eventsHappen{moment: moment(), count: 1 + d.IntN(3)})
	}
	p.add(eventsHappen{moment: moment().Truncate(time.Second), count: d.IntN(200)})
}

func (p *plan) drawEvents(d draw, at time.Duration) {
	for range d.IntN(5) {
		happening := eventsHappen{at: at, moment: at - d.duration(0, time.Second), count: 1 + d.IntN(1+d.IntN(80))}
		happening.moment = happening.moment.Truncate([]time.Duration{time.Nanosecond, time.Millisecond, time.Second}[d.IntN(3)])
		switch {
		case d.chance(0.3):
			happening.delay = d.duration(0, p.world.maxEventDelay)
		case d.chance(0.05):
			happening.moment = at + d.duration(0, 2*time.Hour)
		}
		if happening.moment > calm/2 || p.world.lookback > 0 {
			p.add(happening)
		}
	}
}

// drawSteps plans crashes, a few, and failures, many or none.
func (p *plan) drawSteps(d draw, lane laneName) {
	crashes, failures := d.Float64()*0.03, d.Float64()*0.3
	if d.chance(0.2) {
		crashes = 0
	}
	if d.chance(0.3) {
		failures = 0
	}
	for step := 1; step <= plannedSteps; step++ {
		fault := stepFails{lane: lane, step: step, portion: d.Float64()}
		switch {
		case d.chance(crashes):
			fault.how, fault.down = crash, d.duration(0, time.Minute)
		case d.chance(failures):
			fault.how = []outcome{fails, fails, fails, mixed, partial, slow}[d.IntN(6)]
		default:
			continue
		}
		p.add(fault)
	}
}

// neverAnswers is the number of the effect that never answers.
const neverAnswers = 15

// faultEffects are the ways in which the API fails.
func faultEffects() []simulator.Effect {
	return []simulator.Effect{
		simulator.Status(400, "search_after is not valid"), simulator.Status(401, "Unauthorized"), simulator.Status(403, "Forbidden"),
		simulator.Status(429, "", "Retry-After", "3"), simulator.Status(500, ""), simulator.Status(503, "busy"),
		simulator.Redirect(302, "https://other.example.com/"), simulator.HTML(), simulator.Body("null"), simulator.Body("{}"), simulator.Body(`[{"id":`),
		simulator.Reset(), simulator.ResetMidBody(), simulator.ShortBody(), simulator.Truncate(10), simulator.Hang(), simulator.CorruptGzip(),
		simulator.Headers("X-Search_after", ""), simulator.Headers("X-Search_after", `[1,"same"]`), simulator.Headers("X-Result-Count", "7"),
		simulator.Headers("Date", ""), simulator.NoHeaders(), simulator.ClampLimit(3), simulator.DateSkew(-10 * time.Second),
	}
}
