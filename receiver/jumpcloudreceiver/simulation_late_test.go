// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
)

// lateSeeds is how many seeds of late events are run at most.
const lateSeeds = 200

// lateShares are the delays of late events, as shares of max_event_delay. What is above 1 is not promised.
var lateShares = []float64{0, 0.5, 0.9, 0.99, 1, 1.01, 1.5}

// lateWorld has the receiver's own defaults: what a user meets.
func lateWorld(d draw) world {
	return world{
		pollInterval: 30 * time.Second, rescanInterval: 5 * time.Minute, maxEventDelay: time.Hour, pageSize: 1000,
		latency: d.duration(0, 2*time.Second), skew: d.duration(-290*time.Second, 290*time.Second), endExclusive: d.chance(0.5),
	}
}

// latePlan has events of every delay over an hour, and nothing that goes wrong.
func latePlan(seed uint64) plan {
	d := draw{rand.New(rand.NewPCG(seed, 6))}
	p := plan{seed: seed, world: lateWorld(d)}
	for _, share := range lateShares {
		for range 20 {
			at := calm + d.duration(0, time.Hour)
			p.add(eventsHappen{at: at, moment: at, count: 1, delay: time.Duration(share * float64(p.world.maxEventDelay))})
		}
	}
	return p
}

// clocked notes when events were taken.
type clocked struct {
	consumer.Logs
	run *run
	at  map[string][]time.Time
}

// ConsumeLogs implements consumer.Logs.
func (c *clocked) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	offered := marks(logs)
	err := c.Logs.ConsumeLogs(ctx, logs)
	if err == nil {
		for _, mark := range offered {
			c.at[mark] = append(c.at[mark], c.run.clock.now())
		}
	}
	return err
}

// punctuality is what became of the events of one delay.
type punctuality struct {
	events, once, again, never int
	waits                      []time.Duration
}

// TestSimulation_LateEventsAreDeliveredOnceAtTheNextRescan measures how soon events are delivered that
// become visible late, with the default settings: within max_event_delay each is, once, at most a
// rescan_interval and a poll_interval after it can be found. What is later still is found by chance only.
func TestSimulation_LateEventsAreDeliveredOnceAtTheNextRescan(t *testing.T) {
	found := make([]punctuality, len(lateShares))
	var mu sync.Mutex
	all := make([]uint64, max(1, min(*seeds, lateSeeds)))
	for n := range all {
		all[n] = *firstSeed + uint64(n)
	}
	inParallel(t, all, func(t *testing.T, seed uint64) {
		p := latePlan(seed)
		var seen *clocked
		var of *run
		came := simulate(t, p, func(r *run, p *parts) {
			seen, of = &clocked{Logs: p.next, run: r, at: make(map[string][]time.Time)}, r
			p.next = seen
		})
		require.Empty(t, came.violations, "seed %d", seed)
		mu.Lock()
		defer mu.Unlock()
		for _, event := range of.api.Expected("", of.from) {
			share := max(0, event.Visible.Sub(event.Time)).Seconds() / p.world.maxEventDelay.Seconds()
			group := &found[slices.IndexFunc(lateShares, func(s float64) bool { return share-s < 1e-6 })]
			visible := event.Time
			if event.Visible.After(visible) {
				visible = event.Visible
			}
			group.add(seen.at[event.ID], visible)
		}
	})
	t.Logf("%d seeds\n%s", len(all), table(found))
	world := lateWorld(draw{rand.New(rand.NewPCG(0, 0))})
	for n, group := range found {
		if lateShares[n] <= 1 {
			assert.Equal(t, group.events, group.once, "late by %g", lateShares[n])
			// And the two requests of the rescan.
			assert.LessOrEqual(t, slices.Max(group.waits), world.rescanInterval+world.pollInterval+10*time.Second, "late by %g", lateShares[n])
		}
	}
}

// add takes the times at which an event was delivered that could be found from a time on.
func (p *punctuality) add(delivered []time.Time, visible time.Time) {
	p.events++
	switch len(delivered) {
	case 0:
		p.never++
		return
	case 1:
		p.once++
	default:
		p.again += len(delivered) - 1
	}
	p.waits = append(p.waits, delivered[0].Sub(visible))
}

func table(found []punctuality) string {
	var text strings.Builder
	text.WriteString("| visible after | events | delivered once | again | not delivered | half of them within | longest wait |\n|---|---|---|---|---|---|---|\n")
	for n, group := range found {
		slices.Sort(group.waits)
		half, longest := time.Duration(0), time.Duration(0)
		if count := len(group.waits); count > 0 {
			half, longest = group.waits[count/2].Round(time.Second), group.waits[count-1].Round(time.Second)
		}
		fmt.Fprintf(&text, "| %g L | %d | %d | %d | %d | %s | %s |\n", lateShares[n], group.events, group.once, group.again, group.never, half, longest)
	}
	return text.String()
}
