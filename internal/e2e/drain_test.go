// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

var drained = flag.Int("drain", 0, "measure how the collector reads a history of this many events")

const (
	// tick is the kernel's unit of a process's time, as proc(5) has it on Linux.
	tick = 10 * time.Millisecond
	// portions of a history are told one by one, to see whether it costs more as it grows.
	portions = 10
)

// counter is a backend that only counts records.
type counter struct{ records atomic.Int64 }

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		inflated, err := gzip.NewReader(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		body = inflated
	}
	data, err := io.ReadAll(body)
	request := plogotlp.NewExportRequest()
	if err != nil || request.UnmarshalProto(data) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.records.Add(int64(request.Logs().LogRecordCount()))
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// pastEvents makes events of four shapes, each with an id and a time of its own, over a day.
func pastEvents(t *testing.T, count int) []simulator.Event {
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
		events[i] = simulator.Event{Service: "directory", ID: id, Time: at, JSON: shape}
	}
	return events
}

// TestDrain prints what reading a history costs the collector's process. It is no test of speed: it
// fails only where events are missing or come twice.
func TestDrain(t *testing.T) {
	if *drained == 0 {
		t.Skip("measures with -drain N only")
	}
	events := pastEvents(t, *drained)
	for _, pageSize := range []int{1000, 10_000} {
		for _, compressed := range []bool{false, true} {
			api := simulator.New(simulator.Settings{Gzip: compressed})
			api.Add(events...)
			name := fmt.Sprintf("page=%d/gzip=%t", pageSize, compressed)
			t.Run(name+"/bare", func(t *testing.T) { fetch(t, serve(t, api), pageSize, events) })
			t.Run(name, func(t *testing.T) { drain(t, serve(t, api), pageSize, "none") })
			if pageSize == 10_000 && compressed {
				t.Run(name+"/exporter=gzip", func(t *testing.T) { drain(t, serve(t, api), pageSize, "gzip") })
			}
		}
	}
}

func drain(t *testing.T, api string, pageSize int, compression string) {
	sink := &counter{}
	server := httptest.NewServer(sink)
	defer server.Close()
	receiver := fmt.Sprintf("poll_interval: 10s\nrescan_interval: 1h\nrequests_per_second: 1000\npage_size: %d\nbackfill:\n  lookback: 48h\n", pageSize)
	collector := installWith(t, api, server.URL, receiver, queueless+"compression: "+compression)
	collector.quiet()
	collector.start()
	// Receivers begin at a random moment, so that those that start together don't ask together.
	require.Eventually(t, func() bool { return sink.records.Load() > 0 }, enough, time.Millisecond, collector.output)
	began, cpu := time.Now(), time.Duration(0)
	for portion := range portions {
		expected := int64(*drained / portions * (portion + 1))
		require.Eventually(t, func() bool { return sink.records.Load() >= expected }, enough, 5*time.Millisecond, collector.output)
		now := collector.cpu()
		t.Logf("%8d events: %6.2f s, %5.2f CPU seconds more, %4d MiB resident", expected, time.Since(began).Seconds(), (now - cpu).Seconds(), collector.status("VmRSS")>>20)
		cpu = now
	}
	took := time.Since(began).Seconds()
	t.Logf("%.0f events a second, %.1f CPU seconds for a million events, %d MiB at most",
		float64(*drained)/took, collector.cpu().Seconds()*1e6/float64(*drained), collector.memory()>>20)
	collector.signal(syscall.SIGTERM)
	require.EqualValues(t, *drained, sink.records.Load())
}

// fetch asks for the same pages and reads them, and does nothing else.
func fetch(t *testing.T, api string, pageSize int, events []simulator.Event) {
	began := time.Now()
	start := events[0].Time.UTC().Format(time.RFC3339Nano)
	token := ""
	for pages := 0; ; pages++ {
		query := fmt.Sprintf(`{"service":["all"],"start_time":%q,"limit":%d%s}`, start, pageSize, token)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, api+"/insights/directory/v1/events", strings.NewReader(query))
		require.NoError(t, err)
		request.Header.Set("X-Api-Key", canary)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode)
		count, err := strconv.Atoi(response.Header.Get("X-Result-Count"))
		require.NoError(t, err)
		if count < pageSize {
			require.Equal(t, len(events), pages*pageSize+count)
			break
		}
		token = `,"search_after":` + response.Header.Get("X-Search_after")
	}
	http.DefaultClient.CloseIdleConnections()
	t.Logf("%.0f events a second", float64(len(events))/time.Since(began).Seconds())
}
