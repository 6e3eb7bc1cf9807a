// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
)

// Audited implements poll.Observer.
func (o *observer) Audited(report poll.AuditReport, state poll.AuditState) {
	ctx := context.Background()
	o.account.whileOpen(func() {
		o.telemetry.ReceiverJumpcloudAuditExpected.Record(ctx, int64(state.Counted), o.labels)
		o.telemetry.ReceiverJumpcloudAuditDelivered.Record(ctx, int64(state.Delivered), o.labels)
		o.telemetry.ReceiverJumpcloudAuditMissing.Record(ctx, int64(state.Missing), o.labels)
		o.telemetry.ReceiverJumpcloudAuditDepth.Record(ctx, state.Depth.Seconds(), o.labels)
		o.gauges.audited(state.ProvenTo)
	})
	o.compared(report)
}

// compared counts what comparisons said, and tells of an hour that differs.
func (o *observer) compared(report poll.AuditReport) {
	ctx := context.Background()
	o.telemetry.ReceiverJumpcloudAuditedHours.Add(ctx, int64(report.Hours), o.labels, label("verdict", string(report.Verdict)))
	text, told := auditTexts[report.Verdict]
	if !told || report.From.IsZero() || time.Now().Before(o.auditTold) {
		return
	}
	o.auditTold = time.Now().Add(repeatAfter)
	o.logger.Info(text, zap.Time("hour", report.From), zap.Int("counted", report.Counted), zap.Int("delivered", report.Delivered))
}

// auditTexts are what is told of an hour whose count differs. What holds for many hours is on the metrics.
var auditTexts = map[poll.Verdict]string{
	poll.VerdictShort:   "JumpCloud counts more events of an hour than were delivered: the hour is read again",
	poll.VerdictSurplus: "JumpCloud counts fewer events of an hour than were delivered: nothing is done, as its counts may be behind",
}
