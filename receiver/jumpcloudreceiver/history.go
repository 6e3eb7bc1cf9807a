// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
)

// historyToldEach is how often a line tells how far history is read.
const historyToldEach = time.Minute

// history tells how far history is read, in one line for all organizations that read some. It is safe for
// concurrent use.
type history struct {
	logger *zap.Logger

	mu      sync.Mutex
	reading map[string]poll.HistoryProgress
	// next is when a line is due.
	next time.Time
}

func newHistory(logger *zap.Logger) *history {
	return &history{logger: logger, reading: make(map[string]poll.HistoryProgress)}
}

// progressed takes how far an organization is.
func (h *history) progressed(organization string, progress poll.HistoryProgress) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if progress.To.IsZero() || progress.Share >= 1 {
		delete(h.reading, organization)
		return
	}
	now := time.Now()
	if len(h.reading) == 0 {
		h.next = now.Add(historyToldEach)
	}
	h.reading[organization] = progress
	if now.Before(h.next) {
		return
	}
	h.next = now.Add(historyToldEach)
	h.tell()
}

// left takes that an organization is not read any more.
func (h *history) left(organization string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.reading, organization)
}

// tell logs the mean of the shares, the sum of the events and the longest time that is left.
func (h *history) tell() {
	var share float64
	var events int
	var left time.Duration
	name := ""
	for organization, progress := range h.reading {
		name = organization
		share += progress.Share / float64(len(h.reading))
		events += progress.Events
		left = max(left, progress.Left)
	}
	fields := []zap.Field{zap.String("done", strconv.FormatFloat(100*share, 'f', 1, 64)+"%"), zap.Int("events", events)}
	if left > 0 {
		fields = append(fields, zap.Duration("time_left", left.Round(time.Second)))
	}
	switch {
	case len(h.reading) > 1:
		fields = append(fields, zap.Int("organizations", len(h.reading)))
	case name != "":
		fields = append(fields, zap.String("organization", name))
	}
	h.logger.Info("Reading history", fields...)
}

func (o *observer) historyProgress(progress poll.HistoryProgress) {
	o.account.owner.history.progressed(o.account.organization, progress)
	if progress.To.IsZero() {
		return
	}
	ctx := context.Background()
	o.telemetry.ReceiverJumpcloudBackfillShare.Record(ctx, progress.Share, o.labels)
	o.telemetry.ReceiverJumpcloudBackfillDelivered.Record(ctx, int64(progress.Events), o.labels)
	o.telemetry.ReceiverJumpcloudBackfillUnproven.Record(ctx, int64(progress.Unproven), o.labels)
	if progress.Left > 0 || progress.Share >= 1 {
		o.telemetry.ReceiverJumpcloudBackfillTimeLeft.Record(ctx, progress.Left.Seconds(), o.labels)
	}
}

// Compared implements poll.Observer.
func (o *observer) Compared(report poll.AuditReport) { o.compared(report) }

// HistoryEnded implements poll.Observer.
func (o *observer) HistoryEnded(report poll.HistoryReport) {
	what := fmt.Sprintf("History %s … %s: %s events", day(report.From), day(report.To), grouped(report.Events))
	switch {
	case !report.Compared:
		what += " delivered. They were not compared with what JumpCloud counts, since audit::depth is 0"
	case report.Unproven > 0:
		what += fmt.Sprintf(" delivered. JumpCloud's counts prove %s of %s hours",
			grouped(report.Hours-report.Unproven), grouped(report.Hours))
	default:
		what += ", all of them delivered"
	}
	o.logger.Info(what, zap.Time("from", report.From), zap.Time("to", report.To), zap.Int("events", report.Events),
		zap.Int("hours", report.Hours), zap.Int("unproven_hours", report.Unproven))
}

func day(at time.Time) string { return at.UTC().Format(time.DateOnly) }

// grouped writes a number with a comma between thousands.
func grouped(number int) string {
	text := strconv.Itoa(number)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
