// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// The lease of a halted leader runs out. When it goes on, it does so as the leader that it was, and
// overwrites what the other one has stored since.
func TestFault_D10_HaltedLeaderThatGoesOnLosesNothing(t *testing.T) {
	elect(t, func(t *testing.T, f *fleet, a, b *replica) {
		a.elector.win()
		a.pass(5 * time.Second)
		from := time.Now()
		a.busy.deaf = true
		halted := a.block(2, 40*time.Second)
		add(a.collector, "before-", 2500)
		<-halted
		b.elector.win()
		b.pass(20 * time.Second)
		assert.Len(t, b.sink.counts(), 1500, "what was remembered does not come again")
		for i := range 40 {
			add(b.collector, fmt.Sprintf("both-%d-", i), 10)
			b.pass(time.Second)
		}
		lost, most := f.tally(from)
		assert.Zero(t, lost)
		assert.Equal(t, 2, most, "each of the two delivers it once")

		a.elector.lose()
		b.pass(10 * time.Second)
		alone := time.Now()
		add(b.collector, "alone-", 500)
		b.pass(time.Minute)
		f.requireOnce(alone)
		b.elector.lose()
		a.elector.win()
		later := time.Now()
		add(a.collector, "later-", 500)
		a.pass(time.Minute)
		f.requireOnce(later)
		lost, most = f.tally(from)
		assert.Zero(t, lost)
		assert.LessOrEqual(t, most, 3, "the lead that began with the mixed checkpoint may bring it once more")
	})
}

func TestFault_D10_OverlappingLeadersLoseNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for seed := range uint64(5) {
		elect(t, func(t *testing.T, f *fleet, a, b *replica) {
			random := rand.New(rand.NewPCG(seed, 10))
			a.elector.win()
			a.pass(5 * time.Second)
			from := time.Now()
			changes := 0
			live := func(seconds int) {
				for second := range seconds {
					f.happen(random, fmt.Sprintf("%d-%d-%d-", changes, seconds, second))
					a.pass(time.Second)
				}
			}
			for changes = range 5 {
				live(1 + random.IntN(20))
				b.elector.win()
				live(21 + random.IntN(20))
				a.elector.lose()
				live(42 + random.IntN(20))
				a, b = b, a
			}
			a.pass(2 * time.Minute)
			lost, most := f.tally(from)
			assert.Zero(t, lost)
			assert.LessOrEqual(t, most, 2, "each of the two delivers it once")
		})
	}
}
