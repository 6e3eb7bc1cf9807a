// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

var (
	seeds     = flag.Int("seeds", 60, "number of seeds of the simulation")
	firstSeed = flag.Uint64("seed", 1, "first seed of the simulation")
)

// TestSimulation runs the receiver against everything that may go wrong at once, decided by a
// seed: late, tied and future events, faults of the API, a consumer that refuses or takes and
// yet fails, a storage that fails, tears or applies and yet fails, and crashes at any step. A
// failure names its seed; -seed N -seeds 1 runs it again.
func TestSimulation(t *testing.T) {
	for seed := *firstSeed; seed < *firstSeed+uint64(max(0, *seeds)); seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newSimulation(t, seed).run() })
		})
	}
}

// simulation is one run. What its plan decides at a step is drawn when the step is met.
type simulation struct {
	*collector
	// mu guards what the test's goroutine changes and the receiver's reads.
	mu sync.Mutex

	random  *rand.Rand
	durable *durableStorage
	// trouble says that faults happen; a run begins and ends without them.
	trouble bool
	// dead says that the process has crashed: what it still does has no effect.
	dead bool
	// crashAt is the step at which the process crashes, and step the number of steps so far.
	crashAt, step      int
	crashes, ambiguous int
	// largest is the number of records of the largest batch that was offered.
	largest int
	from    time.Time
	made    int
}

func newSimulation(t *testing.T, seed uint64) *simulation {
	s := &simulation{collector: newCollector(t), random: rand.New(rand.NewPCG(seed, 3))}
	s.api = simulator.New(simulator.Settings{Seed: seed, ShuffleTies: true, EndExclusive: s.chance(0.5), Gzip: s.chance(0.1), Latency: s.duration(0, 300*time.Millisecond)})
	s.durable = &durableStorage{values: make(map[string][]byte), plan: s}
	s.host.extensions[middlewareID] = inProcess{api: s.api}
	s.host.extensions[storageID] = s.durable
	s.sink.refuse = s.consume
	s.config.PollInterval = s.duration(3*time.Second, 15*time.Second)
	s.config.RescanInterval = s.config.PollInterval + s.duration(0, time.Minute)
	s.config.MaxEventDelay = s.duration(20*time.Second, 3*time.Minute)
	s.config.PageSize = 5 + s.random.IntN(100)
	s.config.RequestsPerSecond = 50
	s.config.RetryOnFailure.InitialInterval = time.Second
	s.config.RetryOnFailure.MaxInterval = 10 * time.Second
	s.from = time.Now()
	if s.chance(0.5) {
		s.backfill()
	}
	return s
}

func (s *simulation) chance(p float64) bool { return s.random.Float64() < p }

func (s *simulation) duration(low, high time.Duration) time.Duration {
	return low + time.Duration(s.random.Float64()*float64(high-low))
}

func (s *simulation) backfill() {
	lookback := s.duration(time.Hour, 50*time.Hour)
	s.from = time.Now().Add(-lookback).Add(time.Minute)
	s.config.Backfill.Lookback = lookback
	for range s.random.IntN(150) {
		s.event(s.from.Add(s.duration(0, lookback-time.Minute)), time.Time{}, 1+s.random.IntN(3))
	}
	s.event(s.from.Add(lookback/2).Truncate(time.Second), time.Time{}, s.random.IntN(200))
}

// event adds count events on one moment.
func (s *simulation) event(at, visible time.Time, count int) {
	for range count {
		s.made++
		s.api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: fmt.Sprintf("event-%d", s.made), Time: at, Visible: visible})
	}
}

func (s *simulation) run() {
	defer s.stop()
	s.start()
	if s.config.Backfill.Lookback == 0 {
		s.pass(15 * time.Second)
		s.from = time.Now()
	}
	var rounds int
	s.locked(func() { s.trouble, rounds = true, 10+s.random.IntN(40) })
	for range rounds {
		var wait time.Duration
		s.locked(func() {
			s.happen()
			wait = s.duration(0, 20*time.Second)
		})
		s.pass(wait)
		if s.dead {
			s.restart()
		}
	}
	s.locked(func() { s.trouble, s.crashAt = false, 0 })
	s.api.Heal()
	s.pass(2*s.config.MaxEventDelay + 5*time.Minute)
	s.check()
}

