// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/backoff"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver/internal/metadata"
)

// requestTries is how often a request is sent before its failure counts: what passes within
// that is no state worth telling.
const requestTries = 3

// operatorRests is for how many initial intervals nobody asks a token endpoint again that refused: the
// first wait of each that asks.
const operatorRests = 12

// source is what the engines of one organization have in common, one of which runs at a time.
type source struct {
	organization string
	settings     poll.Settings
	client       *insights.Client
	delivery     *delivery
	storage      storage.Client
	observer     *observer
}

// load returns an engine that goes on from what the storage holds now.
func (s *source) load(ctx context.Context) (*poll.Engine, error) {
	store := timedStore{checkpoint.Open(s.storage, s.organization), s.observer.instruments}
	engine := poll.New(s.settings, s.client, s.delivery, store, s.observer)
	return engine, withoutPanic(func() error { return engine.Load(ctx) })
}

// together calls do for all of them at the same time, and returns when every call has.
func together[T any](all []T, do func(T)) {
	var calls sync.WaitGroup
	for _, one := range all {
		calls.Go(func() { do(one) })
	}
	calls.Wait()
}

// sources returns those of all organizations. They share the connections, the rate limit, the
// storage and the status.
func (r *logsReceiver) sources(ctx context.Context, host component.Host) ([]*source, error) {
	if err := checkExtensions(ctx, host, r.config.ClientConfig); err != nil {
		return nil, err
	}
	config, extensions := r.connections.below(r.config.ClientConfig, host.GetExtensions())
	client, err := config.ToClient(ctx, extensions, r.settings.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	client = insights.GuardTokens(client, operatorRests*r.config.RetryOnFailure.InitialInterval, tokenAnswer)
	r.conditions = newConditions(r.settings.Logger, health{host: host, inMemory: r.config.Storage == nil})
	limiter := rate.NewLimiter(rate.Limit(r.config.RequestsPerSecond), 1)
	organizations := r.config.Organizations
	if len(organizations) == 0 {
		organizations = []OrganizationConfig{{}}
	}
	sources := make([]*source, 0, len(organizations))
	for _, organization := range organizations {
		source, err := r.source(organization, client, limiter)
		if err != nil {
			return nil, err
		}
		sources = append(sources, source)
	}
	return sources, nil
}

func (r *logsReceiver) source(organization OrganizationConfig, connections *http.Client, limiter *rate.Limiter) (*source, error) {
	obsreport, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID:             r.settings.ID,
		Transport:              "http",
		LongLivedCtx:           true,
		ReceiverCreateSettings: r.settings,
	})
	if err != nil {
		return nil, fmt.Errorf("creating the receiver's telemetry: %w", err)
	}
	instruments, err := newInstruments(r.settings.ID, organization.ID, r.telemetry)
	if err != nil {
		return nil, fmt.Errorf("creating the receiver's telemetry: %w", err)
	}
	client, err := r.client(organization, connections, limiter, instruments)
	if err != nil {
		return nil, err
	}
	logger := r.settings.Logger
	if organization.ID != "" {
		logger = logger.With(zap.String("organization", organization.ID))
	}
	account := r.conditions.account(organization.ID, logger, instruments.consecutiveFailures)
	delivery := &delivery{
		messages:  r.messages(organization),
		next:      r.next,
		obsreport: obsreport,
		retry:     r.config.RetryOnFailure,
		outcomes:  &outcomes{instruments: instruments, logger: logger, account: account},
		random:    r.random,
	}
	return &source{
		organization: organization.ID,
		settings:     r.engineSettings(),
		client:       client,
		delivery:     delivery,
		storage:      r.storage,
		observer:     newObserver(instruments, logger, account, r.config.SilenceAfter),
	}, nil
}

func (r *logsReceiver) messages(organization OrganizationConfig) messages {
	return messages{
		mapper: mapping.New(mapping.Settings{
			Body:             mapping.Body(r.config.Body),
			Attributes:       mapping.Attributes(r.config.Attributes),
			ScopeName:        metadata.ScopeName,
			ScopeVersion:     r.settings.BuildInfo.Version,
			OrganizationID:   organization.ID,
			OrganizationName: organization.Name,
		}),
		maxRecords: r.config.Batch.MaxRecords,
		maxBytes:   int(r.config.Batch.MaxSize),
	}
}

func (r *logsReceiver) client(organization OrganizationConfig, connections *http.Client, limiter *rate.Limiter, traffic insights.Traffic) (*insights.Client, error) {
	key := organization.APIKey
	if key == "" {
		key = r.config.APIKey
	}
	return insights.NewClient(connections, insights.ClientSettings{
		Endpoint:       r.config.endpoint(),
		APIKey:         insights.NewSecret(string(key)),
		OrganizationID: organization.ID,
		Limiter:        limiter,
		Hold:           r.holds.of(string(key), r.config.endpoint()),
		Retry: insights.RetrySettings{
			InitialInterval: r.config.RetryOnFailure.InitialInterval,
			MaxInterval:     r.config.RetryOnFailure.MaxInterval,
			MaxTries:        requestTries,
			Random:          r.random,
		},
		Timeout:         r.config.ClientConfig.Timeout,
		MaxResponseSize: int64(r.config.MaxResponseSize),
		UserAgent:       r.settings.BuildInfo.Command + "/" + r.settings.BuildInfo.Version,
		Traffic:         traffic,
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
		BatchSize:      r.config.Batch.MaxRecords,
		LightRescans:   r.config.Rescan == rescanLight,
		Backoff: backoff.Settings{
			Initial: r.config.RetryOnFailure.InitialInterval,
			Max:     r.config.RetryOnFailure.MaxInterval,
			Random:  r.random,
		},
		History: r.config.Backfill.history(),
		Audit:   poll.AuditSettings{Interval: r.config.Audit.Interval, Depth: r.config.Audit.Depth, Budget: r.budget},
		Query:   fingerprint(r.config.endpoint(), r.config.Services),
	}
}

// fingerprint tells whether the query is that of the run before. It is a hash since the
// storage holds nothing that need not be there.
func fingerprint(endpoint string, services []string) string {
	sum := sha256.Sum256([]byte(endpoint + "\n" + strings.Join(services, "\n")))
	return hex.EncodeToString(sum[:8])
}
