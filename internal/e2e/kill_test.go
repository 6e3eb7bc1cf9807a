// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

var (
	kills = flag.Int("kills", 30, "number of signals that the collector gets")
	seed  = flag.Uint64("seed", 1, "seed of what the kill harness decides; when the collector meets it differs from run to run")
)

// unhurried has an exporter that waits longer than any stop of the harness lasts, so that an
// answer is never thrown away unseen by the journal.
const unhurried = queueless + "timeout: 6s\n"

// massacre is one run of the kill harness.
type massacre struct {
	t         *testing.T
	random    *rand.Rand
	api       *simulator.Simulator
	generator *simulator.Generator
	journal   *journal
	collector *installation
	from      time.Time
	// healthy says that the API and the backend make no trouble beside the kills.
	healthy bool
	figures killFigures
}

// killFigures count the signals.
type killFigures struct {
	killed, terminated, stopped int
	// graceExpired are terminations that took longer than a batch is waited for.
	graceExpired int
	// unready are terminations before the collector listened to signals, which end it like a kill.
	unready int
}

// newMassacre has a history for each kill to interrupt.
func newMassacre(t *testing.T, seed uint64, kills int, exporter string) *massacre {
	t.Helper()
	m := bareMassacre(t, seed, kills)
	m.collector = installWith(t, serve(t, m.api), m.journal.server.URL, fast+"page_size: 2000\nbackfill:\n  lookback: 2h\n", exporter)
	return m
}

// bareMassacre has no collector yet.
func bareMassacre(t *testing.T, seed uint64, kills int) *massacre {
	t.Helper()
	m := &massacre{
		t:         t,
		random:    rand.New(rand.NewPCG(seed, 4)),
		api:       simulator.New(simulator.Settings{Seed: seed, Gzip: true, ShuffleTies: true, Latency: 5 * time.Millisecond}),
		generator: simulator.NewGenerator(seed, 0.1, 5*time.Second),
		journal:   newJournal(t, seed),
	}
	const lookback = 2 * time.Hour
	now := time.Now()
	m.from = now.Add(time.Minute - lookback)
	m.api.Add(m.generator.History("", m.from.Add(time.Second), now, min(200_000, 3_000*kills))...)
	return m
}

// run kills the collector so often, and then lets everything be delivered.
func (m *massacre) run(kills int, kinds ...syscall.Signal) {
	m.t.Helper()
	ctx, stop := context.WithCancel(m.t.Context())
	var live sync.WaitGroup
	live.Go(func() { m.live(ctx, 500) })
	m.journal.behave(!m.healthy, 50*time.Millisecond)
	m.collector.start()
	for range kills {
		m.kill(kinds[m.random.IntN(len(kinds))])
	}
	stop()
	live.Wait()
	m.journal.behave(false, 0)
	m.api.Heal()
}

// live lets events happen, so many a second.
func (m *massacre) live(ctx context.Context, rate int) {
	const tick = 20 * time.Millisecond
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case at := <-ticker.C:
			for range rate * int(tick) / int(time.Second) {
				m.api.Add(m.generator.Event("", at))
			}
		}
	}
}

// kill sends one signal, at a random moment or at a stage of a request, and starts the
// collector again where it ended.
func (m *massacre) kill(kind syscall.Signal) {
	m.t.Helper()
	if !m.healthy && m.random.Float64() < 0.3 {
		m.api.Inject(simulator.Fault{Times: 1 + m.random.IntN(3), Until: time.Now().Add(time.Second), Effect: m.effect()})
	}
	resume := m.moment()
	defer resume()
	began := time.Now()
	require.NoError(m.t, m.collector.command.Process.Signal(kind))
	switch kind {
	case syscall.SIGSTOP:
		m.figures.stopped++
		<-time.After(m.duration(200*time.Millisecond, 1500*time.Millisecond))
		require.NoError(m.t, m.collector.command.Process.Signal(syscall.SIGCONT))
		return
	case syscall.SIGKILL:
		m.figures.killed++
		require.Error(m.t, m.collector.command.Wait())
	default:
		m.figures.terminated++
		resume()
		m.ended(m.collector.command.Wait(), time.Since(began))
	}
	resume()
	<-time.After(m.duration(0, 200*time.Millisecond))
	m.collector.start()
}

