// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// Fault makes the API behave wrongly for some requests.
type Fault struct {
	// When says which requests are met; nil is all of them.
	When func(Request) bool
	// Skip is how many of those are left alone first.
	Skip int
	// Times is how many are met after that; 0 is without end.
	Times int
	// Until ends the fault; zero is without end.
	Until time.Time

	Effect Effect
}

// Effect is what happens to a request. At most one of Instead and the others is set.
type Effect struct {
	// Instead answers in place of the API.
	Instead http.HandlerFunc
	// Query changes what was asked before it is answered.
	Query func(*Query)
	// Alter changes the answer before it is sent.
	Alter func(*Answer)
	// Send sends the answer in place of the ordinary way.
	Send func(http.ResponseWriter, *http.Request, *Answer)
}

// Faults are those that are on. They are safe for concurrent use.
type Faults struct {
	mu sync.Mutex
	on []*Fault
}

// Inject adds a fault. Of several that meet a request the first one takes effect.
func (f *Faults) Inject(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on = append(f.on, &fault)
}

// Heal ends every fault.
func (f *Faults) Heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on = nil
}

// meet returns what happens to a request.
func (f *Faults) meet(request Request) Effect {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, fault := range f.on {
		if !fault.Until.IsZero() && request.At.After(fault.Until) || fault.When != nil && !fault.When(request) {
			continue
		}
		if fault.Skip > 0 {
			fault.Skip--
			continue
		}
		if fault.Times > 0 {
			if fault.Times--; fault.Times == 0 {
				f.on = slices.Delete(f.on, i, i+1)
			}
		}
		return fault.Effect
	}
	return Effect{}
}

// ForOrganization meets the requests of one organization.
func ForOrganization(organization string) func(Request) bool {
	return func(r Request) bool { return r.Organization == organization }
}

// WithToken meets the requests that continue a run.
func WithToken(r Request) bool { return r.Query.SearchAfter != nil }
