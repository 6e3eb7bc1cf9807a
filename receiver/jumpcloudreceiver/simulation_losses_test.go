// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// losses are what the receiver may lose where it says so.
type losses struct {
	// events counts by the reason what has to be counted as dropped, and of counts it by event.
	events, of map[string]int
	// gaps are the spans that the receiver declared.
	gaps []gap
	// announced are the records of gaps that came.
	announced []announcement
}

// gap is a span of time that is declared lost, and when it was.
type gap struct{ from, to, told time.Time }

func newLosses() losses {
	return losses{events: make(map[string]int), of: make(map[string]int)}
}

// spans says that an event is in a declared span.
func (l *losses) spans(event simulator.Event) bool {
	return slices.ContainsFunc(l.gaps, func(g gap) bool {
		return !event.Time.Before(g.from.Truncate(time.Millisecond)) && event.Time.Before(g.to)
	})
}

// unread are the times from which on events may become visible that a state knows nothing of: since the last
// rescan, or since the one that is under way. A date may be five minutes ahead.
func unread(state checkpoint.State) []time.Time {
	const ahead = 5 * time.Minute
	times := []time.Time{state.From}
	for _, rescanned := range []time.Time{state.Rescanned, state.Rescan.AsOf} {
		times = append(times, rescanned.Add(-state.MaxEventDelay-ahead))
	}
	return append(times, state.Watermark.Add(-ahead), state.Rescan.Position)
}

// judgeLosses checks that what is counted as lost is what is lost, neither more nor less.
func (o *oracle) judgeLosses(r *run, t *tenant) {
	counted := make(map[string]int)
	if metric, err := r.telemetry.GetMetric("otelcol_receiver_jumpcloud_dropped"); err == nil {
		for _, point := range metric.Data.(metricdata.Sum[int64]).DataPoints {
			if id, _ := point.Attributes.Value("organization"); id.AsString() == t.id {
				reason, _ := point.Attributes.Value("reason")
				counted[reason.AsString()] = int(point.Value)
			}
		}
	}
	o.judgeThin(r, t, counted["oversize"]+counted["unreadable"])
	delete(counted, "oversize")
	delete(counted, "unreadable")
	maps.DeleteFunc(counted, func(_ string, events int) bool { return events == 0 }) // counters begin at 0
	if !maps.Equal(counted, o.losses.events) {
		o.violated("%v events are lost, and %v are counted as dropped", o.losses.events, counted)
	}
	o.judgeGaps(r, t)
	o.judgeAnnouncements(r, t)
}

// judgeGaps checks the declared spans: each begins where everything before was delivered, and ends
// where the API's memory begins; the metric is their length; and what is told again was told by a
// process that ended before it could store it.
func (o *oracle) judgeGaps(r *run, t *tenant) {
	o.losses.gaps = r.gaps(t)
	length, counted := 0.0, 0.0
	for n, each := range o.losses.gaps {
		length += each.to.Sub(each.from).Seconds()
		known := slices.Clone(o.kept)
		for _, before := range o.losses.gaps[:n] {
			known = append(known, before.to)
		}
		if !slices.ContainsFunc(known, func(at time.Time) bool { return at.Sub(each.from).Abs() < time.Millisecond }) {
			o.violated("a gap begins at %s, where nothing was stored", each.from)
		}
		if edge := each.told.Add(r.plan.further.edge(r.plan.world.skew)); each.to.After(edge) {
			o.violated("a gap ends at %s, and the API knows what is after %s", each.to, edge)
		}
	}
	if metric, err := r.telemetry.GetMetric("otelcol_receiver_jumpcloud_gap"); err == nil {
		for _, point := range metric.Data.(metricdata.Sum[float64]).DataPoints {
			if id, _ := point.Attributes.Value("organization"); id.AsString() == t.id {
				counted = point.Value
			}
		}
	}
	if math.Abs(length-counted) > 0.001 {
		o.violated("gaps of %f s are told, and %f s are counted", length, counted)
	}
	if again, allowed := repeats(o.losses.gaps), r.process.crashes+r.restarts; again > allowed {
		o.violated("a gap is told %d times again, with %d ends of the process", again, allowed)
	}
}

// repeats is how many times a moment that was declared lost was declared again, at the most.
func repeats(gaps []gap) (most int) {
	for n, each := range gaps {
		// A moment that is in many spans is the start of one of them.
		again := 0
		for m, other := range gaps {
			if m != n && !each.from.Before(other.from) && each.from.Before(other.to) {
				again++
			}
		}
		most = max(most, again)
	}
	return most
}

// gaps reads the declared spans of an organization from the log.
func (r *run) gaps(t *tenant) (told []gap) {
	for line := range strings.Lines(r.logs.String()) {
		if !strings.Contains(line, "does not keep events of this time any more") {
			continue
		}
		var entry struct {
			TS, From, To float64
			Organization string
		}
		if err := json.Unmarshal([]byte(line), &entry); err == nil && entry.Organization == t.id {
			told = append(told, gap{from: seconds(entry.From), to: seconds(entry.To), told: seconds(entry.TS)})
		}
	}
	return told
}

func seconds(since float64) time.Time { return time.UnixMicro(int64(math.Round(since * 1e6))).UTC() }
