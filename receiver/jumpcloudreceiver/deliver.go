// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receiverhelper"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
)

// format names the data in the collector's own telemetry.
const format = "directory_insights"

// delivery hands the batches of one organization to the next consumer.
type delivery struct {
	mapper    *mapping.Mapper
	next      consumer.Logs
	obsreport *receiverhelper.ObsReport
	retry     configretry.BackOffConfig
	observer  *observer
	// random decides the waits by numbers in [0, 1).
	random func() float64
}

// deliver is a poll.Deliver: it maps a batch and offers it to the next consumer until it is
// accepted, refused for good, or, where max_elapsed_time is set, that time is over.
func (d *delivery) deliver(ctx context.Context, batch poll.Batch) error {
	// What was passed to a consumer is not ours any more, so each attempt gets records of its own.
	var counts mapping.Counts
	records := func() (logs plog.Logs) {
		logs, counts = d.mapper.Logs(batch.Events, batch.Received)
		return logs
	}
	waits := newBackOff(d.retry)
	began := time.Now()
	for attempt := 1; ; attempt++ {
		logs := records()
		if attempt == 1 {
			d.observer.mapped(ctx, counts)
		}
		offered := logs.LogRecordCount()
		err := d.offer(ctx, logs)
		if err == nil {
			d.observer.accepted(ctx, batch, offered)
			return nil
		}
		if refused, ok := refusedPart(err); ok {
			d.observer.taken(ctx, offered-refused.LogRecordCount())
			offered = refused.LogRecordCount()
			records = copies(refused)
		}
		switch {
		case allPermanent(err):
			d.observer.dropped(ctx, dropPermanent, offered, err)
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case d.retry.MaxElapsedTime > 0 && time.Since(began) >= d.retry.MaxElapsedTime:
			d.observer.dropped(ctx, dropGaveUp, offered, err)
			return nil
		}
		wait := d.jittered(waits.NextBackOff())
		d.observer.refused(ctx, err, attempt, wait)
		if !sleep(ctx, wait) {
			return ctx.Err()
		}
	}
}

// offer calls the consumer once. After a stop the call under way has a grace to end in.
func (d *delivery) offer(ctx context.Context, logs plog.Logs) error {
	graceful, cancel := poll.WithGrace(ctx, poll.DeliverGrace)
	defer cancel()
	graceful = d.obsreport.StartLogsOp(graceful)
	count := logs.LogRecordCount()
	ended := d.observer.gauges.offering()
	err := d.next.ConsumeLogs(graceful, logs)
	ended()
	d.obsreport.EndLogsOp(graceful, format, count, err)
	if err != nil && graceful.Err() != nil {
		return graceful.Err() // whatever the consumer makes of the end of its context
	}
	return err
}

func newBackOff(config configretry.BackOffConfig) *backoff.ExponentialBackOff {
	return &backoff.ExponentialBackOff{
		InitialInterval: config.InitialInterval,
		Multiplier:      config.Multiplier,
		MaxInterval:     config.MaxInterval,
	}
}

// jittered is a wait that is off by up to the configured factor of itself.
func (d *delivery) jittered(wait time.Duration) time.Duration {
	return time.Duration(float64(wait) * (1 + d.retry.RandomizationFactor*(2*d.random()-1)))
}

// copies returns a source of copies of what a consumer gave back.
func copies(refused plog.Logs) func() plog.Logs {
	return func() plog.Logs {
		logs := plog.NewLogs()
		refused.CopyTo(logs)
		return logs
	}
}

// refusedPart is what a consumer says it did not take, where it is one consumer that says so:
// of several, each speaks for itself only, and the whole batch is offered again.
func refusedPart(err error) (plog.Logs, bool) {
	for err != nil {
		switch branch := err.(type) { //nolint:errorlint // the tree itself is walked
		case consumererror.Logs:
			refused := plog.NewLogs()
			branch.Data().CopyTo(refused)
			return refused, refused.LogRecordCount() > 0
		case interface{ Unwrap() []error }:
			if parts := branch.Unwrap(); len(parts) == 1 {
				err = parts[0]
				continue
			}
			return plog.Logs{}, false
		case interface{ Unwrap() error }:
			err = branch.Unwrap()
		default:
			return plog.Logs{}, false
		}
	}
	return plog.Logs{}, false
}

// allPermanent says that every leaf of an error is permanent. consumererror.IsPermanent is
// satisfied by one of them, and would drop what another pipeline only refused for now.
func allPermanent(err error) bool {
	if !consumererror.IsPermanent(err) {
		return false
	}
	switch branch := err.(type) { //nolint:errorlint // the tree itself is walked
	case interface{ Unwrap() []error }:
		for _, part := range branch.Unwrap() {
			if !allPermanent(part) {
				return false
			}
		}
		return true
	case interface{ Unwrap() error }:
		// Where nothing below is marked permanent, this is the mark, for all below.
		inner := branch.Unwrap()
		return inner == nil || !consumererror.IsPermanent(inner) || allPermanent(inner)
	default:
		return true
	}
}

// sleep reports false where ctx was done first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
