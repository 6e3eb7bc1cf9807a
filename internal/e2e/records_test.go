// SPDX-License-Identifier: Apache-2.0

package e2e_test

import "go.opentelemetry.io/collector/pdata/plog"

// recordIDs returns the log.record.uid of each record.
func recordIDs(logs plog.Logs) (ids []string) {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				id, _ := record.Attributes().Get("log.record.uid")
				ids = append(ids, id.Str())
			}
		}
	}
	return ids
}
