// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// counter is a backend that only counts records.
type counter struct {
	records atomic.Int64
	// delay is what each request takes.
	delay time.Duration
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	logs, err := exported(r)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if c.delay > 0 {
		<-time.After(c.delay)
	}
	c.records.Add(int64(logs.LogRecordCount()))
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// pastEvents makes events of four shapes, each with an id and a time of its own, over a day. Those
// that are smaller than size bytes are filled up by a text.
func pastEvents(t *testing.T, count, size int) []simulator.Event {
	t.Helper()
	data, err := os.ReadFile("../../testdata/events/shapes.ndjson")
	require.NoError(t, err)
	lines := bytes.Split(data, []byte("\n"))
	shapes := [][]byte{lines[0], lines[6], lines[8], lines[9]}
	from := time.Now().Add(-30 * time.Hour).Truncate(time.Second)
	events := make([]simulator.Event, count)
	for i := range events {
		var envelope struct{ ID, Timestamp string }
		shape := shapes[i%len(shapes)]
		require.NoError(t, json.Unmarshal(shape, &envelope))
		at := from.Add(24 * time.Hour / time.Duration(count) * time.Duration(i))
		id := fmt.Sprintf("%024x", i)
		shape = bytes.Replace(shape, []byte(envelope.ID), []byte(id), 1)
		shape = bytes.Replace(shape, []byte(envelope.Timestamp), []byte(at.UTC().Format(time.RFC3339Nano)), 1)
		if text := size - len(shape) - len(`"text":"",`); text > 0 {
			shape = fmt.Appendf(nil, `{"text":"%s",%s`, strings.Repeat("x", text), shape[1:])
		}
		events[i] = simulator.Event{Service: "directory", ID: id, Time: at, JSON: shape}
	}
	return events
}

// plan of a drain: a collector reads all events of an API, and sends them to a counter.
type plan struct {
	// collector is the path of the binary.
	collector string
	events    []simulator.Event
	api       simulator.Settings
	pageSize  int
	// compression is the exporter's.
	compression string
	// delay is what the backend takes for a batch.
	delay time.Duration
	// inTurn lets a page's time begin when all before was delivered, whenever it is asked for.
	inTurn bool
	// profiles is a folder for a profile of the processor, and one of the heap, or "".
	profiles string
}

// figures of a drain.
type figures struct {
	events int
	took   time.Duration
	// cpu and peak are the process's from its start on, and peak is in bytes.
	cpu  time.Duration
	peak int64
	// anonymous is the largest part of the resident memory that is not the binary.
	anonymous int64
	// portions are equal parts of the history.
	portions []portion
}

// portion is what a part of the history cost; resident is the largest size in it, in bytes.
type portion struct {
	took, cpu time.Duration
	resident  int64
}

// portions of a history are told one by one, to see whether it costs more as it grows.
const portions = 20

func (f *figures) rate() float64 { return float64(f.events) / f.took.Seconds() }

// million is the CPU seconds of a million events.
func (f *figures) million() float64 { return f.cpu.Seconds() * 1e6 / float64(f.events) }

// drain runs the plan. It fails where events are missing, or come twice.
func (p *plan) drain(t *testing.T) figures {
	t.Helper()
	api := simulator.New(p.api)
	api.Add(p.events...)
	sink := &counter{delay: p.delay}
	backend := httptest.NewServer(sink)
	defer backend.Close()
	var handler http.Handler = api
	if p.inTurn {
		handler = inTurn(api, sink)
	}
	collector := p.install(t, serve(t, handler), backend.URL)
	collector.start()
	// Receivers begin at a random moment, so that those that start together don't ask together.
	require.Eventually(t, func() bool { return len(api.Requests()) > 0 }, enough, time.Millisecond, collector.output)
	result := p.watch(t, collector, sink)
	collector.signal(syscall.SIGTERM)
	require.EqualValues(t, len(p.events), sink.records.Load())
	return result
}

// install configures a collector of its own.
func (p *plan) install(t *testing.T, api, backend string) *installation {
	t.Helper()
	receiver := fmt.Sprintf("poll_interval: 10s\nrescan_interval: 1h\nrequests_per_second: 1000\npage_size: %d\nbackfill:\n  lookback: 48h\n", p.pageSize)
	collector := installWith(t, api, backend, receiver, queueless+"compression: "+p.compression)
	collector.quiet()
	collector.binary = copied(t, p.collector)
	if p.profiles != "" {
		collector.replace("extensions: [file_storage]", "extensions: [file_storage, pprof]")
		collector.replace("extensions:\n  file_storage:", fmt.Sprintf(
			"extensions:\n  pprof:\n    endpoint: %s\n    save_to_file: %s\n  file_storage:", profiler, filepath.Join(p.profiles, "cpu.out")))
	}
	return collector
}

// watch waits for all records, and takes the figures of each portion.
func (p *plan) watch(t *testing.T, collector *installation, sink *counter) figures {
	t.Helper()
	result := figures{events: len(p.events)}
	began := time.Now()
	last, cpu := began, collector.cpu()
	for number := range portions {
		var part portion
		expected := int64(len(p.events) * (number + 1) / portions)
		require.Eventually(t, func() bool {
			part.resident = max(part.resident, collector.status("VmRSS"))
			result.anonymous = max(result.anonymous, collector.status("RssAnon"))
			return sink.records.Load() >= expected
		}, 5*enough, 10*time.Millisecond, collector.output)
		now, used := time.Now(), collector.cpu()
		part.took, part.cpu = now.Sub(last), used-cpu
		last, cpu = now, used
		result.portions = append(result.portions, part)
		if p.profiles != "" && number == portions/2 {
			keep(t, "http://"+profiler+"/debug/pprof/heap", filepath.Join(p.profiles, "heap.out"))
		}
	}
	result.took, result.cpu, result.peak = last.Sub(began), cpu, collector.memory()
	return result
}

// inTurn answers a request when all that was sent before is delivered, but for one event that
// two pages may have.
func inTurn(api *simulator.Simulator, sink *counter) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ticker := time.NewTicker(time.Millisecond)
		defer ticker.Stop()
		for {
			var sent int64
			for _, request := range api.Requests() {
				sent += int64(request.Sent)
			}
			if sink.records.Load() >= sent-1 {
				api.ServeHTTP(w, r)
				return
			}
			select {
			case <-ticker.C:
			case <-r.Context().Done():
				return
			}
		}
	})
}

// replace changes the configuration.
func (i *installation) replace(old, changed string) {
	config, err := os.ReadFile(i.config)
	require.NoError(i.t, err)
	require.Contains(i.t, string(config), old)
	require.NoError(i.t, os.WriteFile(i.config, bytes.Replace(config, []byte(old), []byte(changed), 1), 0o600))
}

// copied returns the path of a copy that was written in small pieces, as package managers do: of
// a binary that was written at once the kernel maps much that is not needed.
func copied(t *testing.T, path string) string {
	t.Helper()
	source, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = source.Close() }()
	written := filepath.Join(t.TempDir(), filepath.Base(path))
	target, err := os.OpenFile(written, os.O_CREATE|os.O_WRONLY, 0o700)
	require.NoError(t, err)
	// Without the target's own ways to copy.
	_, err = io.CopyBuffer(struct{ io.Writer }{target}, struct{ io.Reader }{source}, make([]byte, 32<<10))
	require.NoError(t, err)
	require.NoError(t, target.Close())
	return written
}

// keep writes what an address answers to a file.
func keep(t *testing.T, address, file string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, data, 0o600))
	http.DefaultClient.CloseIdleConnections()
}
