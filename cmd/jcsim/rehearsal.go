// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// The faults of the live stream, which are no faults of an answer.
const (
	faultLate   = "late"
	faultFuture = "future"
)

const (
	// rehearsedLate is how late an event becomes visible: later than the example's max_event_delay.
	rehearsedLate = 90 * time.Second
	// rehearsedFuture is how far ahead an event is dated.
	rehearsedFuture = 24 * time.Hour
	// rehearsedSize is the largest page, in events, where larger ones are refused.
	rehearsedSize = 50
	// rehearsedCount is how many events too many are counted.
	rehearsedCount = 5
)

// answerFaults are what an answer can have, by the name that -fault and /rehearse take.
func answerFaults() map[string]simulator.Fault {
	return map[string]simulator.Fault{
		"401":       {Effect: simulator.Status(http.StatusUnauthorized, "rehearsed: the key is not known")},
		"403":       {Effect: simulator.Status(http.StatusForbidden, "rehearsed: the role may not read events")},
		"429":       {Effect: simulator.Status(http.StatusTooManyRequests, "rehearsed: too many requests", "Retry-After", "6")},
		"500":       {Effect: simulator.Status(http.StatusInternalServerError, "rehearsed: a server error")},
		"reset":     {Effect: simulator.Reset()},
		"hang":      {Effect: simulator.Hang()},
		"login":     {Effect: simulator.HTML()},
		"size":      {When: largePage, Effect: simulator.Status(http.StatusRequestEntityTooLarge, "rehearsed: the page is too large")},
		"count":     {When: countsEvents, Effect: simulator.Counts(func(right int) int { return right + rehearsedCount })},
		"uncounted": {When: countsEvents, Effect: simulator.Status(http.StatusNotFound, "rehearsed: no counts")},
	}
}

func largePage(request simulator.Request) bool {
	return strings.HasSuffix(request.Path, "/events") && request.Query.Limit > rehearsedSize
}

func countsEvents(request simulator.Request) bool { return !strings.HasSuffix(request.Path, "/events") }

// rehearsal switches faults on and off. It is safe for concurrent use.
type rehearsal struct {
	api *simulator.Simulator

	mu sync.Mutex
	on map[string]struct{}
}

func newRehearsal(api *simulator.Simulator) *rehearsal {
	return &rehearsal{api: api, on: make(map[string]struct{})}
}

// begin switches a fault on. The error names those that there are.
func (r *rehearsal) begin(name string) error {
	faults := answerFaults()
	fault, known := faults[name]
	if !known && name != faultLate && name != faultFuture {
		names := append(slices.Sorted(maps.Keys(faults)), faultFuture, faultLate)
		return fmt.Errorf("%q is no fault: there are %s", name, strings.Join(names, ", "))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, already := r.on[name]; already {
		return nil
	}
	r.on[name] = struct{}{}
	if known {
		r.api.Inject(fault)
	}
	return nil
}

// end switches all faults off.
func (r *rehearsal) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on = make(map[string]struct{})
	r.api.Heal()
}

func (r *rehearsal) names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.on))
}

// live changes an event that happens now.
func (r *rehearsal) live(generator *simulator.Generator, organization string, at time.Time) simulator.Event {
	r.mu.Lock()
	_, late := r.on[faultLate]
	_, future := r.on[faultFuture]
	r.mu.Unlock()
	if future {
		return generator.Event(organization, at.Add(rehearsedFuture))
	}
	event := generator.Event(organization, at)
	if late {
		event.Visible = at.Add(rehearsedLate)
	}
	return event
}

// ServeHTTP answers /rehearse: GET names the faults that are on, POST /rehearse/NAME switches one on, and DELETE all
// of them off.
func (r *rehearsal) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	switch request.Method {
	case http.MethodPost:
		if err := r.begin(request.PathValue("fault")); err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
	case http.MethodDelete:
		r.end()
	}
	_, _ = io.WriteString(w, "faults: "+strings.Join(r.names(), ", ")+"\n")
}

// handler serves the API, and the rehearsal beside it.
func (r *rehearsal) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/rehearse", r)
	mux.Handle("/rehearse/{fault}", r)
	mux.Handle("/", r.api)
	return mux
}
