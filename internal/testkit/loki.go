// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// What Loki refuses by default. Its documentation has the defaults in the page "Configuration" under
// limits_config and ingester, and what comes of them in "Enforce rate limits and push request validation".
const (
	// lokiWindow is half of ingester.max_chunk_age, 2h: too_far_behind refuses what is further behind
	// the newest of its stream.
	lokiWindow = time.Hour
	// lokiAge is reject_old_samples_max_age: greater_than_max_sample_age.
	lokiAge = 7 * 24 * time.Hour
	// lokiFuture is creation_grace_period: too_far_in_future.
	lokiFuture = 10 * time.Minute
	// lokiLine is max_line_size: line_too_long.
	lokiLine = 256 << 10
	// lokiMetadata and lokiKeys are max_structured_metadata_size and max_structured_metadata_entries_count.
	lokiMetadata, lokiKeys = 64 << 10, 128
	// lokiLabels, lokiName and lokiValue are max_label_names_per_series, max_label_name_length and
	// max_label_value_length.
	lokiLabels, lokiName, lokiValue = 15, 1024, 2048
)

// lokiIndexed are the resource attributes that become labels: the default of
// distributor.otlp_config.default_resource_attributes_as_index_labels, in the page "Ingesting logs to
// Loki using OpenTelemetry Collector". The other ones are structured metadata of each record.
func lokiIndexed() []string {
	return []string{
		"cloud.availability_zone", "cloud.region", "container.name", "deployment.environment",
		"k8s.cluster.name", "k8s.container.name", "k8s.cronjob.name", "k8s.daemonset.name", "k8s.deployment.name",
		"k8s.job.name", "k8s.namespace.name", "k8s.pod.name", "k8s.replicaset.name", "k8s.statefulset.name",
		"service.instance.id", "service.name", "service.namespace",
	}
}

// Loki returns the limits of a Loki with its default configuration.
func Loki() Limits {
	newest := make(map[string]time.Time)
	return Limits{Stream: lokiStream, Rules: []Rule{
		lokiLabelled,
		lokiAged,
		lokiSized,
		lokiDescribed,
		func(entry Entry, _ time.Time) string { return lokiOrdered(newest, entry) },
	}}
}

// lokiStream is a stream: its labels, as LogQL writes them.
func lokiStream(resource plog.ResourceLogs) string {
	var labels []string
	for _, name := range lokiIndexed() {
		if value, found := resource.Resource().Attributes().Get(name); found {
			labels = append(labels, strings.ReplaceAll(name, ".", "_")+`="`+value.AsString()+`"`)
		}
	}
	slices.Sort(labels)
	return "{" + strings.Join(labels, ", ") + "}"
}

func lokiOrdered(newest map[string]time.Time, entry Entry) string {
	at := entry.Record.Timestamp().AsTime()
	if at.Before(newest[entry.Stream].Add(-lokiWindow)) {
		return "too_far_behind"
	}
	if at.After(newest[entry.Stream]) {
		newest[entry.Stream] = at
	}
	return ""
}

func lokiAged(entry Entry, now time.Time) string {
	at := entry.Record.Timestamp().AsTime()
	switch {
	case at.Before(now.Add(-lokiAge)):
		return "greater_than_max_sample_age"
	case at.After(now.Add(lokiFuture)):
		return "too_far_in_future"
	default:
		return ""
	}
}

func lokiSized(entry Entry, _ time.Time) string {
	if len(entry.Record.Body().AsString()) > lokiLine {
		return "line_too_long"
	}
	return ""
}

func lokiLabelled(entry Entry, _ time.Time) string {
	count := 0
	for _, name := range lokiIndexed() {
		value, found := entry.Resource.Resource().Attributes().Get(name)
		if !found {
			continue
		}
		count++
		if len(name) > lokiName {
			return "label_name_too_long"
		}
		if len(value.AsString()) > lokiValue {
			return "label_value_too_long"
		}
	}
	switch {
	case count == 0:
		return "missing_labels"
	case count > lokiLabels:
		return "max_label_names_per_series"
	default:
		return ""
	}
}

// lokiDescribed counts the structured metadata of a record: what of its resource is no label, its own
// attributes, nested ones each by itself, and the fields of the record that have a key there.
func lokiDescribed(entry Entry, _ time.Time) string {
	keys, size := 0, 0
	add := func(key, value string) { keys, size = keys+1, size+len(key)+len(value) }
	resource := entry.Resource.Resource().Attributes()
	for name, value := range resource.All() {
		if !slices.Contains(lokiIndexed(), name) {
			flatten(name, value, add)
		}
	}
	for name, value := range entry.Record.Attributes().All() {
		flatten(name, value, add)
	}
	add("observed_timestamp", entry.Record.ObservedTimestamp().String())
	add("severity_number", entry.Record.SeverityNumber().String())
	add("severity_text", entry.Record.SeverityText())
	if keys > lokiKeys || size > lokiMetadata {
		return "structured_metadata_too_large"
	}
	return ""
}

func flatten(key string, value pcommon.Value, add func(key, value string)) {
	if value.Type() != pcommon.ValueTypeMap {
		add(key, value.AsString())
		return
	}
	for name, element := range value.Map().All() {
		flatten(key+"_"+name, element, add)
	}
}
