// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

const (
	// EventNameGap is the event name of a record that announces a gap.
	EventNameGap = keyPrefix + "receiver.gap"
	// DeliveryGap is the value of KeyDelivery for such records. They are dated when they were declared, so that
	// those behind them would be too old for a stream that they shared.
	DeliveryGap = "gap"

	keyGapReason = keyPrefix + "gap.reason"
	keyGapFrom   = keyPrefix + "gap.from"
	keyGapTo     = keyPrefix + "gap.to"
	keyGapEvents = keyPrefix + "gap.events"
	keyGapJoined = keyPrefix + "gap.joined"

	// gapAttributes is how many attributes the record of a gap has at the most.
	gapAttributes = 5
)

// Gap is a loss that a record announces.
type Gap struct {
	// Reason is a word, and Cause the sentence that the body begins with, without its end.
	Reason, Cause string
	// From and To bound the time of what is lost, [From, To); both are zero where that is not known.
	From, To time.Time
	// Events is how many events are lost, or 0 where that is not known.
	Events int
	// Joined is how many gaps it was joined from, beside the first.
	Joined int
	// Declared is when it was declared.
	Declared time.Time
}

// Gap returns the record that announces a gap of the organization that is asked for.
func (m *Mapper) Gap(gap Gap, observed time.Time) plog.Logs {
	logs := plog.NewLogs()
	record := m.resource(logs, m.settings.OrganizationID).AppendEmpty()
	logs.ResourceLogs().At(0).Resource().Attributes().PutStr(KeyDelivery, DeliveryGap)
	record.SetEventName(EventNameGap)
	record.SetTimestamp(pcommon.NewTimestampFromTime(gap.Declared))
	record.SetObservedTimestamp(pcommon.NewTimestampFromTime(observed))
	record.SetSeverityNumber(plog.SeverityNumberError)
	record.SetSeverityText("ERROR")
	record.Body().SetStr(gap.sentence())
	attributes := record.Attributes()
	attributes.EnsureCapacity(gapAttributes)
	attributes.PutStr(keyGapReason, gap.Reason)
	if !gap.From.IsZero() {
		attributes.PutStr(keyGapFrom, gapTime(gap.From))
	}
	if !gap.To.IsZero() {
		attributes.PutStr(keyGapTo, gapTime(gap.To))
	}
	if gap.Events > 0 {
		attributes.PutInt(keyGapEvents, int64(gap.Events))
	}
	if gap.Joined > 0 {
		attributes.PutInt(keyGapJoined, int64(gap.Joined))
	}
	return logs
}

func gapTime(at time.Time) string { return at.UTC().Format(time.RFC3339Nano) }

// sentence says what is lost, of when, and why.
func (g Gap) sentence() string {
	var text strings.Builder
	text.WriteString(g.Cause)
	switch {
	case !g.From.IsZero():
		fmt.Fprintf(&text, ", from %s to %s", gapTime(g.From), gapTime(g.To))
	case !g.To.IsZero():
		fmt.Fprintf(&text, ", up to %s", gapTime(g.To))
	}
	switch {
	case g.Events == 1:
		text.WriteString(": 1 event")
	case g.Events > 1:
		fmt.Fprintf(&text, ": %d events", g.Events)
	}
	if g.Joined > 0 {
		fmt.Fprintf(&text, ". It is %d gaps in one, and between them events were delivered", g.Joined+1)
	}
	return text.String()
}
