// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver/internal/metadata"
)

// Of two replicas the one that does not read would seem to be late.
func TestWatermarkOfAnEngineThatStoppedDoesNotAge(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	defer func() { require.NoError(t, telemetry.Shutdown(t.Context())) }()
	observer, _ := observe(t, telemetry)
	const name = "otelcol_receiver_jumpcloud_watermark_age"
	_, err := telemetry.GetMetric(name)
	require.Error(t, err, "nothing is known yet")
	observer.Progress(poll.Progress{Watermark: time.Now().Add(-time.Hour), Now: time.Now()})
	_, err = telemetry.GetMetric(name)
	require.NoError(t, err)
	observer.Stopped()
	_, err = telemetry.GetMetric(name)
	require.Error(t, err)
}

// BenchmarkAccepted records what is told of a batch that the pipeline took.
func BenchmarkAccepted(b *testing.B) {
	telemetry := componenttest.NewTelemetry()
	defer func() { require.NoError(b, telemetry.Shutdown(b.Context())) }()
	_, observer := observe(b, telemetry)
	taken := acceptedMessage()
	b.ReportAllocs()
	for b.Loop() {
		observer.accepted(b.Context(), taken, benchmarkBatch)
	}
}

func TestAcceptedEventsAreRecordedWithoutAnAllocationEach(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	defer func() { require.NoError(t, telemetry.Shutdown(t.Context())) }()
	_, observer := observe(t, telemetry)
	taken := acceptedMessage()
	allocated := testing.AllocsPerRun(10, func() { observer.accepted(t.Context(), taken, benchmarkBatch) })
	require.Less(t, allocated, 10.)
	delays, err := telemetry.GetMetric("otelcol_receiver_jumpcloud_event_delay")
	require.NoError(t, err)
	points := delays.Data.(metricdata.Histogram[float64]).DataPoints
	require.Len(t, points, 1)
	require.EqualValues(t, 11*benchmarkBatch, points[0].Count)
	organization, found := points[0].Attributes.Value("organization")
	require.True(t, found)
	require.Equal(t, "an organization", organization.AsString())
}

func observe(tb testing.TB, telemetry *componenttest.Telemetry) (*observer, *outcomes) {
	tb.Helper()
	builder, err := metadata.NewTelemetryBuilder(telemetry.NewTelemetrySettings())
	require.NoError(tb, err)
	tb.Cleanup(builder.Shutdown)
	instruments, err := newInstruments(component.MustNewID("jumpcloud"), "an organization", builder)
	require.NoError(tb, err)
	account := newConditions(zap.NewNop(), health{}).account("an organization", zap.NewNop(), instruments.consecutiveFailures)
	return newObserver(instruments, zap.NewNop(), account, 0), &outcomes{instruments: instruments, logger: zap.NewNop(), account: account}
}

func acceptedMessage() message {
	taken := message{events: make([]insights.Event, benchmarkBatch), delivery: poll.DeliveryLive}
	for i := range taken.events {
		taken.events[i].Timestamp = time.Now().Add(-time.Duration(i) * time.Second)
	}
	return taken
}

func TestStorageDelayIsRecordedForEachEvent(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	defer func() { require.NoError(t, telemetry.Shutdown(t.Context())) }()
	_, outcomes := observe(t, telemetry)
	outcomes.stored(t.Context(), []time.Duration{time.Second, time.Minute, -time.Second})
	found, err := telemetry.GetMetric("otelcol_receiver_jumpcloud_storage_delay")
	require.NoError(t, err)
	points := found.Data.(metricdata.Histogram[float64]).DataPoints
	require.Len(t, points, 1)
	require.EqualValues(t, 3, points[0].Count)
	require.InDelta(t, 61, points[0].Sum, 0.001)
	receiver, named := points[0].Attributes.Value("receiver")
	require.True(t, named)
	require.Equal(t, "jumpcloud", receiver.AsString())
}
