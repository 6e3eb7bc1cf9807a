// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"errors"
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
	// slow: the step takes its time.
	slow outcome = "is slow"
	// crash: the process dies in the step, after a portion of its effect.
	crash outcome = "crashes"
	// dead: the process has crashed, and what it still does has no effect.
	dead outcome = "is dead"
)

// slowStep is how long a slow step takes.
const slowStep = 10 * time.Second

// steps counts what the process does and says what goes wrong.
type steps struct {
	mu      sync.Mutex
	planned map[int]stepFails
	// active says that trouble happens: a run begins and ends without.
	active, dead       bool
	count              int
	crashes, ambiguous int
	// unsettled says that the last write to the storage failed.
	unsettled bool
	// crashed is sent how long the process stays down.
	crashed chan time.Duration
}

func newSteps(actions []action) *steps {
	s := &steps{planned: make(map[int]stepFails), crashed: make(chan time.Duration, 1)}
	for _, planned := range actions {
		if fault, ok := planned.(stepFails); ok {
			s.planned[fault.step] = fault
		}
	}
	return s
}

// next counts a step and returns what goes wrong in it.
func (s *steps) next() stepFails {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return stepFails{how: dead}
	}
	fault := stepFails{}
	if s.active {
		s.count++
		fault = s.planned[s.count]
	}
	if fault.how == crash {
		s.crashes++
		s.dead = true
		s.crashed <- fault.down
	}
	return fault
}

// took notes that a call took data and yet returned an error.
func (s *steps) took() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ambiguous++
}

// wrote notes whether a write to the storage succeeded.
func (s *steps) wrote(succeeded bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsettled = !succeeded
}

// stopped notes that the process was stopped: a batch that the storage did not take in time comes again.
func (s *steps) stopped() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unsettled {
		s.ambiguous++
	}
	s.unsettled = false
}

func (s *steps) revive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = false
}

func (s *steps) trouble(active bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active = active
}
