// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// Logs takes the place of the shipped one: FromRaw of maps, and a body of the same length.
func (m *Mapper) Logs(events []insights.Event, observed time.Time) (plog.Logs, Counts) {
	logs := plog.NewLogs()
	var counts Counts
	records := m.resource(logs, m.settings.OrganizationID)
	records.EnsureCapacity(len(events))
	for i := range events {
		record := records.AppendEmpty()
		record.SetObservedTimestamp(pcommon.NewTimestampFromTime(observed))
		record.SetTimestamp(pcommon.NewTimestampFromTime(events[i].Timestamp))
		record.Body().SetStr(string(events[i].Raw))
		if record.Attributes().FromRaw(insights.Decoded(events[i])) != nil {
			counts.Unmapped++
		}
	}
	return logs, counts
}
