// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver"
)

const (
	// comparedFor is how long events happen, and away how long a process is after its death.
	comparedFor = 3 * time.Hour
	away        = 45 * time.Second
	delay       = 10 * time.Minute
)

// script is what happens to a reader: each reader meets the same.
type script struct {
	events []simulator.Event
	// outages are when the API answers 503 only.
	outages [][2]time.Duration
	// deaths are how many pages or batches a reader has delivered when it dies of the last one.
	deaths []int
}

// write makes a script: a quiet directory with bursts that share a millisecond, clocks that are
// ahead, and events that become visible late, up to eight minutes.
func write(seed uint64, begin time.Time) script {
	random := rand.New(rand.NewPCG(seed, 6))
	duration := func(low, high time.Duration) time.Duration {
		return low + time.Duration(random.Float64()*float64(high-low))
	}
	var s script
	for at := begin.Add(time.Minute); at.Before(begin.Add(comparedFor)); at = at.Add(duration(0, 6*time.Second)) {
		event := simulator.Event{Service: "sso", Type: "sso_auth", Time: at}
		count := 1
		switch dice := random.Float64(); {
		case dice < 0.1:
			event.Visible = at.Add(duration(time.Second, 8*time.Minute))
		case dice < 0.12:
			event.Time = at.Truncate(time.Second)
			event.Visible = event.Time
			count = 20 + random.IntN(200)
		case dice < 0.125:
			event.Time, event.Visible = at.Add(duration(0, time.Minute)), at
		}
		if event.Visible.IsZero() {
			event.Visible = at
		}
		for range count {
			event.ID = fmt.Sprintf("event-%d", len(s.events))
			s.events = append(s.events, event)
		}
	}
	for range 3 {
		from := duration(0, comparedFor)
		s.outages = append(s.outages, [2]time.Duration{from, from + duration(time.Minute, 5*time.Minute)})
	}
	for last := 0; len(s.deaths) < 10; {
		last += 5 + random.IntN(30)
		s.deaths = append(s.deaths, last)
	}
	return s
}

// comparison is one reader's run through the script.
type comparison struct {
	api   *simulator.Simulator
	begin time.Time
	script

	mu      sync.Mutex
	times   map[string]int
	pages   int
	dead    bool
	crashes int
}

// compareReader runs a reader through the script in a bubble of its own.
func compareReader(t *testing.T, seed uint64, read func(*testing.T, *comparison)) (c *comparison) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c = &comparison{begin: time.Now(), times: make(map[string]int)}
		c.script = write(seed, c.begin)
		c.api = simulator.New(simulator.Settings{Seed: seed, ShuffleTies: true, Latency: 200 * time.Millisecond})
		c.api.Add(c.events...)
		for _, outage := range c.outages {
			from, until := c.begin.Add(outage[0]), c.begin.Add(outage[1])
			c.api.Inject(simulator.Fault{
				Until: until, Effect: simulator.Status(http.StatusServiceUnavailable, "busy"),
				When: func(r simulator.Request) bool { return r.At.After(from) },
			})
		}
		read(t, c)
	})
	return c
}

// take counts what was delivered. It is false where the process dies of it.
func (c *comparison) take(ids []string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		c.times[id]++
	}
	c.pages++
	if slices.Contains(c.deaths, c.pages) {
		c.dead = true
		c.crashes++
	}
	return !c.dead
}

// died says so once.
func (c *comparison) died() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.dead
	c.dead = false
	return was
}

func (c *comparison) end() time.Time { return c.begin.Add(comparedFor + 3*delay) }

// result counts what was lost, by its reason, and what came again.
func (c *comparison) result(t *testing.T, reader string) (lost, again int) {
	t.Helper()
	ties := make(map[time.Time]int)
	for _, event := range c.events {
		ties[event.Time.Truncate(time.Millisecond)]++
	}
	reasons := make(map[string]int)
	for _, event := range c.events {
		if c.times[event.ID] == 0 {
			lost++
			reasons[why(event, ties)]++
		}
		again += max(0, c.times[event.ID]-1)
	}
	t.Logf("%s: %d events, %d crashes: %d lost (%d late, %d that share a millisecond, %d others), %d duplicates",
		reader, len(c.events), c.crashes, lost, reasons["late"], reasons["tied"], reasons["other"], again)
	return lost, again
}

// TestNaivePollersLoseWhatTheReceiverDelivers runs three readers through the same script.
func TestNaivePollersLoseWhatTheReceiverDelivers(t *testing.T) {
	readNaively := func(choose func(*naive) func(context.Context)) func(*testing.T, *comparison) {
		return func(t *testing.T, c *comparison) {
			reader := &naive{client: &http.Client{Transport: c.api.RoundTripper()}, deliver: c.take, cursor: c.begin}
			reader.follow(t.Context(), c.end(), choose(reader), c.died)
		}
	}
	now := compareReader(t, *seed, readNaively(func(n *naive) func(context.Context) { return n.cursorIsNow }))
	last := compareReader(t, *seed, readNaively(func(n *naive) func(context.Context) { return n.cursorIsLast }))
	whole := compareReader(t, *seed, func(t *testing.T, c *comparison) { c.receive(t) })

	lost, _ := now.result(t, "cursor = now")
	assert.Positive(t, lost)
	lost, _ = last.result(t, "cursor = last timestamp + 1 ms")
	assert.Positive(t, lost)
	lost, again := whole.result(t, "receiver")
	assert.Zero(t, lost)
	assert.Positive(t, whole.crashes)
	assert.LessOrEqual(t, again, naivePage*whole.crashes, "a batch is no larger than a page")
}

// receive runs the receiver, each time until it dies.
func (c *comparison) receive(t *testing.T) {
	disk := newMemory()
	var running receiver.Logs
	crashed := make(chan struct{}, 1)
	start := func() {
		running = inProcess(t, c.api, disk, func(_ context.Context, logs plog.Logs) error {
			if disk.isDead() {
				return errDead
			}
			if !c.take(recordIDs(logs)) {
				disk.die(true)
				crashed <- struct{}{}
				return errDead
			}
			return nil
		}, func(config *jumpcloudreceiver.Config) {
			config.PollInterval, config.RescanInterval = naiveInterval, 5*time.Minute
			config.MaxEventDelay, config.PageSize = delay, naivePage
		})
	}
	over := time.After(time.Until(c.end()))
	for start(); ; {
		select {
		case <-over:
			require.NoError(t, running.Shutdown(t.Context()))
			return
		case <-crashed:
			require.NoError(t, running.Shutdown(t.Context()))
			<-time.After(away)
			c.died()
			disk.die(false)
			start()
		}
	}
}
