// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver/internal/metadata"
)

// The reasons for which the consumer's side drops records.
const (
	dropPermanent poll.LossReason = "permanent"
	dropGaveUp    poll.LossReason = "gave_up"
)

var _ poll.Observer = (*observer)(nil)

// observer turns what happens to one organization into metrics, status and log lines. It is
// used by the goroutine of that organization only.
type observer struct {
	organization string
	telemetry    *metadata.TelemetryBuilder
	labels       metric.MeasurementOption
	// recorded is labels, for what is recorded event by event.
	recorded []metric.RecordOption
	gauges   gauges
	logger   *zap.Logger
	health   *health
	journal  journal
	// reading is what the engine fails by, or "". The storage's failures are not among it: they end
	// before the pipeline is called.
	reading poll.FailureKind
	// met holds what was already told once.
	met map[poll.Anomaly]struct{}
	// rewindTold is when a rewound clock may be told again.
	rewindTold time.Time
	// skewed says that the local clock was told to be off.
	skewed bool
}

func newObserver(organization string, telemetry *metadata.TelemetryBuilder, logger *zap.Logger, health *health) (*observer, error) {
	if organization != "" {
		logger = logger.With(zap.String("organization", organization))
	}
	labels := metric.WithAttributeSet(attribute.NewSet(attribute.String("organization", organization)))
	o := &observer{
		organization: organization,
		telemetry:    telemetry,
		labels:       labels,
		recorded:     []metric.RecordOption{labels},
		logger:       logger,
		health:       health,
		journal:      journal{logger: logger},
		met:          make(map[poll.Anomaly]struct{}),
	}
	return o, o.gauges.register(telemetry, labels)
}

// Started implements poll.Observer.
func (o *observer) Started(start poll.Start) {
	if start.DamagedKey != "" || start.DamagedSegments > 0 {
		o.logger.Error("The stored checkpoint is damaged: what could not be read starts anew, and its events may come twice or be missing",
			zap.String("kept_under", start.DamagedKey), zap.Int("damaged_segments", start.DamagedSegments))
	}
	if start.BackfillClamped {
		o.logger.Warn("The configured backfill reaches further back than retention: it begins at the retention's edge")
	}
	if start.QueryChanged {
		o.logger.Info("The endpoint or the services were changed: continuing from the stored watermark with the new query")
	}
	fields := []zap.Field{zap.String("state", string(start.State)), zap.Time("watermark", start.Watermark)}
	if !start.BackfillFrom.IsZero() {
		fields = append(fields, zap.Time("backfill_from", start.BackfillFrom))
	}
	o.logger.Info(startTexts[start.State], fields...)
	o.telemetry.ReceiverJumpcloudStarts.Add(context.Background(), 1, o.labels, label("state", string(start.State)))
}

var startTexts = map[poll.StartState]string{
	poll.StartFresh:     "No checkpoint is stored: beginning now, and with the backfill where one is configured",
	poll.StartContinued: "Continuing from the stored checkpoint",
	poll.StartDamaged:   "Beginning as if no checkpoint were stored",
}

// Page implements poll.Observer.
func (o *observer) Page(page poll.PageReport) {
	ctx := context.Background()
	o.telemetry.ReceiverJumpcloudPages.Add(ctx, 1, o.labels, label("pass", string(page.Pass)))
	o.telemetry.ReceiverJumpcloudDuplicates.Add(ctx, int64(page.Duplicates), o.labels)
	o.telemetry.ReceiverJumpcloudLateEvents.Add(ctx, int64(page.Late), o.labels)
	o.telemetry.ReceiverJumpcloudConflicts.Add(ctx, int64(page.Conflicts), o.labels)
	o.telemetry.ReceiverJumpcloudNullElements.Add(ctx, int64(page.Nulls), o.labels)
	o.telemetry.ReceiverJumpcloudPageLimit.Record(ctx, int64(page.Limit), o.labels)
}

// Progress implements poll.Observer.
func (o *observer) Progress(progress poll.Progress) {
	ctx := context.Background()
	o.gauges.progressed(progress)
	o.skew(progress.Skew)
	o.telemetry.ReceiverJumpcloudClockSkew.Record(ctx, progress.Skew.Seconds(), o.labels)
	o.telemetry.ReceiverJumpcloudBackfillRemaining.Record(ctx, progress.BackfillRemaining.Seconds(), o.labels)
	o.telemetry.ReceiverJumpcloudRememberedIds.Record(ctx, int64(progress.Remembered), o.labels)
}

const (
	// skewTold is how far the local clock may be off before that is told; within skewOver it is told
	// to be over. They differ since a date is in whole seconds, and the skew changes with it.
	skewTold = 30 * time.Second
	skewOver = 15 * time.Second
)

// skew tells when the local clock begins to be off, and when that is over.
func (o *observer) skew(skew time.Duration) {
	field := zap.Duration("ahead_by", skew.Round(time.Second))
	switch {
	case !o.skewed && skew.Abs() > skewTold:
		o.skewed = true
		o.logger.Warn("The local clock differs from JumpCloud's: check its time synchronization. No event is lost by it, as reading goes by JumpCloud's clock", field)
	case o.skewed && skew.Abs() <= skewOver:
		o.skewed = false
		o.logger.Info("The local clock agrees with JumpCloud's again", field)
	}
}

// Stopped implements poll.Observer.
func (o *observer) Stopped() { o.gauges.stopped() }

