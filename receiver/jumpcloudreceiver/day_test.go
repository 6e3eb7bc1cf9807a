// SPDX-License-Identifier: Apache-2.0

//go:build unix

package jumpcloudreceiver_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver"
)

var day = flag.Bool("day", false, "measure what a day costs at several rates of events, with each way of rescans")

// TestDay is no test of speed: it prints requests, bytes and processor time of a day with the default
// intervals, worked out from some hours after the first.
func TestDay(t *testing.T) {
	if !*day {
		t.Skip("measures for minutes: run it with -day")
	}
	// What the simulator takes is left out of the processor's time, so only one of them may run.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	t.Log("| events a second | rescans | requests a day | bytes a day | CPU seconds a day |")
	for _, rate := range []struct {
		perSecond int
		measured  time.Duration
	}{{1, 6 * time.Hour}, {10, time.Hour}, {100, 30 * time.Minute}} {
		for _, rescan := range []string{"none", "light", "full"} {
			cost := measureDay(t, rate.perSecond, rate.measured, rescan)
			days := float64(24*time.Hour) / float64(rate.measured)
			t.Logf("| %d | %s | %.0f | %.1f MB | %.0f |", rate.perSecond, rescan,
				days*float64(cost.requests), days*float64(cost.bytes)/1e6, days*cost.processor.Seconds())
		}
	}
}

type dayCost struct {
	requests  int
	bytes     int64
	processor time.Duration
}

func measureDay(t *testing.T, perSecond int, measured time.Duration, rescan string) (cost dayCost) {
	synctest.Test(t, func(t *testing.T) {
		api := simulator.New(simulator.Settings{})
		c := newCollectorOf(t, api)
		defer c.stop()
		meter := &meter{next: api.RoundTripper()}
		c.host.extensions[middlewareID] = meter
		c.next = consumertest.NewNop()
		defaults := jumpcloudreceiver.NewFactory().CreateDefaultConfig().(*jumpcloudreceiver.Config)
		c.config.PollInterval, c.config.RescanInterval, c.config.MaxEventDelay = defaults.PollInterval, defaults.RescanInterval, defaults.MaxEventDelay
		switch rescan {
		case "none":
			c.config.RescanInterval = 1000 * time.Hour
		default:
			c.config.Rescan = rescan
		}
		events := simulator.NewGenerator(1, 0, 0)
		live := func(duration time.Duration) {
			for range int(duration / time.Second) {
				began := processorTime()
				for range perSecond {
					api.Add(events.Event("", time.Now()))
				}
				meter.api.Add(int64(processorTime() - began))
				c.pass(time.Second)
			}
		}
		c.start()
		live(defaults.MaxEventDelay + 3*defaults.RescanInterval)
		requests, bytes, processor := len(api.Requests()), meter.bytes.Load(), meter.receiver()
		live(measured)
		cost = dayCost{len(api.Requests()) - requests, meter.bytes.Load() - bytes, meter.receiver() - processor}
	})
	require.Positive(t, cost.requests)
	return cost
}

// meter stands in the place of the network, and counts what the API sends and takes.
type meter struct {
	component.StartFunc
	component.ShutdownFunc
	next  http.RoundTripper
	bytes atomic.Int64
	// api is the processor time between requests and the headers of their answers, and that of making events.
	api atomic.Int64
}

func (m *meter) GetHTTPRoundTripper(context.Context) (extensionmiddleware.WrapHTTPRoundTripperFunc, error) {
	return func(context.Context, http.RoundTripper) (http.RoundTripper, error) { return m, nil }, nil
}

// RoundTrip implements http.RoundTripper.
func (m *meter) RoundTrip(request *http.Request) (*http.Response, error) {
	began := processorTime()
	response, err := m.next.RoundTrip(request)
	m.api.Add(int64(processorTime() - began))
	if err != nil {
		return nil, fmt.Errorf("measuring a request: %w", err)
	}
	response.Body = &countedBody{ReadCloser: response.Body, bytes: &m.bytes}
	return response, nil
}

func (m *meter) receiver() time.Duration { return processorTime() - time.Duration(m.api.Load()) }

func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// countedBody counts what is read of an answer.
type countedBody struct {
	io.ReadCloser
	bytes *atomic.Int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.bytes.Add(int64(n))
	return n, err //nolint:wrapcheck // io.EOF is compared
}