// ended looks at how a collector ended that was asked to.
func (m *massacre) ended(err error, took time.Duration) {
	m.t.Helper()
	require.Less(m.t, took, 10*time.Second)
	if took >= poll.DeliverGrace {
		m.figures.graceExpired++
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled() {
		m.figures.unready++
		return
	}
	require.NoError(m.t, err, m.collector.output.String())
}

// moment waits for the time of a kill. A request that was met waits until resume is called.
func (m *massacre) moment() (resume func()) {
	limit := m.duration(0, 1200*time.Millisecond)
	if m.random.Float64() < 0.4 {
		<-time.After(limit)
		return func() {}
	}
	met := m.journal.meet(stage(m.random.IntN(int(stages))), m.random.IntN(8))
	select {
	case <-met.met:
	case <-time.After(limit + 2*time.Second):
	}
	return sync.OnceFunc(func() { close(met.resume) })
}

func (m *massacre) effect() simulator.Effect {
	effects := []simulator.Effect{
		simulator.Status(http.StatusServiceUnavailable, "busy"), simulator.Status(http.StatusTooManyRequests, "", "Retry-After", "1"),
		simulator.Reset(), simulator.ResetMidBody(), simulator.Truncate(1000), simulator.HTML(),
	}
	return effects[m.random.IntN(len(effects))]
}

func (m *massacre) duration(low, high time.Duration) time.Duration {
	return low + time.Duration(m.random.Float64()*float64(high-low))
}

// settle waits until nothing is missing, or nothing has come for a while, and ends the
// collector. It returns what every event came to.
func (m *massacre) settle(patience time.Duration) (events, lost, again int) {
	m.t.Helper()
	expected := m.api.Expected("", m.from)
	last, since := -1, time.Now()
	require.Eventually(m.t, func() bool {
		if records := m.journal.records(); records != last {
			last, since = records, time.Now()
		}
		if last >= len(expected) {
			lost, _, _ = m.journal.compare(expected)
			return lost == 0 || time.Since(since) > patience
		}
		return time.Since(since) > patience
	}, 10*time.Minute, 4*often)
	m.collector.signal(syscall.SIGTERM)
	lost, again, strangers := m.journal.compare(expected)
	assert.Zero(m.t, strangers, "ids that no event has")
	return len(expected), lost, again
}

// bound is the largest number of duplicates that is promised.
func (m *massacre) bound() int {
	return batch * (m.figures.killed + m.figures.unready + m.figures.graceExpired + m.journal.counted().ambiguous)
}

// check is what holds after any number of kills.
func (m *massacre) check() {
	m.t.Helper()
	began := time.Now()
	events, lost, again := m.settle(30 * time.Second)
	f, j := m.figures, m.journal.counted()
	m.t.Logf("%d signals: %d SIGKILL, %d SIGTERM (%d before the collector was ready, %d past the grace), %d SIGSTOP",
		f.killed+f.terminated+f.stopped, f.killed, f.terminated, f.unready, f.graceExpired, f.stopped)
	m.t.Logf("the backend stored %d batches, refused %d, let %d hang, stored %d without saying so", j.requests, j.refused, j.hanged, j.ambiguous)
	m.t.Logf("%d events, %d lost, %d duplicates of at most %d; delivered %s after the last signal",
		events, lost, again, m.bound(), time.Since(began).Round(100*time.Millisecond))
	assert.Zero(m.t, lost)
	assert.LessOrEqual(m.t, again, m.bound())
}

// TestFault_D3_KillsAtRandomLoseNothing kills, stops and halts the collector, while the API
// and the backend fail too.
func TestFault_D3_KillsAtRandomLoseNothing(t *testing.T) {
	m := newMassacre(t, *seed, *kills, unhurried)
	m.run(*kills, syscall.SIGKILL, syscall.SIGKILL, syscall.SIGKILL, syscall.SIGTERM, syscall.SIGTERM, syscall.SIGSTOP)
	m.check()
}

// TestFault_D11_ProcessThatRanOutOfMemoryLosesNothing: the kernel ends it with SIGKILL.
func TestFault_D11_ProcessThatRanOutOfMemoryLosesNothing(t *testing.T) {
	m := newMassacre(t, *seed+1, 3, unhurried)
	m.run(3, syscall.SIGKILL)
	m.check()
}
