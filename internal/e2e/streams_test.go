// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"net/http"
	"regexp"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/testkit"
)

// lokiExample runs examples/loki.yaml in front of a sink with Loki's rules.
func lokiExample(t *testing.T, api http.Handler, over string) (*testkit.Sink, *installation) {
	t.Helper()
	sink := testkit.NewSink(testkit.Loki())
	return sink, example(t, "loki.yaml", serve(t, api), serve(t, sink), hurried, over)
}

// readsADay is laid over an example, for history that takes some seconds.
const readsADay = "receivers:\n  jumpcloud:\n    page_size: 500\n    backfill:\n      lookback: 24h\n"

// TestLoki_HistoryAndLiveEventsArrive: Loki refuses what is an hour behind its stream.
func TestLoki_HistoryAndLiveEventsArrive(t *testing.T) {
	const first = "receivers:\n  jumpcloud:\n    backfill:\n      order: first\n"
	for name, test := range map[string]struct {
		example string
		over    []string
		// ways are the streams' ways of delivery, where they have one.
		ways []string
	}{
		"beside each other, in streams": {"loki.yaml", nil, []string{"history", "live"}},
		"beside each other, in the streams of docs/backends.md": {
			"victorialogs.yaml",
			[]string{backendSnippet(t, "streams"), "service:\n  pipelines:\n    logs:\n      processors: [resource/stream]\n"},
			[]string{"history", "live"},
		},
		"history first":                    {"loki.yaml", []string{first}, []string{"live"}},
		"history first, all in one stream": {"victorialogs.yaml", []string{first}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			from := time.Now().Add(-24 * time.Hour)
			api, sink := simulator.New(simulator.Settings{Latency: 20 * time.Millisecond}), testkit.NewSink(testkit.Loki())
			api.Add(simulator.NewGenerator(1, 0, 0).History("", from.Add(time.Minute), time.Now(), 20_000)...)
			collector := example(t, test.example, serve(t, api), serve(t, sink), append([]string{hurried, readsADay}, test.over...)...)
			for range 10 {
				before := sink.Total()
				api.Add(simulator.NewGenerator(uint64(before)+2, 0, 0).Event("", time.Now()))
				require.Eventually(t, func() bool { return sink.Total() > before }, enough, often, collector.output)
			}
			requireArrived(t, sink, api.Expected("", from), collector)
			collector.signal(syscall.SIGTERM)
			assert.Equal(t, test.ways, ways(sink), "%v", sink.Streams())
		})
	}
}

// ways are the ways of delivery that a sink's streams are of, each once, without late events.
func ways(sink *testkit.Sink) (found []string) {
	for stream := range sink.Streams() {
		way := regexp.MustCompile(`service_instance_id="(live|history)"`).FindStringSubmatch(stream)
		if len(way) > 1 && !slices.Contains(found, way[1]) {
			found = append(found, way[1])
		}
	}
	slices.Sort(found)
	return found
}

// TestLoki_OrganizationThatComesBackArrives: hours behind another one, which was read meanwhile.
func TestLoki_OrganizationThatComesBackArrives(t *testing.T) {
	var behind atomic.Int64
	behind.Store(int64(5 * time.Hour))
	api := simulator.New(simulator.Settings{Now: func() time.Time { return time.Now().Add(-time.Duration(behind.Load())) }})
	const over = "receivers:\n  jumpcloud:\n    organizations:\n      - id: acme\n      - id: other\n"
	sink, collector := lokiExample(t, api, over)
	await(t, func() bool { return polled(api, "acme") > 3 && polled(api, "other") > 3 }, collector)
	collector.signal(syscall.SIGTERM)

	behind.Store(0)
	from := time.Now().Add(-4 * time.Hour)
	var expected []simulator.Event
	for i, organization := range []string{"acme", "other"} {
		events := simulator.NewGenerator(uint64(i)+1, 0, 0).History(organization, from, time.Now(), 2_000)
		api.Add(events...)
		expected = append(expected, events...)
	}
	api.Inject(simulator.Fault{When: func(r simulator.Request) bool { return r.Organization == "other" }, Effect: simulator.Status(http.StatusForbidden, "")})
	collector.start()
	acme := func(event simulator.Event) bool { return event.Organization != "acme" }
	await(t, func() bool {
		missing, _, _ := whatArrived(sink, slices.DeleteFunc(slices.Clone(expected), acme))
		return missing == 0
	}, collector)
	api.Heal()
	requireArrived(t, sink, expected, collector)
	collector.signal(syscall.SIGTERM)
}

// polled is how often an organization was asked for. The first answers are stored before the next ones are asked for.
func polled(api *simulator.Simulator, organization string) (times int) {
	for _, request := range api.Requests() {
		if request.Organization == organization {
			times++
		}
	}
	return times
}

// late is an event that happened before the newest of those that were delivered.
func late(id string, by time.Duration) simulator.Event {
	events := padded(id, 1, 10, time.Now().Add(-by))
	return events[0]
}

// TestLoki_EventsThatAreLate: one by more than an hour arrives where it is not behind another late one by
// more than that. What Loki refuses nevertheless is told.
func TestLoki_EventsThatAreLate(t *testing.T) {
	for name, test := range map[string]struct {
		late    []time.Duration
		refused int
	}{
		"by an hour and a half":                    {[]time.Duration{90 * time.Minute}, 0},
		"by half an hour, and then by ten minutes": {[]time.Duration{30 * time.Minute, 10 * time.Minute}, 0},
		"by a minute, and then by two hours":       {[]time.Duration{time.Minute, 2 * time.Hour}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			api := simulator.New(simulator.Settings{})
			history := simulator.NewGenerator(1, 0, 0).History("", time.Now().Add(-170*time.Minute), time.Now(), 100)
			sink, collector := lokiExample(t, api, "receivers:\n  jumpcloud:\n    max_event_delay: 3h\n    backfill:\n      lookback: 3h\n")
			api.Add(history...)
			await(t, func() bool { missing, _, _ := whatArrived(sink, history); return missing == 0 }, collector)
			now := padded("now", 1, 10, time.Now())
			api.Add(now...)
			await(t, func() bool { missing, _, _ := whatArrived(sink, now); return missing == 0 }, collector)
			for i, by := range test.late {
				event := late(string(rune('a'+i)), by)
				api.Add(event)
				await(t, func() bool {
					missing, _, _ := whatArrived(sink, []simulator.Event{event})
					return missing == 0 || len(sink.Refused()) > 0
				}, collector)
			}
			assert.Equal(t, test.refused, sink.Refused()["too_far_behind"])
			if test.refused > 0 {
				await(t, collector.printed("refused events for good"), collector)
			}
			collector.signal(syscall.SIGTERM)
		})
	}
}
