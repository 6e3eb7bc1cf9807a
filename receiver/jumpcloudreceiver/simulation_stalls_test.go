// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// consumerStalls makes the consumer take nothing for a time: a call blocks for as long as each says, or until
// the end, and refuses where the end has not come.
type consumerStalls struct {
	at, lasts, each time.Duration
}

func (a consumerStalls) String() string {
	return fmt.Sprintf("%7s  the consumer takes nothing for %s, a call blocks for %s", a.at.Round(time.Millisecond), a.lasts.Round(time.Second), a.each.Round(time.Second))
}

// drawStall makes the consumer take nothing until what it is offered is about as old as the API's memory,
// which is a day. Events happen all the time, most of them where that memory begins when the consumer is back.
func (p *plan) drawStall(d draw, end time.Duration) {
	if p.further.jumping > 0 {
		return
	}
	if p.further.retention == 0 {
		p.further.retention, p.further.retentionTold = 24*time.Hour, d.chance(0.5)
	}
	stall := consumerStalls{at: d.duration(calm, end), lasts: d.duration(20*time.Hour, 60*time.Hour), each: d.duration(5*time.Minute, 3*time.Hour)}
	if d.chance(0.5) {
		stall.lasts = p.further.retention + d.duration(-10*time.Minute, 10*time.Minute)
	}
	if d.chance(0.4) {
		stall.each = stall.lasts
	}
	p.add(stall)
	edge := max(0, stall.lasts-p.further.retention)
	for range 5 + d.IntN(40) {
		happening := eventsHappen{at: stall.at, moment: stall.at + d.duration(0, stall.lasts), count: 1 + d.IntN(20), delay: 1}
		if d.chance(0.6) {
			happening.moment = stall.at + max(0, edge+d.duration(-5*time.Minute, 5*time.Minute))
		}
		if d.chance(0.3) {
			happening.delay = d.duration(0, p.world.maxEventDelay)
		}
		p.add(happening)
	}
}

// stall is when the consumer takes something again, and how long a call blocks until then.
type stall struct {
	mu    sync.Mutex
	until time.Time
	each  time.Duration
}

func (s *stall) begins(lasts, each time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until, s.each = time.Now().Add(lasts), each
}

func (s *stall) left() (left, each time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(0, time.Until(s.until)), s.each
}

// blocks waits as long as a call of the consumer blocks now, and reports whether it refuses then.
func (s *stall) blocks(ctx context.Context) (refuses bool) {
	left, each := s.left()
	if left == 0 {
		return false
	}
	return !sleepFor(ctx, min(left, each)) || left > each
}
