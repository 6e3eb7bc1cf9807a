// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

const (
	// segmentTrailer and storedID are lengths in bytes in a stored segment of ids.
	segmentTrailer, storedID = 4, 16
)

// oracle watches the events of an organization and says what must not have happened.
type oracle struct {
	mu sync.Mutex
	// made are the events that exist, by their stored form.
	made map[[storedID]byte]string
	// accepted counts each event for each pipeline.
	accepted []map[string]int
	losses   losses
	thin     thin
	pace     pace
	// repeated is how many events came again after they were accepted or declared lost, for each pipeline.
	repeated []int
	// largest is the number of records in the largest batch that was offered.
	largest int
	// waiting and inFlight are the numbers of requests without headers, and with an open body or none yet.
	waiting, inFlight int

	clock *apiClock
	// ahead is how far an answer may be dated ahead.
	ahead time.Duration
	// kept are the times at which a gap may begin, by what was stored.
	kept       []time.Time
	violations []string
}

func newOracle(clock *apiClock, pipelines int) *oracle {
	o := &oracle{made: make(map[[storedID]byte]string), losses: newLosses(), thin: newThin(), repeated: make([]int, pipelines), clock: clock}
	for range pipelines {
		o.accepted = append(o.accepted, make(map[string]int))
	}
	return o
}

func (o *oracle) violated(format string, values ...any) {
	o.violations = append(o.violations, fmt.Sprintf(format, values...))
}

// exists notes an event, by what its documented identity is a hash of.
func (o *oracle) exists(mark, identity string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.made[storedForm(identity)] = mark
}

// requested checks that requests go to one host only, and that one waits for its headers at a time,
// beside the one whose body is not closed yet. opened and ended are called at these moments.
func (o *oracle) requested(request *http.Request) (opened, ended func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if request.URL.Host != "127.0.0.1" {
		o.violated("a request to %s", request.URL.Host)
	}
	if o.waiting > 0 || o.inFlight > 1 {
		o.violated("a request beside %d that wait for headers and %d in flight at once", o.waiting, o.inFlight)
	}
	o.waiting++
	o.inFlight++
	return o.less(&o.waiting), o.less(&o.inFlight)
}

// less counts one less, once.
func (o *oracle) less(count *int) func() {
	return sync.OnceFunc(func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		*count--
	})
}

// offered notes a batch, all of which must be this organization's.
func (o *oracle) offered(batch []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.largest = max(o.largest, len(batch))
}

// took notes that a pipeline took events.
func (o *oracle) took(pipeline int, batch []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pace.took(batch)
	for _, mark := range batch {
		if o.accepted[pipeline][mark] > 0 || o.losses.of[mark] > 0 {
			o.repeated[pipeline]++
		}
		o.accepted[pipeline][mark]++
	}
}

// declared notes that the receiver has to declare events lost.
func (o *oracle) declared(reason string, batch []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(batch) > 0 {
		o.losses.events[reason] += len(batch)
	}
	for _, mark := range batch {
		if o.losses.of[mark] > 0 {
			o.repeated[0]++
		}
		o.losses.of[mark]++
	}
}

// settled says that an event was accepted by each pipeline, or declared lost.
func (o *oracle) settled(mark string) bool {
	return o.losses.of[mark] > 0 || !slices.ContainsFunc(o.accepted, func(accepted map[string]int) bool { return accepted[mark] == 0 })
}

// identity is what an event with an id is known by, before it is hashed.
func identity(id, timestamp string) string {
	at, err := time.Parse(time.RFC3339Nano, timestamp)
	if err != nil {
		return string(binary.BigEndian.AppendUint64([]byte{1}, uint64(len(id)))) + id + timestamp
	}
	text := append(binary.BigEndian.AppendUint64([]byte{2}, uint64(len(id))), id...)
	text = binary.BigEndian.AppendUint64(text, uint64(at.Unix()))
	return string(binary.BigEndian.AppendUint32(text, uint32(at.Nanosecond())))
}

// storedForm is the documented form of an event's identity in the storage.
func storedForm(identity string) (form [storedID]byte) {
	sum := sha256.Sum256([]byte(identity))
	copy(form[:], sum[:])
	return form
}

// stored checks that only what was accepted is remembered, and that no time is ahead of the API's.
func (o *oracle) stored(key string, value []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if strings.HasSuffix(key, "/state") {
		record, err := readState(value)
		if err != nil {
			o.violated("a state record that is none: %v", err)
		}
		state, passed := record.Content.State, o.clock.passed().Add(o.ahead)
		if state.Watermark.After(passed) || state.Rescanned.After(passed) {
			o.violated("the state %v is ahead of the API's time %s", state, passed)
		}
		o.pace.reached(state.Watermark)
		o.kept = append(o.kept, state.Backfill.Next)
		o.kept = append(o.kept, unread(state)...)
		return
	}
	list := idsOf(value)
	for ; len(list) > 0; list = list[storedID:] {
		mark, found := o.made[[storedID]byte(list)]
		if !found {
			o.violated("an id is stored that no event has")
		} else if !o.settled(mark) {
			o.violated("the id of %s is stored before it was accepted", mark)
		}
	}
}

// idsOf returns the ids of a stored segment, one after the other.
func idsOf(segment []byte) []byte {
	// It begins with its version and its name, which ends in a zero.
	_, list, _ := bytes.Cut(segment[:len(segment)-segmentTrailer], []byte{0})
	return list
}

// missing returns the events that were promised and have neither been accepted nor declared lost.
func (o *oracle) missing(r *run, t *tenant) (lost []simulator.Event) {
	o.losses.gaps = r.gaps(t)
	for _, event := range r.api.Expected(t.id, r.from) {
		promised := event.Visible.Sub(event.Time) <= r.plan.world.maxEventDelay
		if promised && !o.settled(event.ID) && !o.losses.spans(event) {
			lost = append(lost, event)
		}
	}
	return lost
}

// complete says that nothing is missing.
func (o *oracle) complete(r *run, t *tenant) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.missing(r, t)) == 0
}

// judge looks at what came of an organization in a run.
func (o *oracle) judge(r *run, t *tenant) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.judgeLosses(r, t)
	if lost := o.missing(r, t); len(lost) > 0 {
		o.violated("%s of %s, visible %s, is lost", lost[0].ID, lost[0].Time, lost[0].Visible)
		if len(lost) > 1 {
			o.violated("%d events are lost", len(lost))
		}
	}
	largest := o.largest
	if r.plan.strange.maxSize > 0 {
		largest = max(largest, r.config.Batch.MaxRecords) // batches are offered in parts
	}
	bound := largest*(r.process.crashes+t.delivery.ambiguous) + r.forgotten
	if again := slices.Max(o.repeated); again > bound {
		o.violated("%d events came again, at most %d may", again, bound)
	}
	return o.violations
}
