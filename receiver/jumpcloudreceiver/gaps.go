// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
)

// gapCauses begin the sentence of a gap's record.
var gapCauses = map[poll.LossReason]string{
	poll.LossRetention:  "JumpCloud keeps no events of this time any more: those that were not delivered before are lost",
	poll.LossOversize:   "An event is too large to be fetched whole: it was delivered with its id and timestamp only",
	poll.LossUnreadable: "An event is not valid JSON: it was delivered with its id and timestamp only",
	dropPermanent:       "The pipeline refused events for good: they are lost",
	dropGaveUp:          "The pipeline did not take events within retry_on_failure::max_elapsed_time: they are lost",
}

// The values of the label outcome of what became of a gap's record.
const (
	gapAccepted = "accepted"
	gapRefused  = "refused"
)

// Announce implements poll.Consumer: it offers the record of a gap like a batch. Where the pipeline refuses it for
// good, the log has to do, since nothing else would be taken in its place. Where max_elapsed_time is over, it
// reports false.
func (d *delivery) Announce(ctx context.Context, gap checkpoint.Gap) (bool, error) {
	graceful, cancel := poll.WithGrace(ctx, poll.DeliverGrace)
	defer cancel()
	record := func() plog.Logs {
		return d.messages.mapper.Gap(mapping.Gap{
			Reason: gap.Reason, Cause: gapCauses[poll.LossReason(gap.Reason)], From: gap.From, To: gap.To,
			Events: gap.Events, Joined: gap.Joined, Declared: gap.Declared,
		}, time.Now())
	}
	came, err := d.settle(ctx, graceful, record(), record)
	if err != nil || came.reason == dropGaveUp {
		return false, err
	}
	d.outcomes.announced(ctx, gap, came.refused)
	return true, nil
}

// announced takes the record of a gap that the pipeline took, or refused for good.
func (o *outcomes) announced(ctx context.Context, gap checkpoint.Gap, refused error) {
	outcome := gapAccepted
	if refused != nil {
		outcome = gapRefused
		o.logger.Error("The pipeline refused the record of a gap for good: this line is all that tells of it",
			zap.String("reason", gap.Reason), zap.Time("from", gap.From), zap.Time("to", gap.To), zap.Int("events", gap.Events),
			zap.Error(brief(refused)))
	}
	o.telemetry.ReceiverJumpcloudGapRecords.Add(ctx, 1, o.labels, label("outcome", outcome))
	o.account.recovered(poll.ConditionPipeline)
}

// lossOf is what the consumer refused for good. Where it took a part of a message, only the times of the rest count.
func lossOf(came settled) poll.Loss {
	loss := poll.Loss{Reason: came.reason, Events: came.records}
	for _, resource := range came.again().ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				at := record.Timestamp().AsTime().Truncate(time.Millisecond)
				if record.Timestamp() == 0 {
					continue
				}
				if loss.From.IsZero() || at.Before(loss.From) {
					loss.From = at
				}
				if to := at.Add(time.Millisecond); to.After(loss.To) {
					loss.To = to
				}
			}
		}
	}
	return loss
}
