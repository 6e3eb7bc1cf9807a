// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configmiddleware"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/receiver"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver"
)

var (
	wireID = component.MustNewID("wire")
	diskID = component.MustNewID("disk")
)

// errDead is what a process that has died gets from everything around it.
var errDead = errors.New("the process is dead")

// inProcess runs a receiver inside the test's own process, next to a simulated API.
func inProcess(t *testing.T, api *simulator.Simulator, disk storage.Extension, next consumer.ConsumeLogsFunc,
	configure func(*jumpcloudreceiver.Config),
) receiver.Logs {
	t.Helper()
	config := jumpcloudreceiver.NewFactory().CreateDefaultConfig().(*jumpcloudreceiver.Config)
	config.Region = ""
	config.ClientConfig.Endpoint = "http://127.0.0.1"
	config.ClientConfig.Middlewares = []configmiddleware.Config{{ID: wireID}}
	config.APIKey = canary
	config.Storage = &diskID
	configure(config)
	sink, err := consumer.NewLogs(next)
	require.NoError(t, err)
	settings := receiver.Settings{
		ID:                component.NewID(jumpcloudreceiver.NewFactory().Type()),
		TelemetrySettings: componenttest.NewNopTelemetrySettings(),
		BuildInfo:         component.NewDefaultBuildInfo(),
	}
	created, err := jumpcloudreceiver.NewFactory().CreateLogs(t.Context(), settings, config, sink)
	require.NoError(t, err)
	around := extensions{wireID: wire{api: api}, diskID: disk}
	require.NoError(t, created.Start(t.Context(), around))
	return created
}

// extensions are a host.
type extensions map[component.ID]component.Component

func (e extensions) GetExtensions() map[component.ID]component.Component { return e }

// wire is an extension that puts the simulated API in place of the network.
type wire struct {
	component.StartFunc
	component.ShutdownFunc
	api *simulator.Simulator
}

func (w wire) GetHTTPRoundTripper(context.Context) (extensionmiddleware.WrapHTTPRoundTripperFunc, error) {
	return func(context.Context, http.RoundTripper) (http.RoundTripper, error) { return w.api.RoundTripper(), nil }, nil
}

// memory is a storage extension whose one client outlives the receivers.
type memory struct {
	component.StartFunc
	component.ShutdownFunc

	mu     sync.Mutex
	values map[string][]byte
	// dead says that the process has died: nothing is written any more.
	dead bool
	// written, where it is set, is called with all values after each change.
	written func(map[string][]byte) error
}

func newMemory() *memory { return &memory{values: make(map[string][]byte)} }

func (m *memory) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return m, nil
}

func (m *memory) Get(ctx context.Context, key string) ([]byte, error) {
	operation := storage.GetOperation(key)
	err := m.Batch(ctx, operation)
	return operation.Value, err
}

func (m *memory) Set(ctx context.Context, key string, value []byte) error {
	return m.Batch(ctx, storage.SetOperation(key, value))
}

func (m *memory) Delete(ctx context.Context, key string) error {
	return m.Batch(ctx, storage.DeleteOperation(key))
}

func (m *memory) Batch(_ context.Context, operations ...*storage.Operation) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return errDead
	}
	changed := false
	for _, operation := range operations {
		switch operation.Type {
		case storage.Get:
			operation.Value = slices.Clone(m.values[operation.Key])
		case storage.Set:
			m.values[operation.Key], changed = slices.Clone(operation.Value), true
		case storage.Delete:
			delete(m.values, operation.Key)
			changed = true
		}
	}
	if changed && m.written != nil {
		return m.written(m.values)
	}
	return nil
}

func (*memory) Close(context.Context) error { return nil }

// die ends, or begins, the life of the process that uses the storage.
func (m *memory) die(dead bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = dead
}

func (m *memory) isDead() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead
}
