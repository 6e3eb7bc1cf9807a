// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

const (
	// segmentHeader, segmentTrailer and storedID are lengths in bytes in a stored segment of ids.
	segmentHeader, segmentTrailer, storedID = 18, 4, 16
)

// oracle watches a run and says what must not have happened.
type oracle struct {
	mu       sync.Mutex
	accepted map[string]int
	// hashes are the stored form of the ids that were accepted.
	hashes map[[storedID]byte]struct{}
	// timestamps are those of the events that were made, as text, by id.
	timestamps map[string]string
	// largest is the number of records in the largest batch that was offered.
	largest int
	// waiting and inFlight are the numbers of requests without headers, and with an open body or none yet.
	waiting, inFlight map[string]int
	// apiNow is the API's clock.
	apiNow     func() time.Time
	violations []string
}

func newOracle(apiNow func() time.Time) *oracle {
	return &oracle{
		accepted: make(map[string]int), hashes: make(map[[storedID]byte]struct{}), timestamps: make(map[string]string), apiNow: apiNow,
		waiting: make(map[string]int), inFlight: make(map[string]int),
	}
}

func (o *oracle) violated(format string, values ...any) {
	o.violations = append(o.violations, fmt.Sprintf(format, values...))
}

func (o *oracle) made(event simulator.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.timestamps[event.ID] = event.Time.UTC().Format(time.RFC3339Nano)
}

// requested checks that requests go to one host only. For each organization one waits for its headers
// at a time, beside the one whose body is not closed yet. opened and ended are called at these moments.
func (o *oracle) requested(request *http.Request) (opened, ended func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if request.URL.Host != "127.0.0.1" {
		o.violated("a request to %s", request.URL.Host)
	}
	organization := request.Header.Get("X-Org-Id")
	if o.waiting[organization] > 0 || o.inFlight[organization] > 1 {
		o.violated("a request beside %d that wait for headers and %d in flight at once", o.waiting[organization], o.inFlight[organization])
	}
	o.waiting[organization]++
	o.inFlight[organization]++
	return o.less(o.waiting, organization), o.less(o.inFlight, organization)
}

// less counts one less, once.
func (o *oracle) less(counts map[string]int, organization string) func() {
	return sync.OnceFunc(func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		counts[organization]--
	})
}

// took notes that the consumer took the first records of a batch.
func (o *oracle) took(logs plog.Logs, count int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.largest = max(o.largest, logs.LogRecordCount())
	for _, id := range ids(logs)[:count] {
		o.accepted[id]++
		o.hashes[storedForm(id, o.timestamps[id])] = struct{}{}
	}
}

// storedForm is the documented form of an event's identity in the storage.
func storedForm(id, timestamp string) (form [storedID]byte) {
	text := binary.BigEndian.AppendUint64([]byte{1}, uint64(len(id)))
	sum := sha256.Sum256([]byte(string(text) + id + timestamp))
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
		state, now := record.Content.State, o.apiNow()
		if state.Watermark.After(now) || state.Rescanned.After(now) {
			o.violated("the state %v is ahead of the API's time %s", state, now)
		}
		return
	}
	for list := value[segmentHeader : len(value)-segmentTrailer]; len(list) > 0; list = list[storedID:] {
		if _, found := o.hashes[[storedID]byte(list)]; !found {
			o.violated("an id is stored before its event was accepted")
			return
		}
	}
}

// judge looks at what came of a run.
func (o *oracle) judge(r *run) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	again, lost := 0, 0
	for _, event := range r.api.Expected("", r.from) {
		times := o.accepted[event.ID]
		if times == 0 && lost == 0 {
			o.violated("%s of %s, visible %s, is lost", event.ID, event.Time, event.Visible)
		}
		if times == 0 {
			lost++
		}
		again += max(0, times-1)
	}
	if lost > 1 {
		o.violated("%d events are lost", lost)
	}
	if bound := o.largest * (r.steps.crashes + r.steps.ambiguous); again > bound {
		o.violated("%d events came again, at most %d may", again, bound)
	}
	for _, request := range r.api.Requests() {
		if request.Query.Start.After(request.At) {
			o.violated("a request at %s with a start in the future: %s", request.At, request.Query.Start)
		}
	}
	o.judgeWhatIsWritten(r)
	return o.violations
}

func (o *oracle) judgeWhatIsWritten(r *run) {
	var all strings.Builder
	all.WriteString(r.logs.String())
	for key, value := range r.storage.snapshot() {
		all.WriteString(key)
		all.Write(value)
	}
	written := all.String()
	for _, secret := range []string{canary, "event-"} {
		if strings.Contains(written, secret) {
			o.violated("%q is in a log line or in the storage", secret)
		}
	}
	if lost, err := r.telemetry.GetMetric("otelcol_receiver_jumpcloud_dropped"); err == nil {
		o.violated("a loss was declared: %v", lost)
	}
}
