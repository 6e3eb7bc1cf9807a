// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

const (
	// metHeader marks an answer that a fault has met.
	metHeader = "X-Simulation-Met"
	// mostRequests is the number of requests of an organization, beside four for each poll, from which on each one
	// takes a minute. No run needs so many, and one that loops ends sooner.
	mostRequests = 10_000
	// longestWait is how long the receiver waits at most after a failure, be it one that an operator has to mend.
	longestWait = 33 * time.Second
)

// pace is how often an organization's events are asked for, how it gets on, and how soon live events come.
type pace struct {
	mu sync.Mutex
	// asked counts requests, met those that failed or were answered otherwise than documented, and begun starts.
	asked, met, begun int
	// blocked is how long the consumer's calls blocked.
	blocked time.Duration
	// watermark is the latest that was stored.
	watermark time.Time
	// quiet is since when nothing went wrong and the watermark stood still, and stood is the longest such time.
	quiet time.Time
	stood time.Duration
	// appeared is when live events could first be found, and late is the longest time until one was taken.
	appeared map[string]time.Time
	late     time.Duration
}

// ask counts a request, and reports whether there are too many beside those for the polls until now.
func (p *pace) ask(polls int) (tooMany bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	return p.asked > mostRequests+4*polls
}

// meet counts a request that met a fault. live says that live events may wait for it, from a time until now.
func (p *pace) meet(from time.Time, live bool) {
	p.mu.Lock()
	p.met++
	p.mu.Unlock()
	if live {
		p.trouble(from)
	}
}

// trouble notes that something went wrong that live events may wait for, from a time until now.
func (p *pace) trouble(from time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.still(from)
	p.quiet = time.Now()
}

// block notes a call of the consumer that blocked, from a time until now: nothing is asked for meanwhile.
func (p *pace) block(from time.Time) {
	p.trouble(from)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blocked += time.Since(from)
}

// begin notes a start of the process.
func (p *pace) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun++
	p.quiet = time.Now()
}

// reached notes a watermark that was stored.
func (p *pace) reached(watermark time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if watermark.After(p.watermark) {
		p.still(time.Now())
		p.watermark, p.quiet = watermark, time.Now()
	}
}

func (p *pace) still(until time.Time) {
	p.stood = max(p.stood, until.Sub(p.quiet))
}

// appears notes that a live event can be found from now on.
func (p *pace) appears(mark string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.appeared == nil {
		p.appeared = make(map[string]time.Time)
	}
	p.appeared[mark] = time.Now()
}

// took notes that events were taken.
func (p *pace) took(batch []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, mark := range batch {
		if at, live := p.appeared[mark]; live {
			p.late = max(p.late, time.Since(at))
			delete(p.appeared, mark)
		}
	}
}

// inject adds a fault of the API whose answers are marked, where any comes.
func (r *run) inject(fault simulator.Fault) {
	if alter := fault.Effect.Alter; fault.Effect.Instead == nil {
		fault.Effect.Alter = func(answer *simulator.Answer) {
			if alter != nil {
				alter(answer)
			}
			answer.Header[metHeader] = []string{"1"}
		}
	}
	r.api.Inject(fault)
}

// met reports whether a request failed, or a fault has met its answer.
func met(response *http.Response, err error) bool {
	if err != nil {
		return true
	}
	marked := response.Header.Get(metHeader) != ""
	response.Header.Del(metHeader)
	return marked || response.StatusCode != http.StatusOK
}

// asksForLive reports whether live events may wait for more than the page that a request asks for: it is none
// of history, nor of a rescan where lanes fail apart from each other.
func asksForLive(request *http.Request, apart bool) bool {
	body, err := request.GetBody()
	if err != nil {
		return true
	}
	var query struct {
		End    string   `json:"end_time"`
		Fields []string `json:"fields"`
	}
	return json.NewDecoder(body).Decode(&query) != nil || query.End == "" && (!apart || query.Fields == nil)
}

// judgePace checks how often it was asked, and for how long nothing came.
func (r *run) judgePace() (violations []string) {
	for _, each := range r.tenants {
		p := &each.oracle.pace
		p.trouble(time.Now())
		bound := r.mostRequests(each)
		if p.asked > bound {
			violations = append(violations, fmt.Sprintf("%d requests, at most %d are due", p.asked, bound))
		}
		soon := 2*r.plan.world.pollInterval + r.longestPage()
		if r.plan.apart && p.late > soon {
			violations = append(violations, fmt.Sprintf("a live event waits for %s, at most %s are due", p.late, soon))
		}
		if !r.plan.apart {
			soon += longestWait + r.plan.strange.ahead
		}
		if p.stood > soon && r.plan.further.jumping == 0 {
			violations = append(violations, fmt.Sprintf("the watermark stands for %s, at most %s are due", p.stood, soon))
		}
	}
	return violations
}

// mostRequests is how many requests are due: twice of one for each poll and each start, of the pages of
// all events for each rescan, each start and each audit, and of one for each answer that was not as documented or
// was too large.
func (r *run) mostRequests(of *tenant) int {
	p, active, world := &of.oracle.pace, r.now()-r.idle-of.oracle.pace.blocked, r.plan.world
	passes := int(active/world.rescanInterval) + p.begun
	if r.plan.strange.audit > 0 {
		passes += int(active / r.plan.strange.audit)
	}
	pages := 1 + len(r.api.Expected(of.id, time.Time{}))/world.pageSize
	tooLarge := 0
	for _, request := range r.api.Requests() {
		if request.Organization == of.id && request.Size > mostResponse {
			tooLarge++
		}
	}
	return 30 + 2*(int(active/world.pollInterval)+p.begun+passes*pages+p.met+tooLarge)
}

// longestPage is how long a page of another lane may take, beside those of the live events.
func (r *run) longestPage() time.Duration {
	longest := 5*time.Second + 20*r.plan.world.latency
	if slices.ContainsFunc(r.plan.actions, hangs) {
		return longest + r.config.ClientConfig.Timeout
	}
	return longest
}
