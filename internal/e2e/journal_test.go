// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// stage is how far the journal is with a request.
type stage int

const (
	// arrived: the request was read, nothing is stored.
	arrived stage = iota
	// stored: the ids are in the file, nothing is answered.
	stored
	// answered: the answer is sent, and may or may not have been read.
	answered
	stages
)

// real is a backend of its own, which the journal stands in front of.
type real interface {
	// take hands on an export request, and is an error where it is not accepted.
	take(r *http.Request, body []byte) error
	// records is how many there are.
	records() int
	// ids are those of all records, repeats included.
	ids() []string
}

// journal is a backend that takes OTLP over HTTP and writes the id of each record to a file, or
// hands them to a real backend, before it answers. In trouble it refuses, hangs, or refuses after storing.
type journal struct {
	t      *testing.T
	server *httptest.Server
	path   string
	// behind has the records in place of the file, where it is not nil.
	behind real

	mu      sync.Mutex
	file    *os.File
	random  *rand.Rand
	trouble bool
	slow    time.Duration
	figures journalFigures
	meeting *meeting
}

// journalFigures count what the journal did.
type journalFigures struct {
	// records is the number of ids that were written, repeats included.
	records                   int
	requests, refused, hanged int
	// ambiguous is the number of batches that were stored and not answered with a success.
	ambiguous int
}

// meeting is an appointment with a request at one of its stages.
type meeting struct {
	stage stage
	// skip is how many requests pass before.
	skip int
	// met is closed at the stage, where the request then waits for resume.
	met, resume chan struct{}
}

func newJournal(t *testing.T, seed uint64) *journal {
	j := &journal{t: t, path: filepath.Join(t.TempDir(), "ids"), random: rand.New(rand.NewPCG(seed, 5))}
	file, err := os.OpenFile(j.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	j.file = file
	j.server = httptest.NewServer(j)
	t.Cleanup(func() {
		j.server.Close()
		require.NoError(t, file.Close())
	})
	return j
}

func (j *journal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, ids, err := readIDs(r)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	store := func() { j.store(r, body, ids) }
	dice, wait := j.draw()
	j.pass(arrived)
	if !idle(r, wait) {
		return
	}
	switch {
	case dice < 0.05:
		j.count(func(f *journalFigures) { f.refused++ })
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case dice < 0.07:
		j.hang(r, store)
		return
	case dice < 0.10:
		store()
		j.count(func(f *journalFigures) { f.ambiguous++ })
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	store()
	j.pass(stored)
	w.Header().Set("Content-Type", "application/x-protobuf")
	answer, _ := plogotlp.NewExportResponse().MarshalProto()
	_, _ = w.Write(answer)
	_ = http.NewResponseController(w).Flush()
	j.pass(answered)
}

// hang answers nothing until the client has gone, and then stores what it sent, or not.
func (j *journal) hang(r *http.Request, store func()) {
	idle(r, 30*time.Second)
	dice, _ := j.draw()
	j.count(func(f *journalFigures) { f.hanged++ })
	if dice < 0.5 {
		store()
		j.count(func(f *journalFigures) { f.ambiguous++ })
	}
}

// draw decides about a request. Without trouble it is 1.
func (j *journal) draw() (dice float64, wait time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.trouble {
		return 1, j.slow
	}
	dice, wait = j.random.Float64(), j.slow
	if j.random.Float64() < 0.1 {
		wait += time.Duration(j.random.Float64() * float64(400*time.Millisecond))
	}
	return dice, wait
}

func (j *journal) store(r *http.Request, body []byte, ids []string) {
	if j.behind != nil {
		if err := j.behind.take(r, body); err != nil {
			j.t.Error(err)
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.behind == nil {
		_, err := j.file.WriteString(strings.Join(ids, "\n") + "\n")
		if err != nil && !errors.Is(err, os.ErrClosed) {
			j.t.Error(err)
		}
	}
	j.figures.requests++
	j.figures.records += len(ids)
}

func (j *journal) count(change func(*journalFigures)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	change(&j.figures)
}

func (j *journal) counted() journalFigures {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.figures
}

// behave begins or ends the trouble. Each answer takes at least slow.
func (j *journal) behave(trouble bool, slow time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.trouble, j.slow = trouble, slow
}

// meet makes an appointment with a request that is yet to come, in place of any other.
func (j *journal) meet(at stage, skip int) *meeting {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.meeting = &meeting{stage: at, skip: skip, met: make(chan struct{}), resume: make(chan struct{})}
	return j.meeting
}

// pass waits where somebody has an appointment.
func (j *journal) pass(at stage) {
	j.mu.Lock()
	meeting := j.meeting
	if meeting == nil || meeting.stage != at {
		j.mu.Unlock()
		return
	}
	if meeting.skip--; meeting.skip >= 0 {
		j.mu.Unlock()
		return
	}
	j.meeting = nil
	j.mu.Unlock()
	close(meeting.met)
	<-meeting.resume
}

// records is how many there are, repeats included.
func (j *journal) records() int {
	if j.behind != nil {
		return j.behind.records()
	}
	return j.counted().records
}

// ids are those of all records, repeats included.
func (j *journal) ids() (ids []string) {
	if j.behind != nil {
		return j.behind.ids()
	}
	file, err := os.Open(j.path)
	require.NoError(j.t, err)
	defer func() { require.NoError(j.t, file.Close()) }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		ids = append(ids, lines.Text())
	}
	return ids
}

// compare returns how many of the expected events are not there, how many records
// repeat another, and how many are of no expected event.
func (j *journal) compare(expected []simulator.Event) (lost, again, strangers int) {
	times := make(map[string]int, len(expected))
	for _, id := range j.ids() {
		times[id]++
	}
	for _, event := range expected {
		count := times[event.ID]
		if count == 0 {
			lost++
		}
		again += max(0, count-1)
		delete(times, event.ID)
	}
	return lost, again, len(times)
}

// readIDs returns the body of a request as it came, and the id of each record.
func readIDs(r *http.Request) (body []byte, ids []string, err error) {
	body, err = io.ReadAll(r.Body)
	if err != nil {
		return nil, nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	logs, err := exported(r)
	if err != nil {
		return nil, nil, err
	}
	return body, recordIDs(logs), nil
}

// idle reports false where the client went first.
func idle(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-r.Context().Done():
		return false
	case <-timer.C:
		return true
	}
}
