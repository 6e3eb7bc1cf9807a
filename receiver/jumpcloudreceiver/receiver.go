// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver/internal/metadata"
)

// shutdownLimit is for a call to the consumer, for the storage after it, and a second to close it.
const shutdownLimit = poll.DeliverGrace + poll.CommitGrace + time.Second

var _ receiver.Logs = (*logsReceiver)(nil)

// logsReceiver runs one engine for each organization: from Start to Shutdown, or, where there is a
// leader elector, while it leads.
type logsReceiver struct {
	config    *Config
	settings  receiver.Settings
	next      consumer.Logs
	telemetry *metadata.TelemetryBuilder
	// random decides every wait by numbers in [0, 1).
	random func() float64
	holds  *holds

	started     bool
	storage     storage.Client
	connections connections
	terms       terms
	conditions  *conditions
	budget      *poll.Budget
}

func newLogsReceiver(settings receiver.Settings, config *Config, next consumer.Logs, holds *holds) (*logsReceiver, error) {
	telemetry, err := metadata.NewTelemetryBuilder(settings.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	return &logsReceiver{
		config: config, settings: settings, next: next, telemetry: telemetry, random: rand.Float64, holds: holds,
		budget: poll.NewBudget(config.Audit.MaxIDs),
	}, nil
}

// Start opens the storage, loads the checkpoints and starts reading. It does not wait for the
// API: a key that is refused, or no network, is a state that can pass. With a leader elector
// loading and reading begin when this replica leads.
func (r *logsReceiver) Start(ctx context.Context, host component.Host) error {
	if r.started {
		return errors.New("the receiver was started before")
	}
	r.started = true
	for _, warning := range r.config.warnings() {
		r.settings.Logger.Warn(warning)
	}
	if err := r.start(ctx, host); err != nil {
		return errors.Join(err, r.Shutdown(ctx))
	}
	return nil
}

func (r *logsReceiver) start(ctx context.Context, host component.Host) error {
	elector, err := findElector(host, r.config.LeaderElector)
	if err != nil {
		return err
	}
	if r.config.Storage != nil {
		r.settings.Logger.Info("Opening the storage. Should the process end here with a panic, the storage is damaged: see "+runbook,
			zap.Stringer("storage", r.config.Storage))
	}
	if r.storage, err = openStorage(ctx, host, r.config.Storage, r.settings.ID); err != nil {
		return err
	}
	sources, err := r.sources(ctx, host)
	if err != nil {
		return err
	}
	if elector != nil {
		leader := &leadership{sources: sources, terms: &r.terms, logger: r.settings.Logger.With(zap.Stringer("k8s_leader_elector", r.config.LeaderElector))}
		leader.seek(ctx, elector)
		return nil
	}
	engines := make([]*poll.Engine, 0, len(sources))
	for _, source := range sources {
		engine, err := source.load(ctx)
		if err != nil {
			return err
		}
		engines = append(engines, engine)
	}
	r.terms.begin(context.WithoutCancel(ctx), func(ctx context.Context) {
		together(engines, func(engine *poll.Engine) { engine.Run(ctx) })
	})
	return nil
}

// Shutdown stops reading, lets the batches under way end within their grace, and closes the
// storage. It may be called without Start, and twice. A storage or a consumer that hangs and heeds
// no context is left behind: what it was given is not remembered, and will come again.
func (r *logsReceiver) Shutdown(ctx context.Context) error {
	ended := r.terms.close()
	ctx, cancel := context.WithTimeout(ctx, shutdownLimit)
	defer cancel()
	err := within(ctx, "waiting for the batches under way", func() error {
		<-ended
		return nil
	})
	r.connections.closeIdle()
	if opened := r.storage; opened != nil && err == nil {
		r.storage = nil
		err = within(ctx, "closing the storage", func() error { return opened.Close(ctx) })
	}
	if r.conditions != nil {
		r.conditions.stop()
	}
	r.telemetry.Shutdown()
	return err
}

// within returns the error of a step, or, where the step is not over in time, that of ctx.
func within(ctx context.Context, name string, step func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- step() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", name, context.Cause(ctx))
	}
}
