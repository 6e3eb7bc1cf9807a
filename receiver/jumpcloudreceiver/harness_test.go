// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/storagetest"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configmiddleware"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver/internal/metadata"
)

// canary is the API key of the tests: it must not be found in anything that is written.
const canary = "jca_canary0123456789"

var (
	middlewareID = component.MustNewID("simulated")
	storageID    = storagetest.NewStorageID("kept")
)

// collector is what a receiver meets: a host with extensions, a next consumer, telemetry. The
// API is reached through the receiver's own HTTP client.
type collector struct {
	t         *testing.T
	api       *simulator.Simulator
	config    *jumpcloudreceiver.Config
	telemetry *componenttest.Telemetry
	logs      logBuffer
	host      *host
	sink      *sink
	// next is the next consumer: sink, or what stands before it.
	next consumer.Logs
	// random decides the waits; nil is the receiver's own source.
	random  func() float64
	running receiver.Logs
}

// collect runs a test with a collector in a synctest bubble.
func collect(t *testing.T, run func(t *testing.T, c *collector)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := newCollector(t)
		defer c.stop()
		run(t, c)
	})
}

func newCollector(t *testing.T) *collector {
	return newCollectorOf(t, simulator.New(simulator.Settings{ShuffleTies: true}))
}

// newCollectorOf is a collector that meets a certain API.
func newCollectorOf(t *testing.T, api *simulator.Simulator) *collector {
	c := bareCollector(t)
	c.api = api
	c.host.extensions[middlewareID] = inProcess{api: api}
	c.host.extensions[storageID] = storagetest.NewFileBackedStorageExtension("kept", t.TempDir())
	return c
}

// bareCollector has no API, no network and no storage.
func bareCollector(t *testing.T) *collector {
	c := &collector{t: t, telemetry: componenttest.NewTelemetry(), sink: newSink()}
	t.Cleanup(func() { require.NoError(t, c.telemetry.Shutdown(context.WithoutCancel(t.Context()))) })
	c.next = c.sink
	c.config = jumpcloudreceiver.NewFactory().CreateDefaultConfig().(*jumpcloudreceiver.Config)
	c.config.Region = ""
	c.config.ClientConfig.Endpoint = "http://127.0.0.1"
	c.config.ClientConfig.Middlewares = []configmiddleware.Config{{ID: middlewareID}}
	c.config.APIKey = canary
	c.config.PollInterval = time.Second
	c.config.RescanInterval = 2 * time.Second
	c.config.MaxEventDelay = 30 * time.Second
	c.config.Storage = &storageID
	c.config.Audit.Depth = 0
	c.host = &host{extensions: make(map[component.ID]component.Component)}
	return c
}

func (c *collector) settings() receiver.Settings {
	telemetry := c.telemetry.NewTelemetrySettings()
	telemetry.Logger = zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), &c.logs, zap.DebugLevel))
	return receiver.Settings{
		ID:                component.NewID(metadata.Type),
		TelemetrySettings: telemetry,
		BuildInfo:         component.NewDefaultBuildInfo(),
	}
}

func (c *collector) start() {
	c.t.Helper()
	require.NoError(c.t, c.tryStart())
}

func (c *collector) tryStart() error {
	created, err := jumpcloudreceiver.NewFactory().CreateLogs(c.t.Context(), c.settings(), c.config, c.next)
	if c.random != nil {
		created, err = jumpcloudreceiver.NewLogsWithRandom(c.settings(), c.config, c.next, c.random)
	}
	require.NoError(c.t, err)
	c.running = created
	return created.Start(c.t.Context(), c.host)
}

func (c *collector) stop() {
	if c.running != nil {
		require.NoError(c.t, c.running.Shutdown(context.Background()))
		c.running = nil
	}
}

// pass lets the bubble's time go on.
func (*collector) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// requireEachOnce fails unless the events of an organization from a time on were accepted once
// each.
func (c *collector) requireEachOnce(organization string, from time.Time) {
	c.t.Helper()
	accepted := c.sink.counts()
	for _, event := range c.api.Expected(organization, from) {
		require.Equal(c.t, 1, accepted[event.ID], event.ID)
	}
}

// host has extensions and keeps the statuses that were reported.
type host struct {
	extensions map[component.ID]component.Component
	mu         sync.Mutex
	statuses   []*componentstatus.Event
}

func (h *host) GetExtensions() map[component.ID]component.Component { return h.extensions }

// Report implements componentstatus.Reporter.
func (h *host) Report(event *componentstatus.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.statuses = append(h.statuses, event)
}

func (h *host) reported() []*componentstatus.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.statuses)
}

// logBuffer keeps what is logged, for a test to read while the receiver goes on.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements zapcore.WriteSyncer.
func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// Sync implements zapcore.WriteSyncer.
func (*logBuffer) Sync() error { return nil }

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// inProcess is an extension that puts the simulated API in place of the network.
type inProcess struct {
	component.StartFunc
	component.ShutdownFunc
	api *simulator.Simulator
}

func (p inProcess) GetHTTPRoundTripper(context.Context) (extensionmiddleware.WrapHTTPRoundTripperFunc, error) {
	return func(context.Context, http.RoundTripper) (http.RoundTripper, error) { return p.api.RoundTripper(), nil }, nil
}

// sink is a next consumer that counts what it accepts and refuses on demand.
type sink struct {
	mu       sync.Mutex
	accepted map[string]int
	records  []plog.Logs
	refuse   func(plog.Logs) error
}

func newSink() *sink { return &sink{accepted: make(map[string]int)} }

func (*sink) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: true} }

// ConsumeLogs empties what it was given, as a consumer may that mutates data.
func (s *sink) ConsumeLogs(_ context.Context, logs plog.Logs) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.refuse != nil {
		err = s.refuse(logs)
	}
	if err == nil {
		for _, id := range ids(logs) {
			s.accepted[id]++
		}
		kept := plog.NewLogs()
		logs.CopyTo(kept)
		s.records = append(s.records, kept)
	}
	logs.ResourceLogs().RemoveIf(func(plog.ResourceLogs) bool { return true })
	return err
}

func (s *sink) counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.accepted)
}

// received returns what was accepted until now.
func (s *sink) received() []plog.Logs {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.records)
}

func (s *sink) refuseWith(refuse func(plog.Logs) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = refuse
}

// moments are times at which something happened, for a test to read while the receiver goes on.
type moments struct {
	mu  sync.Mutex
	all []time.Time
}

func (m *moments) now() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = append(m.all, time.Now())
}

func (m *moments) seen() []time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.all)
}

// ids returns the log.record.uid of each record.
func ids(logs plog.Logs) (list []string) {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				if id, found := record.Attributes().Get("log.record.uid"); found {
					list = append(list, id.Str())
				}
			}
		}
	}
	return list
}