// Failed implements poll.Observer.
func (o *observer) Failed(failure poll.Failure) {
	ctx := context.Background()
	if failure.Kind == poll.FailureCheckpoint {
		o.telemetry.ReceiverJumpcloudCheckpointFailures.Add(ctx, 1, o.labels)
	} else {
		o.reading = failure.Kind
		o.telemetry.ReceiverJumpcloudRequestsFailed.Add(ctx, 1, o.labels, label("error", string(failure.Kind)))
	}
	o.telemetry.ReceiverJumpcloudConsecutiveFailures.Record(ctx, int64(failure.Consecutive), o.labels)
	o.journal.failed(failure.Kind, failure.Err, failure.Wait)
	o.health.failing(o.organization, failure.Kind)
}

// Recovered implements poll.Observer.
func (o *observer) Recovered() { o.working(context.Background()) }

func (o *observer) working(ctx context.Context) {
	o.reading = ""
	o.recovered(ctx)
}

// recovered ends a failure. Where the pipeline's ends, one of reading may go on.
func (o *observer) recovered(ctx context.Context) {
	o.telemetry.ReceiverJumpcloudConsecutiveFailures.Record(ctx, 0, o.labels)
	o.journal.recovered()
	o.health.failing(o.organization, o.reading)
}

// Lost implements poll.Observer.
func (o *observer) Lost(loss poll.Loss) {
	if loss.Reason == poll.LossRetention {
		o.telemetry.ReceiverJumpcloudGap.Add(context.Background(), loss.To.Sub(loss.From).Seconds(), o.labels)
		o.logger.Error("JumpCloud does not keep events of this time any more: they are lost",
			zap.Time("from", loss.From), zap.Time("to", loss.To))
		return
	}
	o.drop(context.Background(), loss.Reason, loss.Events)
	o.logger.Error("An event could not be fetched whole: it was delivered with its id and timestamp only",
		zap.String("reason", string(loss.Reason)))
}

// Anomaly implements poll.Observer.
func (o *observer) Anomaly(anomaly poll.Anomaly) {
	if anomaly == poll.AnomalyClockRewound {
		if now := time.Now(); !now.Before(o.rewindTold) {
			o.rewindTold = now.Add(repeatAfter)
			o.logger.Error(anomalyTexts[anomaly])
		}
		return
	}
	if _, told := o.met[anomaly]; told {
		return
	}
	o.met[anomaly] = struct{}{}
	o.logger.Warn(anomalyTexts[anomaly])
}

// anomalyOtherOrganization: events name another organization than the one that was asked for.
const anomalyOtherOrganization poll.Anomaly = "other_organization"

var anomalyTexts = map[poll.Anomaly]string{
	poll.AnomalyNoToken:      "A full page came without a usable paging token: paging goes on by time",
	poll.AnomalyRepeatedPage: "A page came twice: paging goes on by time",
	poll.AnomalyNoDate:       "The API does not tell its time: the local clock less five minutes stands in",
	anomalyOtherOrganization: "Events of another organization than the one that was asked for: check organizations, and whose key it is. They are delivered, and keep the organization that they name",
	poll.AnomalyClockRewound: "The watermark is after the API's time: reading the last max_event_delay again",
}

// taken counts records that the consumer took. It may still refuse the others of their batch.
func (o *observer) taken(ctx context.Context, records int) {
	o.telemetry.ReceiverJumpcloudEvents.Add(ctx, int64(records), o.labels)
}

// accepted takes a batch of which the consumer took the last records.
func (o *observer) accepted(ctx context.Context, batch poll.Batch, records int) {
	o.taken(ctx, records)
	now := time.Now()
	for _, event := range batch.Events {
		if !event.Timestamp.IsZero() {
			o.telemetry.ReceiverJumpcloudEventDelay.Record(ctx, max(0, now.Sub(event.Timestamp).Seconds()), o.recorded...)
		}
	}
	if o.journal.kind == failureConsumer {
		o.recovered(ctx)
	}
}

// refused takes an attempt after which the same batch is offered again.
func (o *observer) refused(ctx context.Context, err error, attempt int, wait time.Duration) {
	o.telemetry.ReceiverJumpcloudConsecutiveFailures.Record(ctx, int64(attempt), o.labels)
	o.journal.failed(failureConsumer, brief(err), wait)
	o.health.failing(o.organization, failureConsumer)
}

// dropped declares records lost that the consumer will never take.
func (o *observer) dropped(ctx context.Context, reason poll.LossReason, records int, err error) {
	o.drop(ctx, reason, records)
	o.logger.Error("The pipeline refused events for good: they are lost",
		zap.String("reason", string(reason)), zap.Int("events", records), zap.Error(brief(err)))
	if o.journal.kind == failureConsumer {
		o.recovered(ctx)
	}
}

func (o *observer) drop(ctx context.Context, reason poll.LossReason, events int) {
	o.telemetry.ReceiverJumpcloudDropped.Add(ctx, int64(events), o.labels, label("reason", string(reason)))
}

func (o *observer) mapped(ctx context.Context, counts mapping.Counts) {
	o.telemetry.ReceiverJumpcloudUnmapped.Add(ctx, int64(counts.Unmapped), o.labels)
	o.telemetry.ReceiverJumpcloudOtherOrganization.Add(ctx, int64(counts.OtherOrganization), o.labels)
	if counts.OtherOrganization > 0 {
		o.Anomaly(anomalyOtherOrganization)
	}
}

// maxErrorText is the length in bytes to which the pipeline's errors are cut: a backend may quote
// the records that it refuses.
const maxErrorText = 256

func brief(err error) error {
	text := err.Error()
	if len(text) <= maxErrorText {
		return err
	}
	return errors.New(strings.ToValidUTF8(text[:maxErrorText], ""))
}

func label(key, value string) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String(key, value))
}
