// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
)

// mutation makes a receiver wrong by what surrounds it. It is called for each start of a
// process with the parts that this process is given.
type mutation func(r *run, p *parts)

// mutants are the mistakes that a receiver of this kind can make, by what they are called.
func mutants() map[string]mutation {
	return map[string]mutation{
		"no rescan":                              func(r *run, _ *parts) { r.config.RescanInterval = 1e4 * time.Hour },
		"the local clock is taken for the API's": func(_ *run, p *parts) { p.network = localClock{p.network} },
		"the delay is taken too small":           func(r *run, _ *parts) { r.config.MaxEventDelay = r.plan.world.maxEventDelay / 10 },
		"committed before it is consumed":        commitFirst,
		"a mixed error is taken for permanent":   func(_ *run, p *parts) { p.next = alwaysPermanent{p.next} },
		"ids are not stored":                     func(_ *run, p *parts) { p.storage = forgetful{p.storage} },
		"ids are pruned by the watermark":        func(r *run, p *parts) { p.storage = eager{p.storage, r.storage} },
		"a page out of order moves the start":    func(_ *run, p *parts) { p.network = sorted{p.network} },
		"it asks too often":                      func(r *run, _ *parts) { r.config.PollInterval = r.plan.world.pollInterval / 20 },
		"it asks too rarely":                     func(r *run, _ *parts) { r.config.PollInterval = 5 * r.plan.world.pollInterval },
		"events come without their content":      func(_ *run, p *parts) { p.next = thinned{p.next} },
	}
}

// mutantSeeds is within how many seeds each mutant has to be caught.
const mutantSeeds = 2000

// TestSimulation_CatchesEveryMutant makes the receiver wrong on purpose: what finds no mistake of a
// receiver that has one shows nothing of a receiver that has none. It prints how many seeds that took.
func TestSimulation_CatchesEveryMutant(t *testing.T) {
	names := slices.Sorted(maps.Keys(mutants()))
	caught := make([]string, len(names))
	t.Run("mutants", func(t *testing.T) {
		for n, name := range names {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for seed := uint64(1); seed <= mutantSeeds; seed++ {
					if came := simulate(t, newPlan(seed), mutants()[name]); len(came.violations) > 0 {
						caught[n] = fmt.Sprintf("%-40s caught by seed %d: %s", name, seed, came.violations[0])
						return
					}
				}
				t.Errorf("no seed of %d caught it", mutantSeeds)
			})
		}
	})
	t.Log("\n" + strings.Join(caught, "\n"))
}

// localClock puts the local time in the place of the API's.
type localClock struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (l localClock) RoundTrip(request *http.Request) (*http.Response, error) {
	began := time.Now()
	response, err := l.next.RoundTrip(request)
	if err == nil {
		response.Header.Set("Date", began.Add(2*time.Second).UTC().Format(http.TimeFormat))
	}
	return response, err
}

// deferred takes a batch at once and consumes it after the commit that follows.
type deferred struct {
	consumer.Logs
	storage.Client
	mu      sync.Mutex
	pending []plog.Logs
}

func commitFirst(_ *run, p *parts) {
	late := &deferred{Logs: p.next, Client: p.storage}
	p.next, p.storage = late, late
}

// ConsumeLogs implements consumer.Logs.
func (d *deferred) ConsumeLogs(_ context.Context, logs plog.Logs) error {
	kept := plog.NewLogs()
	logs.CopyTo(kept)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pending = append(d.pending, kept)
	return nil
}

// Batch implements storage.Client.
func (d *deferred) Batch(ctx context.Context, operations ...*storage.Operation) error {
	if err := d.Client.Batch(ctx, operations...); err != nil {
		return err
	}
	for _, logs := range d.take() {
		for d.Logs.ConsumeLogs(ctx, logs) != nil {
			if !sleepFor(ctx, time.Second) {
				return nil
			}
		}
	}
	return nil
}

func (d *deferred) take() []plog.Logs {
	d.mu.Lock()
	defer d.mu.Unlock()
	taken := d.pending
	d.pending = nil
	return taken
}

// alwaysPermanent makes an error permanent of which a part is.
type alwaysPermanent struct{ consumer.Logs }

// ConsumeLogs implements consumer.Logs.
func (a alwaysPermanent) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	err := a.Logs.ConsumeLogs(ctx, logs)
	if consumererror.IsPermanent(err) {
		return consumererror.NewPermanent(errPlanned)
	}
	return err
}

// thinned marks each record as one whose event could not be fetched whole.
type thinned struct{ consumer.Logs }

// ConsumeLogs implements consumer.Logs.
func (t thinned) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				record.Attributes().PutBool("jumpcloud.oversize", true)
			}
		}
	}
	return t.Logs.ConsumeLogs(ctx, logs)
}

// forgetful stores no ids.
type forgetful struct{ storage.Client }

// Batch implements storage.Client.
func (f forgetful) Batch(ctx context.Context, operations ...*storage.Operation) error {
	return f.Client.Batch(ctx, slices.DeleteFunc(slices.Clone(operations), func(o *storage.Operation) bool {
		return o.Type == storage.Set && strings.Contains(o.Key, "/delivered/")
	})...)
}

// eager removes ids as soon as the watermark has passed them.
type eager struct {
	storage.Client
	kept *plannedStorage
}

// Batch implements storage.Client.
func (e eager) Batch(ctx context.Context, operations ...*storage.Operation) error {
	err := e.Client.Batch(ctx, operations...)
	values := e.kept.snapshot()
	for key := range values {
		organization, name, ids := strings.Cut(key, "/delivered/")
		if !ids {
			continue
		}
		record, _ := readState(values[organization+"/state"])
		var hour int64
		_, _ = fmt.Sscan(name[:strings.IndexAny(name, "+/")], &hour)
		if (hour+1)*3600 < record.Content.State.Watermark.Unix() {
			e.kept.remove(key)
		}
	}
	return err
}

func (p *plannedStorage) remove(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.values, key)
}

// sorted hides that a page is out of order.
type sorted struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (s sorted) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := s.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, err
	}
	var events []json.RawMessage
	if json.Unmarshal(body, &events) == nil {
		slices.SortStableFunc(events, func(a, b json.RawMessage) int { return timestampOf(a).Compare(timestampOf(b)) })
		body, err = json.Marshal(events)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, err
}

func timestampOf(event json.RawMessage) time.Time {
	var fields struct{ Timestamp time.Time }
	_ = json.Unmarshal(event, &fields)
	return fields.Timestamp
}
