// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

var (
	historySize = flag.Int("history", 20_000, "how many events of history are read beside live ones")
	audits      = flag.Bool("audits", false, "also wait for audits, which are a minute apart at least")
)

// arrivals is a backend that knows how long after they happened live events arrived.
type arrivals struct {
	*backend

	mu       sync.Mutex
	happened map[string]time.Time
	delays   []time.Duration
}

func newArrivals(t *testing.T) *arrivals {
	a := &arrivals{backend: newBackend(t), happened: make(map[string]time.Time)}
	a.took = a.note
	return a
}

// note takes the delays of the live events that arrived for the first time.
func (a *arrivals) note(logs plog.Logs) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, id := range recordIDs(logs) {
		if at, live := a.happened[id]; live {
			a.delays = append(a.delays, time.Since(at))
			delete(a.happened, id)
		}
	}
}

func (a *arrivals) happens(event simulator.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.happened[event.ID] = event.Time
}

// percentiles are the median, the 99th percentile and the longest of the delays.
func (a *arrivals) percentiles() (median, high, longest time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	slices.Sort(a.delays)
	return a.delays[len(a.delays)/2], a.delays[len(a.delays)*99/100], a.delays[len(a.delays)-1]
}

// live makes ten events a second happen until ctx is done.
func (a *arrivals) live(ctx context.Context, api *simulator.Simulator) {
	generator := simulator.NewGenerator(2, 0, 0)
	ticks := time.NewTicker(100 * time.Millisecond)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case at := <-ticks.C:
			event := generator.Event("", at)
			a.happens(event)
			api.Add(event)
		}
	}
}

// TestHistoryIsProvenBesideLiveEvents reads a history beside ten live events a second, without a kill and with
// three. Live events come within two polls, all of it comes once, but for a batch for each kill, and one line says
// that all of the history was delivered.
func TestHistoryIsProvenBesideLiveEvents(t *testing.T) {
	const poll = 5 * time.Second
	for _, kills := range []int{0, 3} {
		t.Run(fmt.Sprint(kills, " kills"), func(t *testing.T) {
			from := time.Now().Add(-20 * time.Hour)
			api, sink := simulator.New(simulator.Settings{Gzip: true, ShuffleTies: true, Latency: 100 * time.Millisecond}), newArrivals(t)
			api.Add(simulator.NewGenerator(1, 0, 0).History("", from.Add(time.Minute), time.Now(), *historySize)...)
			collector := install(t, serve(t, api), sink.server.URL, fmt.Sprintf("poll_interval: %s\nbackfill:\n  lookback: 20h\n", poll))
			collector.quiet()
			ctx, stop := context.WithCancel(t.Context())
			var live sync.WaitGroup
			live.Go(func() { sink.live(ctx, api) })
			collector.start()
			for n := range kills {
				share := *historySize * (n + 1) / (kills + 1)
				require.Eventually(t, func() bool { return len(sink.ids()) > share }, 10*time.Minute, often, collector.output.String)
				collector.signal(syscall.SIGKILL)
				collector.start()
			}
			require.Eventually(t, func() bool { return strings.Contains(collector.output.String(), "History 20") }, 10*time.Minute, often, collector.output.String)
			stop()
			live.Wait()
			expected := api.Expected("", from)
			sink.complete(t, collector, expected)
			collector.signal(syscall.SIGTERM)

			_, again := sink.compare(expected)
			median, high, longest := sink.percentiles()
			t.Logf("%d events, 0 lost, %d again; live events: median %s, 99th percentile %s, longest %s, polls %s apart",
				len(expected), again, median.Round(10*time.Millisecond), high.Round(10*time.Millisecond), longest.Round(10*time.Millisecond), poll)
			t.Log(lineWith(collector.output.String(), "History 20"))
			assert.Contains(t, collector.output.String(), "events, all of them delivered")
			assert.Less(t, high, 2*poll)
			assert.LessOrEqual(t, again, kills*batch)
		})
	}
}

func lineWith(text, part string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return line
		}
	}
	return ""
}

// laterAPI is an API whose clock is set on while no collector runs.
type laterAPI struct {
	*simulator.Simulator
	behind atomic.Int64
}

func newLaterAPI(behind, retention time.Duration) *laterAPI {
	a := &laterAPI{}
	a.behind.Store(int64(behind))
	a.Simulator = simulator.New(simulator.Settings{Now: a.now, Retention: retention})
	return a
}

func (a *laterAPI) now() time.Time { return time.Now().Add(-time.Duration(a.behind.Load())) }

// catchUp sets the API's clock to the local one.
func (a *laterAPI) catchUp() { a.behind.Store(0) }

