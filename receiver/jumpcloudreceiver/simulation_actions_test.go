// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// apiClock is the API's clock. It may be set while the API runs.
type apiClock struct {
	mu    sync.Mutex
	ahead time.Duration
	// peak is the latest time that it showed before it was set back.
	peak time.Time
}

func (c *apiClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *apiClock) jump(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now().Add(c.ahead); now.After(c.peak) {
		c.peak = now
	}
	c.ahead += by
}

// passed is the latest time that the clock has shown.
func (c *apiClock) passed() time.Time {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.peak.After(now) {
		return c.peak
	}
	return now
}

func (r *run) happen(actions []action) {
	for _, happening := range actions {
		switch a := happening.(type) {
		case eventsHappen:
			r.add(a)
		case apiFails:
			r.inject(simulator.Fault{
				Skip: a.skip, Times: a.times, Until: r.clock.now().Add(a.lasts),
				Effect: faultEffects()[a.effect],
			})
		case forbidden:
			r.inject(simulator.Fault{
				When: simulator.ForOrganization(r.tenants[a.organization].id), Until: r.clock.now().Add(a.lasts),
				Effect: simulator.Status(http.StatusForbidden, "Forbidden"),
			})
		case clockJumps:
			r.jump(a.by)
		case answersStrangely:
			r.answerStrangely(a)
		case delayChanges:
			r.changeDelay(a)
		case eventBreaks:
			r.spoil(a)
		case consumerStalls:
			r.stall.begins(a.lasts, a.each)
		case restart:
			r.restart(a.down)
		}
	}
}

func (r *run) restart(down time.Duration) {
	r.restarts++
	r.end()
	for _, each := range r.tenants {
		each.delivery.stopped()
	}
	time.Sleep(down)
	r.idle += down
	select {
	case <-r.process.crashed:
	default:
	}
	r.begin()
}

// jump sets the API's clock. Where it is set back, the receiver reads the last max_event_delay
// before it again, and may have forgotten what it delivered of it.
func (r *run) jump(by time.Duration) {
	r.clock.jump(by)
	if by > 0 {
		return
	}
	for _, each := range r.tenants {
		r.forgotten += len(r.api.Expected(each.id, r.clock.now().Add(-r.config.MaxEventDelay-5*time.Minute)))
	}
}

func (r *run) add(a eventsHappen) {
	for range a.count {
		event, in := r.event(a)
		in.oracle.exists(event.ID, a.form.shape(&event))
		if a.appearsAtOnce() {
			in.oracle.pace.appears(event.ID)
		}
		r.api.Add(event)
	}
}

// event makes the next event of those that happen, and returns whose it is.
func (r *run) event(a eventsHappen) (simulator.Event, *tenant) {
	// What happens now happens by the API's clock of now.
	at := r.began.Add(a.moment + r.clock.now().Sub(r.began) - r.now())
	visible := time.Time{}
	if a.delay > 0 {
		visible = at.Add(a.delay)
	}
	in := r.tenants[a.organization]
	r.made++
	return simulator.Event{
		Organization: in.id, Service: "sso", Type: "sso_auth", ID: fmt.Sprintf("event-%s%d", in.id, r.made), Time: at, Visible: visible,
	}, in
}

// shape makes an event lack what its form lacks, and returns what it is known by before it is hashed.
func (f form) shape(event *simulator.Event) (known string) {
	at := event.Time.UTC().Format(time.RFC3339Nano)
	fields := []string{fmt.Sprintf(`"event_type":%q`, event.Type)}
	if f != anonymous && f != bare {
		fields = append(fields, fmt.Sprintf(`"id":%q`, event.ID))
	} else {
		fields = append(fields, fmt.Sprintf(`"note":%q`, event.ID))
	}
	fields = append(fields, fmt.Sprintf(`"service":%q`, event.Service))
	switch f {
	case complete:
		return identity(event.ID, at)
	case anonymous:
		fields = append(fields, fmt.Sprintf(`"timestamp":%q`, at))
	case misdated:
		fields = append(fields, `"timestamp":"yesterday"`)
		at = "yesterday"
	case undated:
		at = ""
	case bare:
	}
	text := "{" + strings.Join(fields, ",") + "}"
	event.JSON = []byte(text)
	if f == anonymous || f == bare {
		return "\x00" + text
	}
	return identity(event.ID, at)
}

// judgeRequests checks that no request has a start in the future, but for those that were sent
// before the receiver could know that the API's clock was set back, and few that ask whether it was.
func (r *run) judgeRequests() (violations []string) {
	questions := 4 * len(r.tenants) * (2 + len(r.plan.actions) + r.process.crashes)
	jumps, troubles := 0, 1
	for _, each := range r.plan.actions {
		switch each := each.(type) {
		case clockJumps:
			if each.by < 0 {
				jumps++
			}
		case answersStrangely, apiFails:
			troubles++
		}
	}
	// Three answers have to agree. What fails by something else meanwhile tells no time, and is asked for again.
	allowed := 12 * len(r.tenants) * jumps * troubles
	for _, request := range r.api.Requests() {
		if !request.Query.Start.After(request.At.Add(r.plan.strange.ahead)) {
			continue
		}
		if request.Query.Limit == 1 && request.Query.Fields != nil {
			questions--
			continue
		}
		if allowed--; allowed < 0 {
			violations = append(violations, fmt.Sprintf("a request at %s with a start in the future: %s", request.At, request.Query.Start))
		}
	}
	if questions < 0 {
		violations = append(violations, "the API is asked for its time again and again")
	}
	return violations
}

func (r *run) judgeWhatIsWritten() (violations []string) {
	var all strings.Builder
	all.WriteString(r.logs.String())
	for key, value := range r.storage.snapshot() {
		all.WriteString(key)
		all.Write(value)
	}
	written := all.String()
	for _, secret := range []string{canary, "event-"} {
		if strings.Contains(written, secret) {
			violations = append(violations, fmt.Sprintf("%q is in a log line or in the storage", secret))
		}
	}
	return violations
}
