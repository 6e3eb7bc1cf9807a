// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// strange is what the worlds of before had not. It is drawn from a source of its own, so that the
// plans of before stay what they were.
type strange struct {
	// bindTokens makes the API accept a token with its own query only.
	bindTokens bool
	// maxRecords and maxSize bound a batch; 0 is the default.
	maxRecords int
	maxSize    int64
	// audit is the time between two audits; 0 is no audit.
	audit time.Duration
	// depth is how far back it looks; 0 is two days.
	depth time.Duration
	// ahead is how far an answer's date may be ahead of the API's time.
	ahead time.Duration
}

// answersStrangely makes the API, or what stands before it, answer some requests in another way.
type answersStrangely struct {
	at, lasts time.Duration
	kind      int
	// size is a number of events, and by a time.
	size int
	by   time.Duration
}

func (a answersStrangely) String() string {
	return fmt.Sprintf("%7s  %s (%d, %s), until %s later", a.at.Round(time.Millisecond), strangeKinds[a.kind].name, a.size, a.by, a.lasts.Round(time.Millisecond))
}

// delayChanges starts the receiver again with a max_event_delay that is longer than the world's.
type delayChanges struct {
	at, longer time.Duration
}

func (a delayChanges) String() string {
	return fmt.Sprintf("%7s  restart with a max_event_delay that is %s longer", a.at.Round(time.Millisecond), a.longer)
}

func ofHistory(r simulator.Request) bool { return !r.Query.End.IsZero() }
func ofRescan(r simulator.Request) bool  { return r.Query.Fields != nil }
func ofTail(r simulator.Request) bool    { return !ofHistory(r) && !ofRescan(r) }

type strangeKind struct {
	name string
	make func(a answersStrangely) simulator.Fault
}

// strangeKinds are the ways of strange answers. Each makes a fault of its own.
var strangeKinds = []strangeKind{
	{"history fails", func(a answersStrangely) simulator.Fault { return simulator.Fault{When: ofHistory, Effect: failing(a)} }},
	{"rescans fail", func(a answersStrangely) simulator.Fault { return simulator.Fault{When: ofRescan, Effect: failing(a)} }},
	{"tails fail", func(a answersStrangely) simulator.Fault { return simulator.Fault{When: ofTail, Effect: failing(a)} }},
	{"large pages are refused", func(a answersStrangely) simulator.Fault {
		status := []int{http.StatusRequestEntityTooLarge, http.StatusBadGateway, http.StatusGatewayTimeout}[a.size%3]
		return simulator.Fault{
			When:   func(r simulator.Request) bool { return r.Query.Limit > 1+a.size%20 },
			Effect: simulator.Status(status, "too much"),
		}
	}},
	{"one server's clock is behind", func(a answersStrangely) simulator.Fault {
		var asked atomic.Int64
		return simulator.Fault{
			When:   func(simulator.Request) bool { return asked.Add(1)%2 == 0 },
			Effect: simulator.DateSkew(-a.by),
		}
	}},
	{"one date is far ahead", func(answersStrangely) simulator.Fault {
		return simulator.Fault{Times: 1, Effect: simulator.DateSkew(100 * 24 * time.Hour)}
	}},
	{"one date is ahead", func(a answersStrangely) simulator.Fault {
		return simulator.Fault{Times: 1, Effect: simulator.DateSkew(a.by)}
	}},
	{"there are no dates", func(answersStrangely) simulator.Fault {
		return simulator.Fault{Effect: simulator.Headers("Date", "")}
	}},
	{"fields are ignored", func(answersStrangely) simulator.Fault {
		return simulator.Fault{When: ofRescan, Effect: simulator.Effect{Query: func(q *simulator.Query) { q.Fields = nil }}}
	}},
	{wrongCounts, wrongCount},
	{"ids are left out of light pages", func(answersStrangely) simulator.Fault {
		return simulator.Fault{When: ofRescan, Effect: simulator.Effect{Query: func(q *simulator.Query) { q.Fields = []string{"timestamp"} }}}
	}},
}

func failing(a answersStrangely) simulator.Effect {
	return []simulator.Effect{
		simulator.HTML(), simulator.Hang(), simulator.Status(http.StatusServiceUnavailable, "busy"),
		simulator.Status(http.StatusBadRequest, "no"), simulator.Status(http.StatusNotFound, "gone"),
	}[a.size%5]
}

// apartKinds is how many of the ways, the first ones, are of another lane than the tail.
const apartKinds = 2

// hangs reports whether an action makes the API never answer.
func hangs(a action) bool {
	switch a := a.(type) {
	case apiFails:
		return a.effect == neverAnswers
	case answersStrangely:
		return a.size%5 == 1
	default:
		return false
	}
}