// TestEventsThatAppearFiveHoursLateAreFoundByTheAudit has max_event_delay at an hour: without an audit no event that
// appears after five hours is delivered, with one all are, each once.
func TestEventsThatAppearFiveHoursLateAreFoundByTheAudit(t *testing.T) {
	if !*audits {
		t.Skip("takes minutes: shows with -audits")
	}
	for depth, delivered := range map[string]int{"0s": 0, "24h": 200} {
		t.Run("audit of "+depth, func(t *testing.T) {
			api, sink := newLaterAPI(7*time.Hour, 0), newBackend(t)
			const delayed = "max_event_delay: 1h\naudit:\n  interval: 1m\n  depth: "
			collector := install(t, serve(t, api), sink.server.URL, "poll_interval: 1s\nrescan_interval: 2s\n"+delayed+depth+"\n")
			generator := simulator.NewGenerator(1, 0, 0)
			first := generator.Event("", api.now().Add(2*time.Second))
			api.Add(first)
			collector.start()
			require.Eventually(t, func() bool { return sink.ids()[first.ID] > 0 }, enough, often, collector.output.String)
			collector.signal(syscall.SIGTERM)

			api.catchUp()
			now := api.now()
			inTime := generator.History("", now.Add(-6*time.Hour), now, 2_000)
			api.Add(inTime...)
			collector.start()
			require.Eventually(t, func() bool { missing, _ := sink.compare(inTime); return missing == 0 }, enough, often, collector.output.String)

			late := generator.History("", now.Add(-5*time.Hour), now.Add(-4*time.Hour), 200)
			api.Add(late...)
			found := func() int { missing, _ := sink.compare(late); return len(late) - missing }
			appeared := time.Now()
			require.Eventually(t, func() bool {
				return found() == len(late) || time.Since(appeared) > 3*time.Minute
			}, enough+2*time.Minute, often, collector.output.String)
			_, again := sink.compare(append(inTime, late...))
			t.Logf("audit::depth %s: %d of %d events that appeared five hours late are delivered after %s, %d came again",
				depth, found(), len(late), time.Since(appeared).Round(time.Second), again)
			assert.Equal(t, delivered, found())
			assert.Zero(t, again)
			collector.signal(syscall.SIGTERM)
		})
	}
}

// TestOutagePastTheRetentionIsAnnouncedOnceByTheCollector refuses the record that announces the gap, kills the collector
// then, and takes it from the next one.
func TestOutagePastTheRetentionIsAnnouncedOnceByTheCollector(t *testing.T) {
	api, sink := newLaterAPI(72*time.Hour, 24*time.Hour), newBackend(t)
	var mu sync.Mutex
	var announced []plog.LogRecord
	sink.took = func(logs plog.Logs) {
		mu.Lock()
		defer mu.Unlock()
		announced = append(announced, gapsOf(logs)...)
	}
	collector := install(t, serve(t, api), sink.server.URL, fast+"retention: 24h\n")
	generator := simulator.NewGenerator(1, 0, 0)
	first := generator.Event("", api.now().Add(2*time.Second))
	api.Add(first)
	collector.start()
	require.Eventually(t, func() bool { return sink.ids()[first.ID] > 0 }, enough, often, collector.output.String)
	collector.signal(syscall.SIGKILL)
	down := api.now()

	sink.status.Store(http.StatusServiceUnavailable)
	api.catchUp()
	last := generator.Event("", api.now().Add(-time.Hour))
	api.Add(last)
	collector.start()
	require.Eventually(t, func() bool { return sink.refused.Load() > 1 }, enough, often, collector.output.String)
	collector.signal(syscall.SIGKILL)
	require.Empty(t, announced)

	sink.status.Store(0)
	collector.start()
	require.Eventually(t, func() bool { return sink.ids()[last.ID] > 0 }, enough, often, collector.output.String)
	collector.signal(syscall.SIGTERM)
	require.Len(t, announced, 1)
	from, to := bound(t, announced[0], "jumpcloud.gap.from"), bound(t, announced[0], "jumpcloud.gap.to")
	t.Logf("one record: from %s before the kill to %s before the next start", down.Sub(from).Round(time.Second), api.now().Sub(to).Round(time.Second))
	assert.WithinRange(t, from, down.Add(-10*time.Minute), down)
	assert.WithinDuration(t, api.now().Add(-24*time.Hour), to, 10*time.Minute)
}

// gapsOf returns the records that announce a gap.
func gapsOf(logs plog.Logs) (announced []plog.LogRecord) {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				if record.EventName() == "jumpcloud.receiver.gap" {
					announced = append(announced, record)
				}
			}
		}
	}
	return announced
}

func bound(t *testing.T, record plog.LogRecord, name string) time.Time {
	t.Helper()
	value, found := record.Attributes().Get(name)
	require.True(t, found, name)
	at, err := time.Parse(time.RFC3339Nano, value.Str())
	require.NoError(t, err)
	return at
}
