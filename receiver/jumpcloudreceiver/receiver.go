// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver/internal/metadata"
)

// requestTries is how often a request is sent before its failure counts: what passes within
// that is no state worth telling.
const requestTries = 3

// shutdownLimit is for a call to the consumer, for the storage after it, and a second to close it.
const shutdownLimit = poll.DeliverGrace + poll.CommitGrace + time.Second

var _ receiver.Logs = (*logsReceiver)(nil)

// logsReceiver runs one engine for each organization.
type logsReceiver struct {
	config    *Config
	settings  receiver.Settings
	next      consumer.Logs
	telemetry *metadata.TelemetryBuilder
	// random decides every wait by numbers in [0, 1).
	random func() float64

	storage storage.Client
	http    *http.Client
	cancel  context.CancelFunc
	engines sync.WaitGroup

	connections connections
}

func newLogsReceiver(settings receiver.Settings, config *Config, next consumer.Logs) (*logsReceiver, error) {
	telemetry, err := metadata.NewTelemetryBuilder(settings.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	return &logsReceiver{config: config, settings: settings, next: next, telemetry: telemetry, random: rand.Float64}, nil
}

// Start opens the storage, loads the checkpoints and starts reading. It does not wait for the
// API: a key that is refused, or no network, is a state that can pass.
func (r *logsReceiver) Start(ctx context.Context, host component.Host) error {
	if r.cancel != nil {
		return errors.New("the receiver was started before")
	}
	for _, warning := range r.config.warnings() {
		r.settings.Logger.Warn(warning)
	}
	runCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r.cancel = cancel
	if err := r.start(ctx, runCtx, host); err != nil {
		return errors.Join(err, r.Shutdown(ctx))
	}
	return nil
}

func (r *logsReceiver) start(ctx, runCtx context.Context, host component.Host) error {
	var err error
	if r.config.Storage != nil {
		r.settings.Logger.Info("Opening the storage. Should the process end here with a panic, the storage is damaged: see "+runbook,
			zap.Stringer("storage", r.config.Storage))
	}
	if r.storage, err = openStorage(ctx, host, r.config.Storage, r.settings.ID); err != nil {
		return err
	}
	client, extensions := r.connections.below(r.config.ClientConfig, host.GetExtensions())
	if r.http, err = client.ToClient(ctx, extensions, r.settings.TelemetrySettings); err != nil {
		return err
	}
	status := newHealth(host, r.config.Storage == nil)
	limiter := rate.NewLimiter(rate.Limit(r.config.RequestsPerSecond), 1)
	organizations := r.config.Organizations
	if len(organizations) == 0 {
		organizations = []OrganizationConfig{{}}
	}
	engines := make([]*poll.Engine, 0, len(organizations))
	for _, organization := range organizations {
		engine, err := r.engine(organization, limiter, status)
		if err != nil {
			return err
		}
		if err := withoutPanic(func() error { return engine.Load(ctx) }); err != nil {
			return err
		}
		engines = append(engines, engine)
	}
	for _, engine := range engines {
		r.engines.Go(func() { engine.Run(runCtx) })
	}
	return nil
}

// engine makes the engine of one organization. All of them share the connections, the rate
// limit and the storage.
func (r *logsReceiver) engine(organization OrganizationConfig, limiter *rate.Limiter, status *health) (*poll.Engine, error) {
	client, err := r.client(organization, limiter)
	if err != nil {
		return nil, err
	}
	obsreport, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID:             r.settings.ID,
		Transport:              "http",
		LongLivedCtx:           true,
		ReceiverCreateSettings: r.settings,
	})
	if err != nil {
		return nil, fmt.Errorf("creating the receiver's telemetry: %w", err)
	}
	observer, err := newObserver(organization.ID, r.telemetry, r.settings.Logger, status)
	if err != nil {
		return nil, fmt.Errorf("creating the receiver's telemetry: %w", err)
	}
	delivery := &delivery{
		mapper: mapping.New(mapping.Settings{
			Body:             mapping.Body(r.config.Body),
			ScopeName:        metadata.ScopeName,
			ScopeVersion:     r.settings.BuildInfo.Version,
			OrganizationID:   organization.ID,
			OrganizationName: organization.Name,
		}),
		next:      r.next,
		obsreport: obsreport,
		retry:     r.config.RetryOnFailure,
		observer:  observer,
		random:    r.random,
	}
	store := checkpoint.Open(r.storage, organization.ID)
	return poll.New(r.engineSettings(), client, delivery.deliver, store, observer), nil
}

func (r *logsReceiver) client(organization OrganizationConfig, limiter *rate.Limiter) (*insights.Client, error) {
	key := organization.APIKey
	if key == "" {
		key = r.config.APIKey
	}
	return insights.NewClient(r.http, insights.ClientSettings{
		Endpoint:       r.config.endpoint(),
		APIKey:         insights.NewSecret(string(key)),
		OrganizationID: organization.ID,
		Limiter:        limiter,
		Retry: insights.RetrySettings{
			InitialInterval: r.config.RetryOnFailure.InitialInterval,
			MaxInterval:     r.config.RetryOnFailure.MaxInterval,
			MaxTries:        requestTries,
			Random:          r.random,
		},
		Timeout:         r.config.ClientConfig.Timeout,
		MaxResponseSize: int64(r.config.MaxResponseSize),
		UserAgent:       r.settings.BuildInfo.Command + "/" + r.settings.BuildInfo.Version,
	})
}

func (r *logsReceiver) engineSettings() poll.Settings {
	return poll.Settings{
		Services:       r.config.Services,
		PollInterval:   r.config.PollInterval,
		RescanInterval: r.config.RescanInterval,
		MaxEventDelay:  r.config.MaxEventDelay,
		Retention:      r.config.Retention,
		PageSize:       r.config.PageSize,
		Backoff: poll.Backoff{
			Initial: r.config.RetryOnFailure.InitialInterval,
			Max:     r.config.RetryOnFailure.MaxInterval,
			Random:  r.random,
		},
		History: r.config.Backfill.history(),
		Query:   fingerprint(r.config.endpoint(), r.config.Services),
	}
}

// fingerprint tells whether the query is that of the run before. It is a hash since the
// storage holds nothing that need not be there.
func fingerprint(endpoint string, services []string) string {
	sum := sha256.Sum256([]byte(endpoint + "\n" + strings.Join(services, "\n")))
	return hex.EncodeToString(sum[:8])
}

// Shutdown stops reading, lets the batches under way end within their grace, and closes the
// storage. It may be called without Start, and twice. A storage or a consumer that hangs and heeds
// no context is left behind: what it was given is not remembered, and will come again.
func (r *logsReceiver) Shutdown(ctx context.Context) error {
	if r.cancel != nil {
		r.cancel()
	}
	ctx, cancel := context.WithTimeout(ctx, shutdownLimit)
	defer cancel()
	err := within(ctx, "waiting for the batches under way", func() error {
		r.engines.Wait()
		return nil
	})
	r.connections.closeIdle()
	if opened := r.storage; opened != nil && err == nil {
		r.storage = nil
		err = within(ctx, "closing the storage", func() error { return opened.Close(ctx) })
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
