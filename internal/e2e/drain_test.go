// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

var (
	drained = flag.Int("drain", 0, "measure how the collector reads a history of this many events")
	// before is to see what a change of the code brought.
	before = flag.String("before", "", "with -drain: measure this other collector too")
)

const (
	// tick is the kernel's unit of a process's time, as proc(5) has it on Linux.
	tick = 10 * time.Millisecond
	// baseline decodes with encoding/json into maps, and maps with FromRaw: `make baseline`.
	baseline = "../../_build/otelcol-jumpcloud-baseline"
	mebibyte = 1 << 20
)

// The tests of this file and of its siblings are no tests of speed: they print what reading
// costs the collector's process, and fail only where events are missing or come twice.

// TestDrain measures with and without gzip, beside a loop that only fetches, and the baseline.
func TestDrain(t *testing.T) {
	events := measured(t, *drained, 0)
	report := newReport("| page size | API's gzip | collector | events a second | CPU seconds for a million | peak memory, of it not the binary |")
	var curves []curve
	for _, pageSize := range []int{1000, 10_000} {
		var shipped, other figures
		for _, compressed := range []bool{false, true} {
			settings := simulator.Settings{Gzip: compressed}
			row := func(name string, f figures) {
				report.row(thousands(float64(pageSize)), yesNo(compressed), name, thousands(f.rate()), fmt.Sprintf("%.1f", f.million()),
					fmt.Sprintf("%d MiB, %d MiB", f.peak/mebibyte, f.anonymous/mebibyte))
			}
			report.row(thousands(float64(pageSize)), yesNo(compressed), "none: fetched and discarded", thousands(fetch(t, settings, pageSize, events)), "", "")
			one := plan{collector: binary, events: events, api: settings, pageSize: pageSize, compression: "none"}
			drainedOnce := one.drain(t)
			row("`otelcol-jumpcloud`", drainedOnce)
			if *before != "" {
				earlier := one
				earlier.collector = *before
				row("before", earlier.drain(t))
			}
			if compressed {
				continue
			}
			shipped = drainedOnce
			curves = append(curves, curve{name: "page size " + thousands(float64(pageSize)), figures: shipped})
			naive := one
			naive.collector, naive.events = baseline, events[:len(events)/4]
			other = naive.drain(t)
			row("baseline", other)
		}
		report.note("Page size %s, without gzip: %.1f times the events a second of the baseline, with %.2f of its CPU. The last tenth took %s, the first %s.",
			thousands(float64(pageSize)), shipped.rate()/other.rate(), shipped.million()/other.million(), shipped.tenth(9), shipped.tenth(0))
	}
	compressing := plan{collector: binary, events: events[:len(events)/4], api: simulator.Settings{Gzip: true}, pageSize: 10_000, compression: "gzip"}
	f := compressing.drain(t)
	report.note("Page size 10,000 with gzip at the API, and of the exporter too: %s events a second, %.1f CPU seconds for a million.", thousands(f.rate()), f.million())
	report.write(t)
	require.NoError(t, os.WriteFile("../../_build/drain.svg", picture(curves), 0o600))
}

// TestDrain_LargePages has pages just below the largest size of an answer, and above.
func TestDrain_LargePages(t *testing.T) {
	report := newReport("| 10,000 events of | fetched | events a second | CPU seconds for a million | peak memory, of it not the binary |")
	for _, test := range []struct {
		size    int
		fetched string
	}{{6650, "in one page, of 64 MiB"}, {8000, "in smaller pages, since one of 76 MiB is refused"}} {
		one := plan{collector: binary, events: measured(t, 50_000, test.size), pageSize: 10_000, compression: "none"}
		f := one.drain(t)
		report.row(fmt.Sprintf("%.1f KB", float64(test.size)/1000), test.fetched, thousands(f.rate()), fmt.Sprintf("%.1f", f.million()),
			fmt.Sprintf("%d MiB, %d MiB", f.peak/mebibyte, f.anonymous/mebibyte))
	}
	report.write(t)
}

// TestDrain_ServerDelay lets each page take 300 ms, and compares with what asking for a page
// once the one before is delivered would bring.
func TestDrain_ServerDelay(t *testing.T) {
	const delay = 300 * time.Millisecond
	events := measured(t, 20_000, 0)
	header := "| of 300 ms a page, before the headers | backend's time a batch | events a second | asked in turn | times as fast |"
	if *before != "" {
		header += " before |"
	}
	report := newReport(header)
	for _, headers := range []time.Duration{delay, 0, delay / 2} {
		for _, batch := range []time.Duration{0, 50 * time.Millisecond} {
			ahead := plan{
				collector: binary, events: events, pageSize: 1000, compression: "none", delay: batch,
				api: simulator.Settings{Latency: headers, BodyTime: delay - headers},
			}
			inTurn := ahead
			inTurn.inTurn = true
			fast, slow := ahead.drain(t), inTurn.drain(t)
			cells := []any{headers, batch, thousands(fast.rate()), thousands(slow.rate()), fmt.Sprintf("%.2f", fast.rate()/slow.rate())}
			if *before != "" {
				ahead.collector = *before
				earlier := ahead.drain(t)
				cells = append(cells, thousands(earlier.rate()))
			}
			report.row(cells...)
		}
	}
	report.write(t)
}

// measured makes the events of a measurement, or skips the test.
func measured(t *testing.T, count, size int) []simulator.Event {
	t.Helper()
	if *drained == 0 {
		t.Skip("measures with -drain N only")
	}
	return pastEvents(t, count, size)
}

// fetch asks for the same pages and reads them, and does nothing else. It returns the events a
// second.
func fetch(t *testing.T, settings simulator.Settings, pageSize int, events []simulator.Event) float64 {
	t.Helper()
	api := simulator.New(settings)
	api.Add(events...)
	address := serve(t, api)
	began := time.Now()
	start := events[0].Time.UTC().Format(time.RFC3339Nano)
	token := ""
	for pages := 0; ; pages++ {
		query := fmt.Sprintf(`{"service":["all"],"start_time":%q,"limit":%d%s}`, start, pageSize, token)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/insights/directory/v1/events", strings.NewReader(query))
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
	return float64(len(events)) / time.Since(began).Seconds()
}