func (s *simulation) locked(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// happen lets events happen and faults begin.
func (s *simulation) happen() {
	now := time.Now()
	for range s.random.IntN(6) {
		at := now.Add(-s.duration(0, time.Second)).Truncate([]time.Duration{time.Nanosecond, time.Millisecond, time.Second}[s.random.IntN(3)])
		if at.Before(s.from) {
			continue
		}
		visible := time.Time{}
		if s.chance(0.3) {
			visible = at.Add(s.duration(0, s.config.MaxEventDelay))
		}
		if s.chance(0.05) {
			at, visible = now.Add(s.duration(0, 2*time.Hour)), time.Time{}
		}
		s.event(at, visible, 1+s.random.IntN(1+s.random.IntN(100)))
	}
	if s.chance(0.3) {
		effects := faultEffects()
		s.api.Inject(simulator.Fault{
			Skip: s.random.IntN(3), Times: 1 + s.random.IntN(5), Until: now.Add(s.duration(0, time.Minute)),
			Effect: effects[s.random.IntN(len(effects))],
		})
	}
	if s.crashAt == 0 && s.chance(0.15) {
		s.crashAt = s.step + 1 + s.random.IntN(20)
	}
}

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

// meets counts a step of the process, and is true where it crashes in it.
func (s *simulation) meets() bool {
	s.step++
	if s.step == s.crashAt {
		s.crashes++
		s.dead, s.crashAt = true, 0
	}
	return s.dead
}

// restart is what follows a crash, after a while.
func (s *simulation) restart() {
	s.stop()
	s.pass(s.duration(0, time.Minute))
	s.locked(func() { s.dead = false })
	s.start()
}

var errPlanned = errors.New("planned")

// consume decides what the next component does with a batch.
func (s *simulation) consume(logs plog.Logs) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.largest = max(s.largest, logs.LogRecordCount())
	before := s.chance(0.5)
	if s.meets() {
		if before {
			// The process dies after the consumer took the batch.
			s.take(logs)
		}
		s.sink.refuse = func(plog.Logs) error { return s.refuseDead(logs) }
		return errPlanned
	}
	switch {
	case !s.trouble || s.chance(0.8):
		return nil
	case s.chance(0.5):
		s.ambiguous++
		s.take(logs)
		return errPlanned
	default:
		return errPlanned
	}
}

// refuseDead keeps a dead process from delivering, until it was started again.
func (s *simulation) refuseDead(plog.Logs) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return errPlanned
	}
	s.sink.refuse = s.consume
	return nil
}

func (s *simulation) take(logs plog.Logs) {
	for _, id := range ids(logs) {
		s.sink.accepted[id]++
	}
}

// check is the oracle.
func (s *simulation) check() {
	again, accepted := 0, s.sink.counts()
	for _, event := range s.api.Expected("", s.from) {
		times := accepted[event.ID]
		require.Positive(s.t, times, "%s of %s, visible %s, is lost", event.ID, event.Time, event.Visible)
		again += times - 1
	}
	require.LessOrEqual(s.t, again, s.largest*(s.crashes+s.ambiguous))
	if s.crashes+s.ambiguous == 0 {
		require.Zero(s.t, again)
	}
	for _, request := range s.api.Requests() {
		require.False(s.t, request.Query.Start.After(request.At), "a request with a start in the future")
	}
	require.NotContains(s.t, s.logs.String(), canary)
	require.NotContains(s.t, s.logs.String(), "event-")
	for key, value := range s.durable.values {
		require.NotContains(s.t, key+string(value), canary)
		require.NotContains(s.t, string(value), "event-")
	}
	lost, err := s.telemetry.GetMetric("otelcol_receiver_jumpcloud_dropped")
	require.Error(s.t, err, "nothing was to be declared lost: %v", lost)
}