// drawStrange makes about half of the worlds strange.
func (p *plan) drawStrange(d draw, end time.Duration) {
	if d.chance(0.5) {
		return
	}
	p.strange.bindTokens = d.chance(0.3)
	if p.strange.audit = d.duration(time.Minute, 10*time.Minute); d.chance(0.5) {
		p.strange.audit = 0
	}
	if d.chance(0.3) {
		p.strange.maxRecords = 1 + d.IntN(100)
	}
	if d.chance(0.2) {
		p.strange.maxSize = int64(1000 + d.IntN(20_000))
	}
	for range d.IntN(4) {
		answer := answersStrangely{
			at: d.duration(calm, end), lasts: d.duration(0, 2*time.Minute), kind: d.IntN(len(strangeKinds)),
			size: d.IntN(60), by: d.duration(0, 40*time.Second),
		}
		if strangeKinds[answer.kind].name == "one date is ahead" {
			answer.by = d.duration(0, 4*time.Minute)
			p.strange.ahead = max(p.strange.ahead, answer.by)
		}
		if p.further.jumping > 0 && strangeKinds[answer.kind].name == "there are no dates" {
			continue // that the clock was set back meanwhile nobody can know
		}
		p.add(answer)
	}
	if d.chance(0.15) {
		p.drawCrashLoop(d, end)
	}
	if d.chance(0.15) {
		p.drawFleet(d, end)
	}
	if d.chance(0.2) {
		for range 1 + d.IntN(3) {
			p.add(delayChanges{at: d.duration(calm, end), longer: d.duration(0, 10*time.Minute)})
		}
	}
	p.drawWrongCounts(d)
}

// drawCrashLoop starts the receiver again and again, sooner than it rescans.
func (p *plan) drawCrashLoop(d draw, end time.Duration) {
	at := d.duration(calm, end)
	for range 3 + d.IntN(8) {
		p.add(restart{at: at, down: d.duration(0, time.Second)})
		at += d.duration(time.Second, p.world.rescanInterval)
	}
}

// drawFleet adds events of devices whose clocks are up to a year ahead.
func (p *plan) drawFleet(d draw, end time.Duration) {
	for range 1 + d.IntN(40) {
		at := d.duration(calm, end)
		p.add(eventsHappen{at: at, moment: at + d.duration(0, 365*24*time.Hour), count: 1 + d.IntN(12)})
	}
}

func (r *run) answerStrangely(a answersStrangely) {
	fault := strangeKinds[a.kind].make(a)
	fault.Until = r.clock.now().Add(a.lasts)
	r.inject(fault)
}

func (r *run) changeDelay(a delayChanges) {
	r.config.MaxEventDelay = r.plan.world.maxEventDelay + r.plan.further.jumping + a.longer
	r.restart(0)
}

// probe adds an event for each organization when all trouble is over, and wants it as soon as a poll may bring
// it: nothing that happened may have slowed the receiver down for good.
func (r *run) probe() (violations []string) {
	for number := range r.tenants {
		r.add(eventsHappen{at: r.now(), moment: r.now(), count: 1, organization: number})
	}
	r.wait(r.now() + r.config.PollInterval + 5*time.Second + 10*r.plan.world.latency)
	for _, each := range r.tenants {
		each.oracle.mu.Lock()
		if lost := each.oracle.missing(r, each); len(lost) > 0 {
			violations = append(violations, fmt.Sprintf("%d events are not there a poll after all trouble", len(lost)))
		}
		each.oracle.mu.Unlock()
	}
	return violations
}

// judgeMemory checks that no more ids are stored than events are ahead of what is forgotten.
func (r *run) judgeMemory() (violations []string) {
	values := r.storage.snapshot()
	for _, each := range r.tenants {
		prefix := "own/"
		if each.id != "" {
			prefix = "organization/" + each.id + "/"
		}
		state, err := readState(values[prefix+"state"])
		if err != nil {
			return []string{err.Error()}
		}
		from := state.Content.State.From.Truncate(time.Hour)
		if past := state.Content.State.Backfill; past.Compared.Before(past.End) && past.Compared.Before(from) && !past.Compared.IsZero() {
			from = past.Compared.Truncate(time.Hour)
		}
		needed := 0
		for _, event := range r.api.Expected(each.id, time.Time{}) {
			if !event.Time.Before(from) || !tellsTime(event) {
				needed++
			}
		}
		stored := make(map[[storedID]byte]struct{})
		for key, value := range values {
			if len(key) > len(prefix) && key[:len(prefix)] == prefix && key != prefix+"state" {
				for id := range slices.Chunk(idsOf(value), storedID) {
					stored[[storedID]byte(id)] = struct{}{}
				}
			}
		}
		if len(stored) > needed {
			violations = append(violations, fmt.Sprintf("%d ids are stored, and %d events are not forgotten", len(stored), needed))
		}
	}
	return violations
}

// tellsTime reports whether an event tells its time.
func tellsTime(event simulator.Event) bool {
	var read struct{ Timestamp time.Time }
	return json.Unmarshal(event.JSON, &read) == nil && !read.Timestamp.IsZero()
}

// mostRefusals is how many requests of an organization may be refused within a second: a page is asked for
// anew in every way that there is, each in up to three tries.
const mostRefusals = 6

// judgeHaste checks that what the API refuses is not asked for again and again at once.
func (r *run) judgeHaste() (violations []string) {
	if slices.ContainsFunc(r.plan.actions, func(a action) bool { jump, ok := a.(clockJumps); return ok && jump.by < 0 }) {
		return nil // the times of requests, which are the API's, are in no order
	}
	refused := make(map[string][]time.Time)
	for _, request := range r.api.Requests() {
		if request.Status < http.StatusBadRequest {
			continue
		}
		refused[request.Organization] = append(refused[request.Organization], request.At)
		times := refused[request.Organization]
		if n := len(times) - mostRefusals; n > 0 && times[len(times)-1].Sub(times[n-1]) < time.Second {
			return []string{fmt.Sprintf("more than %d requests are refused within a second, the last at %s", mostRefusals, request.At)}
		}
	}
	return nil
}
