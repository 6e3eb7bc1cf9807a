// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

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

// Datadog returns the limits of Datadog. Of the page "Send logs" of its API reference: 5 MB and 1,000 logs a request, and logs that
// are older than 18 hours are not taken. Of the page "Log Collection and Integrations": less than 256 attributes, keys of less
// than 50 characters, less than 10 levels, and less than 1,024 characters in a facet. What is beyond them "might be
// transformed or truncated"; a log of more than 1 MB is cut.
func Datadog() Limits {
	return Limits{Request: 5_000_000, Records: 1000, Rules: []Rule{func(entry Entry, now time.Time) string {
		if entry.Record.Timestamp().AsTime().Before(now.Add(-18 * time.Hour)) {
			return "older than 18h"
		}
		return ""
	}}, Losses: []Rule{
		largest(1_000_000),
		func(entry Entry, _ time.Time) string {
			if entry.Record.Attributes().Len() >= 256 {
				return "256 attributes"
			}
			return ""
		},
		attribute("key of 50 characters", func(key string, _ pcommon.Value) bool { return len(key) >= 50 }),
		attribute("10 levels", func(key string, _ pcommon.Value) bool { return strings.Count(key, ".")+1 >= 10 }),
		attribute("facet of 1,024 characters", func(_ string, value pcommon.Value) bool { return len(value.AsString()) >= 1024 }),
	}}
}

// Splunk returns the limits of Splunk's HTTP Event Collector, and of the collector's exporter to it. max_content_length of the
// stanza http_input of limits.conf is 838,860,800 bytes; custom fields are "flat (not nested)", and others are
// error 15, by "Format events for HTTP Event Collector". The exporter drops an event of more than max_event_size, 5 MiB, which
// is what Splunk takes, too. An event is cut at 10,000 bytes, TRUNCATE of props.conf.
func Splunk() Limits {
	return Limits{Request: 838_860_800, Stream: splunkSource, Rules: []Rule{
		attribute("nested field", func(_ string, value pcommon.Value) bool { return nested(value) }),
		largest(5 << 20),
	}, Losses: []Rule{func(entry Entry, _ time.Time) string {
		if len(entry.Record.Body().AsString()) > 10_000 {
			return "TRUNCATE"
		}
		return ""
	}}}
}

// splunkSource is the source type that the exporter gives an event, by its default of otel_attrs_to_hec_metadata.
func splunkSource(resource plog.ResourceLogs) string {
	if kind, found := resource.Resource().Attributes().Get("com.splunk.sourcetype"); found {
		return kind.AsString()
	}
	return ""
}

// nested says whether a value is an object, or a list of objects or lists.
func nested(value pcommon.Value) bool {
	if value.Type() == pcommon.ValueTypeSlice {
		for _, element := range value.Slice().All() {
			if element.Type() == pcommon.ValueTypeSlice || element.Type() == pcommon.ValueTypeMap {
				return true
			}
		}
	}
	return value.Type() == pcommon.ValueTypeMap
}

func largest(size int) Rule {
	return func(entry Entry, _ time.Time) string {
		total := len(entry.Record.Body().AsString())
		for key, value := range entry.Record.Attributes().All() {
			total += len(key) + len(value.AsString())
		}
		if total > size {
			return "record too large"
		}
		return ""
	}
}

// attribute is broken where an attribute of a record is such.
func attribute(reason string, is func(key string, value pcommon.Value) bool) Rule {
	return func(entry Entry, _ time.Time) string {
		for key, value := range entry.Record.Attributes().All() {
			if is(key, value) {
				return reason
			}
		}
		return ""
	}
}
