// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"time"
)

// further is what else a world may have. It is drawn from a source of its own, so that the plans of
// before stay what they were.
type further struct {
	// organizations is how many are named in the configuration; 0 is the API key's own.
	organizations int
	// pipelines take the events: 2 are a fan-out.
	pipelines int
	// retention is how far back the API answers; 0 is its default. The receiver is told so, or learns it.
	retention     time.Duration
	retentionTold bool
	// giveUp is the time after which a batch that is refused is given up; 0 is never.
	giveUp time.Duration
	// jumping is what the receiver's max_event_delay has to be longer where the API's clock is set:
	// as far as it is set back without a notice, and as long as an outage may keep a notice away.
	jumping time.Duration
}

// edge is where the API's memory begins, from the local time on, as far as the receiver may know it.
func (f further) edge(skew time.Duration) time.Duration {
	// A minute is the receiver's margin; where it takes the time for another than it is, and is
	// refused once more, it goes on by the hour.
	return skew - f.retention + time.Minute + time.Hour
}

// drawFurther draws a few of the things that not every world has.
func (p *plan) drawFurther(d draw, end time.Duration) {
	p.further.pipelines = 1
	p.drawSteps(d, laneName{network: true})
	if d.chance(0.25) {
		p.drawForms(d, end)
	}
	if d.chance(0.15) {
		p.drawOrganizations(d, end)
	}
	if d.chance(0.25) {
		p.further.pipelines = 2
	}
	if d.chance(0.12) {
		p.drawGivingUp(d)
	}
	switch {
	case d.chance(0.12):
		p.drawRetention(d, end)
	case d.chance(0.15):
		p.drawJumps(d, end)
	}
	if p.further.pipelines > 1 || d.chance(0.25) {
		p.drawRefusals(d)
	}
}

// drawForms adds events that lack what others have.
func (p *plan) drawForms(d draw, end time.Duration) {
	for range 1 + d.IntN(12) {
		at := d.duration(calm, end)
		lacking := eventsHappen{at: at, moment: at, count: 1 + d.IntN(6), form: []form{anonymous, undated, misdated, bare}[d.IntN(4)]}
		switch {
		case d.chance(0.3):
			lacking.delay = d.duration(0, p.world.maxEventDelay)
		case d.chance(0.1):
			lacking.moment += d.duration(0, 10*time.Minute)
		case d.chance(0.2) && p.world.lookback > 0:
			lacking.at, lacking.moment = 0, -d.duration(0, p.world.lookback-time.Minute)
		}
		p.add(lacking)
	}
}

// drawOrganizations adds one organization or two, with events, faults and an outage of their own.
func (p *plan) drawOrganizations(d draw, end time.Duration) {
	p.further.organizations = 2 + d.IntN(2)
	for organization := range p.further.organizations {
		if d.chance(0.4) {
			p.add(forbidden{at: d.duration(0, end), lasts: d.duration(0, time.Minute), organization: organization})
		}
		if organization == 0 {
			continue
		}
		for range d.IntN(10) {
			at := d.duration(calm, end)
			happening := eventsHappen{at: at, moment: at, count: 1 + d.IntN(60), organization: organization}
			if d.chance(0.3) {
				happening.delay = d.duration(0, p.world.maxEventDelay)
			}
			p.add(happening)
		}
		p.drawSteps(d, laneName{organization: organization})
		p.drawSteps(d, laneName{organization: organization, network: true})
	}
}

// drawGivingUp makes the receiver give up a batch after a time, and the consumer refuse for longer.
func (p *plan) drawGivingUp(d draw) {
	p.further.giveUp = d.duration(time.Second, 30*time.Second)
	for range 1 + d.IntN(4) {
		first := 1 + d.IntN(plannedSteps/4)
		for step := range 5 + d.IntN(15) {
			how := []outcome{fails, fails, fails, partial, mixed}[d.IntN(5)]
			p.add(stepFails{step: first + step, how: how, second: how, portion: d.Float64()})
		}
	}
}

// drawRefusals makes a pipeline refuse for good, or the second one anything.
func (p *plan) drawRefusals(d draw) {
	share := d.Float64() * 0.2
	for organization := range max(1, p.further.organizations) {
		for step := 1; step <= plannedSteps; step++ {
			if !d.chance(share) {
				continue
			}
			refusal := stepFails{
				lane: laneName{organization: organization}, step: step, portion: d.Float64(),
				how: []outcome{permanent, permanent, partialForGood, partial, fails, succeeds}[d.IntN(6)],
			}
			if p.further.pipelines > 1 {
				refusal.second = []outcome{succeeds, fails, permanent, partial, partialForGood, mixed}[d.IntN(6)]
			} else if refusal.how == succeeds {
				refusal.how = permanent
			}
			p.add(refusal)
		}
	}
}

// drawRetention makes the API forget what is older than a day, and the receiver be down for longer.
func (p *plan) drawRetention(d draw, end time.Duration) {
	p.further.retention, p.further.retentionTold = 24*time.Hour, d.chance(0.5)
	for range 1 + d.IntN(2) {
		stop := restart{at: d.duration(calm, end), down: d.duration(20*time.Hour, 60*time.Hour)}
		p.add(stop)
		for range d.IntN(40) {
			p.add(eventsHappen{
				at: stop.at - time.Millisecond, moment: stop.at + d.duration(0, stop.down), count: 1 + d.IntN(20),
				delay: 1 + d.duration(0, p.world.maxEventDelay),
			})
		}
	}
}

// drawJumps sets the API's clock: forward, or later back by so little that it may go unnoticed, or by
// much. Where it is set back and then forward, between two requests, nobody can know.
func (p *plan) drawJumps(d draw, end time.Duration) {
	p.further.jumping = 10 * time.Minute
	middle := d.duration(calm, end)
	for range 1 + d.IntN(3) {
		jump := clockJumps{at: d.duration(middle, end)}
		switch d.IntN(3) {
		case 0:
			jump.by = -d.duration(0, 30*time.Second)
			p.further.jumping -= jump.by
		case 1:
			jump.by = -d.duration(10*time.Minute, 30*time.Minute)
		default:
			jump = clockJumps{at: d.duration(calm, middle), by: d.duration(0, time.Hour)}
		}
		p.add(jump)
	}
}
