// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"compress/gzip"
	"io"
	"net/http"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

// exported returns the records of an OTLP/HTTP request.
func exported(r *http.Request) (plog.Logs, error) {
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		inflated, err := gzip.NewReader(r.Body)
		if err != nil {
			return plog.Logs{}, err
		}
		body = inflated
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return plog.Logs{}, err
	}
	request := plogotlp.NewExportRequest()
	err = request.UnmarshalProto(data)
	return request.Logs(), err
}

// recordIDs returns the log.record.uid of each record of an event. One that announces a gap is none.
func recordIDs(logs plog.Logs) (ids []string) {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				if record.EventName() == "jumpcloud.receiver.gap" {
					continue
				}
				id, _ := record.Attributes().Get("log.record.uid")
				ids = append(ids, id.Str())
			}
		}
	}
	return ids
}
