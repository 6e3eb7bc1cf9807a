// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver/internal/metadata"
)

// gauges are the metrics of one organization that grow while it waits, for the API or for the
// pipeline. Nobody could record them then, so they are computed when they are asked for.
type gauges struct {
	mu sync.Mutex
	// progress is the last that was told, at the local time told; zero where nothing is known, or
	// nothing is read.
	progress poll.Progress
	told     time.Time
	// proven is the time up to which every audited hour is complete, or zero.
	proven time.Time
	// offered is when the call to the pipeline that is under way began.
	offered time.Time
}

// register makes the gauges known, until the telemetry is shut down.
func (g *gauges) register(telemetry *metadata.TelemetryBuilder, labels metric.MeasurementOption) error {
	return errors.Join(
		telemetry.RegisterReceiverJumpcloudWatermarkAgeCallback(func(_ context.Context, to metric.Float64Observer) error {
			if age, known := g.watermarkAge(); known {
				to.Observe(age.Seconds(), labels)
			}
			return nil
		}),
		telemetry.RegisterReceiverJumpcloudCompletionWatermarkAgeCallback(func(_ context.Context, to metric.Float64Observer) error {
			if age, known := g.completionAge(); known {
				to.Observe(age.Seconds(), labels)
			}
			return nil
		}),
		telemetry.RegisterReceiverJumpcloudNewestEventAgeCallback(func(_ context.Context, to metric.Float64Observer) error {
			if age, known := g.newestEventAge(); known {
				to.Observe(age.Seconds(), labels)
			}
			return nil
		}),
		telemetry.RegisterReceiverJumpcloudConsumeInflightCallback(func(_ context.Context, to metric.Float64Observer) error {
			to.Observe(g.inflight().Seconds(), labels)
			return nil
		}),
	)
}

func (g *gauges) watermarkAge() (age time.Duration, known bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.told.IsZero() {
		return 0, false
	}
	return g.progress.Now.Sub(g.progress.Watermark) + time.Since(g.told), true
}

// newestEventAge is how old the newest event is that was delivered.
func (g *gauges) newestEventAge() (age time.Duration, known bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.told.IsZero() || g.progress.Newest.IsZero() {
		return 0, false
	}
	return max(0, g.progress.Now.Sub(g.progress.Newest)+time.Since(g.told)), true
}

// completionAge is known once an hour is proven.
func (g *gauges) completionAge() (age time.Duration, known bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.told.IsZero() || g.proven.IsZero() {
		return 0, false
	}
	return g.progress.Now.Sub(g.proven) + time.Since(g.told), true
}

func (g *gauges) audited(provenTo time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.proven = provenTo
}

func (g *gauges) inflight() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.offered.IsZero() {
		return 0
	}
	return time.Since(g.offered)
}

func (g *gauges) progressed(progress poll.Progress) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.progress, g.told = progress, time.Now()
}

// stopped forgets the progress: somebody else may make it now.
func (g *gauges) stopped() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.progress, g.told, g.proven = poll.Progress{}, time.Time{}, time.Time{}
}

// offering begins a call to the pipeline and returns what ends it.
func (g *gauges) offering() (ended func()) {
	g.offer(time.Now())
	return func() { g.offer(time.Time{}) }
}

func (g *gauges) offer(began time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.offered = began
}
