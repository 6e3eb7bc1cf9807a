// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	basePath      = "/insights/directory/v1/events"
	countPath     = basePath + "/count"
	intervalPath  = basePath + "/interval"
	distinctPath  = basePath + "/distinct"
	defaultLimit  = 1000
	maxLimit      = 10_000
	day           = 24 * time.Hour
	retentionDays = 90
)

// Settings of a simulator. The zero value is usable.
type Settings struct {
	// Now is the API's clock; nil is time.Now.
	Now func() time.Time
	// Seed decides every random choice: document ids, the order of ties, tokens.
	Seed uint64
	// Retention is how far back events are kept; a start before it is refused. 0 is 90 days.
	Retention time.Duration
	// TokenLifetime is how long a paging token is accepted; 0 is 5 minutes.
	TokenLifetime time.Duration
	// BindTokens accepts a paging token with the query that it was given for only.
	BindTokens bool
	// APIKeys maps a key to the organizations that it may read, the first of which is its own.
	// Nil accepts any key for every organization.
	APIKeys map[string][]string
	// Latency is waited for before an answer.
	Latency time.Duration
	// BodyTime passes between an answer's headers and the end of its body, which comes in pieces.
	BodyTime time.Duration
	// EndExclusive says that end_time excludes its own millisecond, which is not documented.
	EndExclusive bool
	// Gzip compresses answers for clients that accept it.
	Gzip bool
	// ShuffleTies draws the order of events on one millisecond anew for each first page.
	ShuffleTies bool
	// Disorder answers queries that have an end in an order that is not that of time, which the
	// API documents to do never.
	Disorder bool
}

// Event is one event of the simulated directory.
type Event struct {
	Organization string
	Service      string
	Type         string
	ID           string
	Time         time.Time
	// Visible is when the event can first be found; zero is at once.
	Visible time.Time
	// JSON is sent verbatim; nil is made from the other fields.
	JSON []byte
}

// Request is one request as it was received and answered.
type Request struct {
	At           time.Time
	Path         string
	APIKey       string
	Organization string
	Query        Query
	Status       int
	// Sent is the number of events in the answer, and Size their size in bytes before they are compressed.
	Sent, Size int
}

// received are the requests that came.
type received struct {
	mu       sync.Mutex
	requests []Request
}

func (r *received) record(request Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, request)
}

// Requests returns what was asked so far.
func (r *received) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

// Simulator is the API. It is safe for concurrent use.
type Simulator struct {
	Faults
	received
	settings Settings

	mu          sync.Mutex
	random      *rand.Rand
	indexes     map[string]*index
	services    map[string]struct{}
	answers     uint8
	bound       boundTokens
	projections projections
}

// New returns an API without events.
func New(settings Settings) *Simulator {
	if settings.Now == nil {
		settings.Now = time.Now
	}
	if settings.Retention == 0 {
		settings.Retention = retentionDays * day
	}
	if settings.TokenLifetime == 0 {
		settings.TokenLifetime = 5 * time.Minute
	}
	return &Simulator{
		settings: settings,
		random:   rand.New(rand.NewPCG(settings.Seed, 1)), //nolint:gosec // a simulation is reproduced by its seed
		indexes:  make(map[string]*index),
		services: knownServices(),
	}
}

// Add makes events findable, each from its Visible on.
func (s *Simulator) Add(events ...Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, event := range events {
		found := s.indexes[event.Organization]
		if found == nil {
			found = &index{}
			s.indexes[event.Organization] = found
		}
		if event.Service != "" {
			s.services[event.Service] = struct{}{}
		}
		if event.JSON == nil {
			event.JSON = event.encode()
		}
		found.add(document{milli: event.Time.UnixMilli(), id: s.random.Uint64(), event: event})
	}
}

// Expected returns the events of an organization from a time on, oldest first, visible or not.
func (s *Simulator) Expected(organization string, from time.Time) []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.indexes[organization]
	if found == nil {
		return nil
	}
	found.sort()
	var events []Event
	for _, document := range found.documents[found.from(from.UnixMilli()):] {
		if !document.event.Time.Before(from) {
			events = append(events, document.event)
		}
	}
	return events
}

// RoundTripper serves requests in process, without a listener.
func (s *Simulator) RoundTripper() http.RoundTripper {
	return &inProcess{handler: s}
}

func knownServices() map[string]struct{} {
	services := make(map[string]struct{})
	for _, name := range []string{
		"access_management", "alerts", "asset_management", "directory", "ldap", "mdm", "notifications",
		"object_storage", "password_manager", "radius", "reports", "saas_app_management", "software", "sso", "systems",
	} {
		services[name] = struct{}{}
	}
	return services
}
