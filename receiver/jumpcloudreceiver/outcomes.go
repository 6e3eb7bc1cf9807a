// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
)

// The reasons for which the consumer's side drops records.
const (
	dropPermanent poll.LossReason = "permanent"
	dropGaveUp    poll.LossReason = "gave_up"
)

// outcomes turn what becomes of the messages of one organization into metrics, status and log lines.
type outcomes struct {
	*instruments
	logger  *zap.Logger
	account *account
	// toldOther says that events of another organization were told.
	toldOther bool
}

// mapped takes what of a message did not fit. Each message is mapped once, but for its repetitions.
func (o *outcomes) mapped(ctx context.Context, counts mapping.Counts) {
	o.telemetry.ReceiverJumpcloudUnmapped.Add(ctx, int64(counts.Unmapped), o.labels)
	o.telemetry.ReceiverJumpcloudOtherOrganization.Add(ctx, int64(counts.OtherOrganization), o.labels)
	o.stored(ctx, counts.StoreDelays)
	if counts.OtherOrganization > 0 && !o.toldOther {
		o.toldOther = true
		o.logger.Warn("Events of another organization than the one that was asked for: check organizations, and whose key it is. They are delivered, and keep the organization that they name")
	}
}

// stored takes how long JumpCloud took to store each event of a message.
func (o *outcomes) stored(ctx context.Context, delays []time.Duration) {
	for _, delay := range delays {
		o.telemetry.ReceiverJumpcloudStorageDelay.Record(ctx, max(0, delay.Seconds()), o.recorded...)
	}
}

// taken counts records that the consumer took. It may still refuse the others of their message.
func (o *outcomes) taken(ctx context.Context, records int) {
	o.telemetry.ReceiverJumpcloudEvents.Add(ctx, int64(records), o.labels)
}

// accepted takes a message of which the consumer took the last records.
func (o *outcomes) accepted(ctx context.Context, taken message, records int) {
	o.taken(ctx, records)
	now := time.Now()
	labels := o.delayed[taken.delivery]
	for i := range taken.events {
		if at := taken.events[i].Timestamp; !at.IsZero() {
			o.telemetry.ReceiverJumpcloudEventDelay.Record(ctx, max(0, now.Sub(at).Seconds()), labels...)
		}
	}
	o.account.recovered(poll.ConditionPipeline)
}

// refused takes an attempt after which the same message is offered again.
func (o *outcomes) refused(err error, wait time.Duration) {
	o.account.failed(poll.Failure{Condition: poll.ConditionPipeline, Kind: poll.FailureConsumer, Err: brief(err), Wait: wait})
}

// lost declares records lost that the consumer will never take.
func (o *outcomes) lost(ctx context.Context, reason poll.LossReason, records int, err error) {
	o.dropped(ctx, reason, records)
	o.logger.Error("The pipeline refused events for good: they are lost",
		zap.String("reason", string(reason)), zap.Int("events", records), zap.Error(brief(err)))
	if reason == dropPermanent {
		// One that was given up for the time that it took ends nothing: the record of the gap is offered next.
		o.account.recovered(poll.ConditionPipeline)
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
