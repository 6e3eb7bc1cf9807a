// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// mostResponse is the largest answer that a receiver of the simulation reads, in bytes.
const mostResponse = 1 << 20

// breakage is why an event can't be fetched whole.
type breakage string

const (
	// tooLarge: no answer with it is read, ever.
	tooLarge breakage = "is larger than any answer"
	// malformed: each page with it is no JSON.
	malformed breakage = "breaks its page"
	// refusedByGateway: what stands before the API carries no page with it.
	refusedByGateway breakage = "is refused by a gateway"
)

// eventBreaks adds an event that can't be fetched whole: for a time, or for good where it is too large.
type eventBreaks struct {
	eventsHappen
	how   breakage
	lasts time.Duration
}

func (a eventBreaks) String() string {
	return fmt.Sprintf("%s, the last of which %s, until %s later", a.eventsHappen, a.how, a.lasts.Round(time.Millisecond))
}

// drawBroken adds one event or two that can't be fetched whole, some on a millisecond with others. An event
// without an id or a time would not be known again by what is left of it.
func (p *plan) drawBroken(d draw, end time.Duration) {
	lacking := func(a action) bool {
		happening, happens := a.(eventsHappen)
		answer, strange := a.(answersStrangely)
		return happens && happening.form != complete || strange && strangeKinds[answer.kind].name == "ids are left out of light pages"
	}
	// Nor is it passed by where the API's clock is set back behind it.
	if p.further.jumping > 0 || slices.ContainsFunc(p.actions, lacking) {
		return
	}
	for range 1 + d.IntN(2) {
		at := d.duration(calm, end)
		broken := eventBreaks{
			eventsHappen: eventsHappen{at: at, moment: at, count: 1 + d.IntN(1+d.IntN(30)), organization: d.IntN(max(1, p.further.organizations))},
			how:          []breakage{tooLarge, malformed, refusedByGateway}[d.IntN(3)], lasts: d.duration(0, 5*time.Minute),
		}
		switch {
		case d.chance(0.3):
			broken.delay = d.duration(0, p.world.maxEventDelay)
		case d.chance(0.1):
			broken.moment += d.duration(0, 10*time.Minute)
		case d.chance(0.3) && p.world.lookback > 0 && !p.world.disorder:
			// By time nothing leads past it on pages that are out of order.
			broken.at, broken.moment = 0, -d.duration(0, p.world.lookback-time.Minute)
		}
		p.add(broken)
	}
}

// spoil adds the events, and makes the last of them one that can't be fetched whole.
func (r *run) spoil(a eventBreaks) {
	others := a.eventsHappen
	others.count--
	r.add(others)
	event, in := r.event(a.eventsHappen)
	at := event.Time.UTC().Format(time.RFC3339Nano)
	text := ""
	if a.how == tooLarge {
		text = strings.Repeat("x", mostResponse)
	}
	event.JSON = fmt.Appendf(nil, `{"id":%q,"service":"sso","text":%q,"timestamp":%q}`, event.ID, text, at)
	in.oracle.exists(event.ID, identity(event.ID, at))
	in.oracle.breaks(event.Time)
	r.api.Add(event)
	if a.how == tooLarge {
		return
	}
	r.inject(simulator.Fault{
		When:   func(q simulator.Request) bool { return q.Organization == in.id && q.Query.Fields == nil },
		Until:  r.clock.now().Add(a.lasts),
		Effect: simulator.Effect{Alter: a.how.alter([]byte(`"id":"` + event.ID + `",`))},
	})
}

// alter changes an answer that has a text.
func (b breakage) alter(text []byte) func(*simulator.Answer) {
	return func(answer *simulator.Answer) {
		switch {
		case !bytes.Contains(answer.Body, text):
		case b == malformed:
			answer.Body = bytes.Replace(answer.Body, text, append(slices.Clone(text), ','), 1)
		default:
			simulator.Status(http.StatusRequestEntityTooLarge, "too much").Alter(answer)
		}
	}
}

// thin are the records that have an id and a time only, since their events could not be fetched whole.
type thin struct {
	// broken are the milliseconds of events that can't be fetched whole.
	broken map[int64]bool
	// offered are the events that came thin, and whole those that came as they are.
	offered, whole map[string]bool
}

func newThin() thin {
	return thin{broken: make(map[int64]bool), offered: make(map[string]bool), whole: make(map[string]bool)}
}

// breaks notes that what is on a millisecond may come thin.
func (o *oracle) breaks(at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.thin.broken[at.UnixMilli()] = true
}

// came notes how the records of a batch came.
func (o *oracle) came(logs plog.Logs, batch []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	place := 0
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				how := o.thin.whole
				if _, marked := record.Attributes().Get("jumpcloud.oversize"); marked {
					how = o.thin.offered
					// What is dated ahead can't be asked for by its own time.
					if at := record.Timestamp().AsTime(); !o.thin.broken[at.UnixMilli()] && !at.After(o.clock.now()) {
						o.violated("%s of %s came without its content, and could be fetched whole", batch[place], at)
					}
				}
				how[batch[place]] = true
				place++
			}
		}
	}
}

// judgeThin checks that each event that came thin only is counted as a loss of its content, and no more are
// than came so.
func (o *oracle) judgeThin(r *run, t *tenant, counted int) {
	least := 0
	for mark := range o.thin.offered {
		if !o.thin.whole[mark] && o.losses.of[mark] == 0 && o.settled(mark) {
			least++
		}
	}
	most := len(o.thin.offered)*(1+r.process.crashes+r.restarts+t.delivery.ambiguous) + r.forgotten
	if counted < least || counted > most {
		o.violated("%d events came without their content, %d of them never whole, and %d are counted so", len(o.thin.offered), least, counted)
	}
}
