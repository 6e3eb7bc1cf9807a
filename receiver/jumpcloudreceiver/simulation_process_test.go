// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// errPlanned is what a step returns that the plan makes fail.
var errPlanned = errors.New("planned")

// outcome is how a step goes wrong.
type outcome string

const (
	// succeeds: the step does what it should.
	succeeds outcome = ""
	// fails: the step returns an error, after a portion of its effect.
	fails outcome = "fails"
	// mixed: of two pipelines one refuses for good and one for now. Other steps fail.
	mixed outcome = "fails in two ways"
	// partial: the consumer takes a portion and gives the rest back. Other steps fail.
	partial outcome = "is done in part"
	// permanent: the consumer refuses for good. Other steps fail.
	permanent outcome = "fails for good"
	// partialForGood: the consumer takes a portion and refuses the rest for good. Other steps fail.
	partialForGood outcome = "is done in part and fails for good"
	// slow: the step takes its time.
	slow outcome = "is slow"
	// crash: the process dies in the step, after a portion of its effect.
	crash outcome = "crashes"
	// dead: the process has crashed, and what it still does has no effect.
	dead outcome = "is dead"
)

// slowStep is how long a slow step takes.
const slowStep = 10 * time.Second

// grid is the time in nanoseconds between two moments of a lane: the steps of a lane are on moments
// of its own, so that no two lanes share one, and time alone decides what comes first.
const grid = 16

// process is the receiver's process as far as it may die.
type process struct {
	mu sync.Mutex
	// active says that trouble happens: a run begins and ends without. stopping says that the
	// receiver was told to stop.
	active, dead, stopping bool
	crashes                int
	// crashed is sent how long the process stays down.
	crashed chan time.Duration
	// journal has a line for each step where keeps is set.
	keeps   bool
	journal []string
}

func newProcess() *process {
	return &process{crashed: make(chan time.Duration, 1)}
}

func (p *process) trouble(active bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.active = active
}

// stops notes that the receiver was told to stop.
func (p *process) stops() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopping = true
}

// starts notes that a new process begins.
func (p *process) starts() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead, p.stopping = false, false
}

func (p *process) isStopping() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stopping
}

func (p *process) isDead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

func (p *process) note(l *lane, doing string, fault stepFails) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.keeps {
		p.journal = append(p.journal, fmt.Sprintf("%d %s %d: %s %s", time.Now().UnixNano(), l.name, l.count, doing, fault.how))
	}
}

// laneName says whose steps a lane has: an organization's requests, or what its consumer and its
// storage are asked. They may interleave, so each has a count and planned faults of its own.
type laneName struct {
	organization int
	network      bool
}

func (n laneName) String() string {
	if n.network {
		return fmt.Sprintf("request of %d", n.organization)
	}
	return fmt.Sprintf("delivery of %d", n.organization)
}

// lane counts steps and says what goes wrong in them. It is used by one goroutine at a time, but
// for what is read when a run is over.
type lane struct {
	name    laneName
	process *process
	planned map[int]stepFails
	count   int
	// troubled is told since when a step goes wrong.
	troubled func(from time.Time)
	// ambiguous counts calls that took data and yet returned an error.
	ambiguous int
	// unsettled says that the last write to the storage failed.
	unsettled bool
}

func newLane(p *process, name laneName, actions []action) *lane {
	l := &lane{name: name, process: p, planned: make(map[int]stepFails)}
	for _, planned := range actions {
		if fault, ok := planned.(stepFails); ok && fault.lane == name {
			l.planned[fault.step] = fault
		}
	}
	return l
}

// next counts a step and returns what goes wrong in it.
func (l *lane) next(doing string) stepFails {
	l.align()
	fault := l.draw()
	l.process.note(l, doing, fault)
	if fault.how != succeeds && !l.name.network {
		l.troubled(time.Now())
	}
	return fault
}

func (l *lane) draw() stepFails {
	l.process.mu.Lock()
	defer l.process.mu.Unlock()
	if l.process.dead {
		return stepFails{how: dead}
	}
	fault := stepFails{}
	if l.process.active {
		l.count++
		fault = l.planned[l.count]
	}
	if fault.how == crash {
		l.process.crashes++
		l.process.dead = true
		l.process.crashed <- fault.down
	}
	return fault
}

// align waits for the next moment of the lane. Moment 0 is that of the run's actions.
func (l *lane) align() {
	moment := int64(1 + 2*l.name.organization)
	if l.name.network {
		moment++
	}
	if wait := (moment - time.Now().UnixNano()%grid + grid) % grid; wait > 0 {
		time.Sleep(time.Duration(wait))
	}
}

// stopped notes that the process was stopped: a batch that the storage did not take in time comes again.
func (l *lane) stopped() {
	if l.unsettled {
		l.ambiguous++
	}
	l.unsettled = false
}
