// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

var _ insights.Traffic = (*instruments)(nil)

// Sent implements insights.Traffic.
func (i *instruments) Sent(status int, took time.Duration, bytes int) {
	ctx := context.Background()
	i.telemetry.ReceiverJumpcloudRequestDuration.Record(ctx, took.Seconds(), i.labels, label("answer", answerOf(status)))
	if status == http.StatusOK {
		i.telemetry.ReceiverJumpcloudResponseSize.Record(ctx, int64(bytes), i.labels)
	}
}

// answerOf bounds the values of the attribute: a proxy may answer with any status.
func answerOf(status int) string {
	switch {
	case status == http.StatusTooManyRequests:
		return "429"
	case status >= 200 && status < 600:
		return strconv.Itoa(status/100) + "xx"
	default:
		return "none"
	}
}

// Retried implements insights.Traffic.
func (i *instruments) Retried() {
	i.telemetry.ReceiverJumpcloudRequestRetries.Add(context.Background(), 1, i.labels)
}

// Waited implements insights.Traffic.
func (i *instruments) Waited(cause insights.WaitCause, waited time.Duration) {
	i.telemetry.ReceiverJumpcloudRequestWait.Add(context.Background(), waited.Seconds(), i.labels, label("cause", string(cause)))
}

// leads tells whether this replica reads, where several could.
func (i *instruments) leads(ctx context.Context, leads int64) {
	i.telemetry.ReceiverJumpcloudLeads.Record(context.WithoutCancel(ctx), leads, i.labels)
}

// timedStore tells how long the storage takes to remember.
type timedStore struct {
	*checkpoint.Store
	instruments *instruments
}

// Commit implements poll.Store.
func (s timedStore) Commit(ctx context.Context, state checkpoint.State, delivered []checkpoint.Entry) error {
	began := time.Now()
	err := s.Store.Commit(ctx, state, delivered)
	s.instruments.telemetry.ReceiverJumpcloudCommitDuration.Record(context.WithoutCancel(ctx), time.Since(began).Seconds(), s.instruments.labels)
	return err
}
