// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver/internal/metadata"
)

func TestConsumeContract(t *testing.T) {
	generator := &contractGenerator{}
	generator.Start()
	server := httptest.NewServer(generator)
	defer server.Close()
	config := jumpcloudreceiver.NewFactory().CreateDefaultConfig().(*jumpcloudreceiver.Config)
	config.Region = ""
	config.ClientConfig.Endpoint = server.URL
	config.APIKey = canary
	config.PollInterval = 20 * time.Millisecond
	config.RescanInterval = 100 * time.Millisecond
	config.RequestsPerSecond = 1000
	config.RetryOnFailure.InitialInterval = time.Millisecond
	receivertest.CheckConsumeContract(receivertest.CheckConsumeContractParams{
		T:             t,
		Factory:       identifying(jumpcloudreceiver.NewFactory()),
		Signal:        pipeline.SignalLogs,
		Config:        config,
		Generator:     generator,
		GenerateCount: 200,
	})
}

// contractGenerator adds an event to the API for each that is asked for. Each scenario has an
// API of its own.
type contractGenerator struct {
	api  atomic.Pointer[simulator.Simulator]
	made atomic.Int64
}

func (g *contractGenerator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.api.Load().ServeHTTP(w, r)
}

func (g *contractGenerator) Start() { g.api.Store(simulator.New(simulator.Settings{})) }

func (*contractGenerator) Stop() {}

func (g *contractGenerator) Generate() []receivertest.UniqueIDAttrVal {
	id := strconv.FormatInt(g.made.Add(1), 10)
	g.api.Load().Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: id, Time: time.Now()})
	return []receivertest.UniqueIDAttrVal{receivertest.UniqueIDAttrVal(id)}
}

// identifying makes receivers whose records carry the attribute that the contract looks for.
func identifying(factory receiver.Factory) receiver.Factory {
	return receiver.NewFactory(metadata.Type, factory.CreateDefaultConfig, receiver.WithLogs(
		func(ctx context.Context, settings receiver.Settings, config component.Config, next consumer.Logs) (receiver.Logs, error) {
			return factory.CreateLogs(ctx, settings, config, identifier{next})
		}, component.StabilityLevelAlpha,
	))
}

type identifier struct{ consumer.Logs }

func (i identifier) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	if isGap(logs) {
		return nil // the contract is about what was generated
	}
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				id, _ := record.Attributes().Get("log.record.uid")
				record.Attributes().PutStr(receivertest.UniqueIDAttrName, id.Str())
			}
		}
	}
	return i.Logs.ConsumeLogs(ctx, logs)
}
