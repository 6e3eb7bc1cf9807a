// SPDX-License-Identifier: Apache-2.0

package testkit

import "time"

// Sizes of a whole message, in bytes of OTLP.
const (
	// KafkaMessage is the producer's default of the collector's Kafka exporter, max_message_bytes. A
	// broker's default, message.max.bytes of the page "Broker Configs", is 1,048,588.
	KafkaMessage = 1_000_000
	// GRPCMessage is what a gRPC server takes by default, and with it the collector's OTLP receiver.
	GRPCMessage = 4 << 20
)

// Message returns the limits of a backend that refuses larger requests.
func Message(size int) Limits { return Limits{Request: size} }

// Elasticsearch returns the limits of an Elasticsearch with its default settings: http.max_content_length
// is 100mb, and a document has at most 1,000 fields, index.mapping.total_fields.limit of the page
// "Mapping limit settings". That many an index takes, so the keys of all its documents count together.
func Elasticsearch() Limits {
	known := make(map[string]bool)
	return Limits{Request: 100 << 20, Rules: []Rule{func(entry Entry, _ time.Time) string {
		added := 0
		for key := range entry.Record.Attributes().All() {
			if !known[key] {
				added++
			}
		}
		if len(known)+added > 1000 {
			return "total_fields.limit"
		}
		for key := range entry.Record.Attributes().All() {
			known[key] = true
		}
		return ""
	}}}
}

// Datadog returns the limits of Datadog's log intake, of the page "Send logs" of its API reference: 5 MB
// a request, 1 MB a log; and logs that are older than 18 hours are not taken.
func Datadog() Limits {
	return Limits{Request: 5_000_000, Rules: []Rule{largest(1_000_000), func(entry Entry, now time.Time) string {
		if entry.Record.Timestamp().AsTime().Before(now.Add(-18 * time.Hour)) {
			return "older than 18h"
		}
		return ""
	}}}
}

// Splunk returns the limits of Splunk's HTTP Event Collector, of limits.conf: max_content_length of the
// stanza http_input is 838,860,800 bytes. An event is cut at 10,000 bytes, TRUNCATE of props.conf; here
// it is refused, so that a test sees it.
func Splunk() Limits { return Limits{Request: 838_860_800, Rules: []Rule{largest(10_000)}} }

func largest(size int) Rule {
	return func(entry Entry, _ time.Time) string {
		if len(entry.Record.Body().AsString()) > size {
			return "record too large"
		}
		return ""
	}
}
