// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver/internal/metadata"
)

var _ poll.Observer = (*observer)(nil)

// instruments are the metrics of one organization with their attributes. They are safe for
// concurrent use.
type instruments struct {
	telemetry *metadata.TelemetryBuilder
	labels    metric.MeasurementOption
	// recorded is labels, for what is recorded event by event, and delayed is that for each delivery.
	recorded []metric.RecordOption
	delayed  map[poll.Delivery][]metric.RecordOption
	gauges   gauges
}

func newInstruments(receiver component.ID, organization string, telemetry *metadata.TelemetryBuilder) (*instruments, error) {
	own := []attribute.KeyValue{attribute.String("organization", organization), attribute.String("receiver", receiver.String())}
	labels := metric.WithAttributeSet(attribute.NewSet(own...))
	i := &instruments{telemetry: telemetry, labels: labels, recorded: []metric.RecordOption{labels}}
	i.delayed = make(map[poll.Delivery][]metric.RecordOption)
	for _, delivery := range []poll.Delivery{poll.DeliveryLive, poll.DeliveryLate, poll.DeliveryHistory} {
		with := attribute.NewSet(append([]attribute.KeyValue{attribute.String("delivery", string(delivery))}, own...)...)
		i.delayed[delivery] = []metric.RecordOption{metric.WithAttributeSet(with)}
	}
	return i, i.gauges.register(telemetry, labels)
}

func (i *instruments) dropped(ctx context.Context, reason poll.LossReason, events int) {
	i.telemetry.ReceiverJumpcloudDropped.Add(ctx, int64(events), i.labels, label("reason", string(reason)))
}

func (i *instruments) consecutiveFailures(failures int) {
	i.telemetry.ReceiverJumpcloudConsecutiveFailures.Record(context.Background(), int64(failures), i.labels)
}

// observer turns what the engine of one organization does into metrics, status and log lines. It is
// used by the goroutine of that organization only, but for standby.
type observer struct {
	*instruments
	logger  *zap.Logger
	account *account
	// met holds what was already told once.
	met map[poll.Anomaly]struct{}
	// rewindTold is when a rewound clock may be told again.
	rewindTold time.Time
	// auditTold is when a count that differs may be told again.
	auditTold time.Time
	// skewed says that the local clock was told to be off.
	skewed bool
	// silenceAfter is how long no event comes until that is told; 0 is never. silent says that it was told.
	silenceAfter time.Duration
	silent       bool
}

func newObserver(instruments *instruments, logger *zap.Logger, account *account, silenceAfter time.Duration) *observer {
	return &observer{
		instruments: instruments, logger: logger, account: account, met: make(map[poll.Anomaly]struct{}), silenceAfter: silenceAfter,
	}
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
	if !start.DelayHoldsFrom.IsZero() {
		o.logger.Info("max_event_delay was raised: the larger one holds for events from this time on", zap.Time("from", start.DelayHoldsFrom))
	}
	fields := []zap.Field{zap.String("state", string(start.State)), zap.Time("watermark", start.Watermark)}
	if !start.BackfillFrom.IsZero() {
		fields = append(fields, zap.Time("backfill_from", start.BackfillFrom))
	}
	o.logger.Info(startTexts[start.State], fields...)
	o.telemetry.ReceiverJumpcloudStarts.Add(context.Background(), 1, o.labels, label("state", string(start.State)))
	o.lossless()
}

// lossless lets the counters of losses begin at 0: the first loss would be no increase otherwise.
func (o *observer) lossless() {
	ctx := context.Background()
	for _, reason := range []poll.LossReason{dropGaveUp, dropPermanent, poll.LossOversize, poll.LossUnreadable} {
		o.dropped(ctx, reason, 0)
	}
	o.telemetry.ReceiverJumpcloudGap.Add(ctx, 0, o.labels)
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
	o.telemetry.ReceiverJumpcloudLastSuccessTimestamp.Record(ctx, float64(time.Now().UnixMilli())/1000, o.labels)
}

// Progress implements poll.Observer.
func (o *observer) Progress(progress poll.Progress) {
	o.account.whileOpen(func() { o.progress(progress) })
	o.skew(progress.Skew)
	o.silence(progress)
}

func (o *observer) progress(progress poll.Progress) {
	ctx := context.Background()
	o.gauges.progressed(progress)
	o.telemetry.ReceiverJumpcloudClockSkew.Record(ctx, progress.Skew.Seconds(), o.labels)
	o.telemetry.ReceiverJumpcloudBackfillRemaining.Record(ctx, progress.BackfillRemaining.Seconds(), o.labels)
	o.telemetry.ReceiverJumpcloudRememberedIds.Record(ctx, int64(progress.Remembered), o.labels)
	o.historyProgress(progress.History)
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
func (o *observer) Stopped() {
	o.gauges.stopped()
	o.account.owner.history.left(o.account.organization)
	o.silent = false // whoever reads next tells it anew
}

// Failed implements poll.Observer.
func (o *observer) Failed(failure poll.Failure) {
	ctx := context.Background()
	if failure.Condition == poll.ConditionStorage {
		o.telemetry.ReceiverJumpcloudCheckpointFailures.Add(ctx, 1, o.labels)
	} else {
		o.telemetry.ReceiverJumpcloudRequestsFailed.Add(ctx, 1, o.labels, label("error", string(failure.Kind)))
	}
	o.account.failed(failure)
}

// Recovered implements poll.Observer.
func (o *observer) Recovered(condition poll.Condition) { o.account.recovered(condition) }

// Lost implements poll.Observer.
func (o *observer) Lost(loss poll.Loss) {
	if loss.Reason == poll.LossRetention {
		o.telemetry.ReceiverJumpcloudGap.Add(context.Background(), loss.To.Sub(loss.From).Seconds(), o.labels)
		o.logger.Error("JumpCloud does not keep events of this time any more: they are lost",
			zap.Time("from", loss.From), zap.Time("to", loss.To))
		return
	}
	o.dropped(context.Background(), loss.Reason, loss.Events)
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

var anomalyTexts = map[poll.Anomaly]string{
	poll.AnomalyNoToken:        "A full page came without a usable paging token: paging goes on by time",
	poll.AnomalyRepeatedPage:   "A page came twice: paging goes on by time",
	poll.AnomalyNotLight:       "Pages of ids and timestamps are not as documented: rescans read whole events until the next start",
	poll.AnomalyNoCount:        "The API does not answer counts: what was delivered can't be compared with what it has. It is asked again after a day",
	poll.AnomalyDepthShortened: "More ids would be remembered than audit::max_ids: the audit reaches less far back than audit::depth. Raise audit::max_ids where there is memory for 50 bytes an id",
	poll.AnomalyGapsJoined:     "More than 128 gaps wait for the pipeline: those that are closest to each other are announced as one, with the time between them",
	poll.AnomalyNamesFull:      "More than 512 services and event types were met: further ones are not told",
	poll.AnomalyNoDate:         "The API does not tell its time: the local clock and its known difference stand in",
	poll.AnomalyWrongDate:      "The answers have wrong dates, which may be a proxy's: the local clock and its known difference stand in",
	poll.AnomalyClockRewound:   "The watermark is after the API's time: reading the last max_event_delay again",
}

func label(key, value string) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String(key, value))
}
