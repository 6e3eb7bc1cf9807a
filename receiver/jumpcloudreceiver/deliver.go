// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"context"
	"math"
	"time"

	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receiverhelper"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/backoff"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
)

var _ poll.Consumer = (*delivery)(nil)

// format names the data in the collector's own telemetry.
const format = "directory_insights"

// delivery hands the batches of one organization to the next consumer.
type delivery struct {
	messages  messages
	next      consumer.Logs
	obsreport *receiverhelper.ObsReport
	retry     configretry.BackOffConfig
	outcomes  *outcomes
	// random decides the waits by numbers in [0, 1).
	random func() float64
}

// Deliver implements poll.Consumer: it offers a batch to the next consumer in messages, each until it is
// accepted, refused for good, or, where max_elapsed_time is set, that time is over. After a stop the
// messages that are left have the grace of the one under way, so that the batch can be remembered.
func (d *delivery) Deliver(ctx context.Context, batch poll.Batch) (poll.Delivered, error) {
	graceful, cancel := poll.WithGrace(ctx, poll.DeliverGrace)
	defer cancel()
	var delivered poll.Delivered
	var names nameSet
	for len(batch.Events) > 0 {
		next := d.messages.next(batch)
		d.outcomes.mapped(ctx, next.counts)
		names.add(next.logs)
		// What was passed to a consumer is not ours any more, so each attempt gets records of its own.
		came, err := d.settle(ctx, graceful, next.logs, func() plog.Logs { return d.messages.records(next) })
		if err != nil {
			return poll.Delivered{}, err
		}
		if came.refused == nil {
			d.outcomes.accepted(ctx, next, came.records)
		} else {
			d.outcomes.lost(ctx, came.reason, came.records, came.refused)
			delivered.Lost = append(delivered.Lost, lossOf(came))
		}
		batch.Events = batch.Events[len(next.events):]
	}
	delivered.Names = names.list
	return delivered, nil
}

// settled is what came of records, once they are not offered again.
type settled struct {
	// records is how many the last attempt offered.
	records int
	// refused is why the consumer did not take these, or nil where it took them.
	refused error
	reason  poll.LossReason
	// again returns the records of the last attempt.
	again func() plog.Logs
}

// settle offers records for as long as it takes. An error means that ctx was done before.
func (d *delivery) settle(ctx, graceful context.Context, first plog.Logs, again func() plog.Logs) (settled, error) {
	waits := backoff.NewWaits(d.waits())
	began := time.Now()
	for logs := first; ; logs = again() {
		offered := logs.LogRecordCount()
		err := d.offer(graceful, logs)
		if err == nil {
			return settled{records: offered}, nil
		}
		if refused, ok := refusedPart(err); ok {
			d.outcomes.taken(ctx, offered-refused.LogRecordCount())
			offered = refused.LogRecordCount()
			again = copies(refused)
		}
		switch {
		case allPermanent(err):
			return settled{records: offered, refused: err, reason: dropPermanent, again: again}, nil
		case ctx.Err() != nil:
			return settled{}, ctx.Err()
		case d.retry.MaxElapsedTime > 0 && time.Since(began) >= d.retry.MaxElapsedTime:
			return settled{records: offered, refused: err, reason: dropGaveUp, again: again}, nil
		}
		wait := waits.Next()
		d.outcomes.refused(err, wait)
		if !backoff.Sleep(ctx, wait) {
			return settled{}, ctx.Err()
		}
	}
}

// offer calls the consumer once.
func (d *delivery) offer(ctx context.Context, logs plog.Logs) error {
	reported := d.obsreport.StartLogsOp(ctx)
	count := logs.LogRecordCount()
	ended := d.outcomes.gauges.offering()
	err := d.next.ConsumeLogs(reported, logs)
	ended()
	d.obsreport.EndLogsOp(reported, format, count, err)
	if err != nil && ctx.Err() != nil {
		return ctx.Err() // whatever the consumer makes of the end of its context
	}
	return err
}

func (d *delivery) waits() backoff.Settings {
	return backoff.Settings{
		Initial:    d.retry.InitialInterval,
		Max:        d.retry.MaxInterval,
		Multiplier: d.retry.Multiplier,
		Spread:     max(d.retry.RandomizationFactor, math.SmallestNonzeroFloat64), // zero would be full jitter
		Random:     d.random,
	}
}

// copies returns a source of copies of what a consumer gave back.
func copies(refused plog.Logs) func() plog.Logs {
	return func() plog.Logs {
		logs := plog.NewLogs()
		refused.CopyTo(logs)
		return logs
	}
}
