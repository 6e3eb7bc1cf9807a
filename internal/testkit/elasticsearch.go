// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"cmp"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

const (
	// elasticRequest is http.max_content_length, 100mb, of the page "Networking settings".
	elasticRequest = 100 << 20
	// elasticFields and elasticDepth are index.mapping.total_fields.limit and index.mapping.depth.limit, of
	// the page "Mapping limit settings". The first one counts every mapper: the levels of a dotted path and
	// the fields below a text, too.
	elasticFields, elasticDepth = 1000, 20
	// elasticKeyword is ignore_above of the texts in the component template ecs@mappings.
	elasticKeyword = 1024
)

// Elasticsearch returns the limits of an index of Elasticsearch with default settings and a dynamic mapping, of the
// page "Dynamic field mapping": what the first document makes of a field is what it stays.
func Elasticsearch() Limits {
	index := mapped{types: make(map[string]string)}
	return Limits{Request: elasticRequest, Rules: []Rule{index.take}}
}

// ElasticsearchStream returns the limits of a data stream logs-*.otel-*, into which Elasticsearch's OTLP endpoint and the
// collector's exporter write. By its templates (otel@mappings, logs@settings, ecs@mappings) it refuses none of these, but leaves
// a field out of what can be searched: ignore_dynamic_beyond_limit, ignore_malformed, ignore_above.
func ElasticsearchStream() Limits {
	index := mapped{types: make(map[string]string), flat: true}
	return Limits{Request: elasticRequest, Partial: true, Losses: []Rule{
		index.take,
		attribute("ignore_above", func(_ string, value pcommon.Value) bool {
			return value.Type() == pcommon.ValueTypeStr && utf8.RuneCountInString(value.Str()) > elasticKeyword
		}),
	}}
}

// mapped is the mapping of an index: the type of each field by its path.
type mapped struct {
	types map[string]string
	// flat has attributes without objects (passthrough), keywords for texts, and no date detection.
	flat bool
	// count is the number of mappers.
	count int
}

// take adds what a record brings. An index refuses the whole record; a flat one leaves out the field.
func (m *mapped) take(entry Entry, _ time.Time) (reason string) {
	brought := make(map[string]string)
	add := func(path string, value pcommon.Value) {
		if found := m.add(brought, path, value); found != "" && reason == "" {
			reason = found
		}
	}
	for key, value := range entry.Record.Attributes().All() {
		leaves("attributes."+key, value, add)
	}
	for key, value := range entry.Resource.Resource().Attributes().All() {
		leaves("resource.attributes."+key, value, add)
	}
	if body := entry.Record.Body(); body.Type() == pcommon.ValueTypeMap {
		leaves("body.structured", body, add)
	}
	total := 0
	for _, kind := range brought {
		total += mappers(kind)
	}
	if !m.flat && reason == "" && m.count+total > elasticFields {
		reason = "total_fields.limit"
	}
	if !m.flat && reason != "" {
		return reason
	}
	for _, path := range slices.Sorted(maps.Keys(brought)) {
		if m.count+mappers(brought[path]) > elasticFields {
			return "total_fields.limit"
		}
		m.types[path] = brought[path]
		m.count += mappers(brought[path])
	}
	return reason
}

// add gives a path its type, and a level above it, where the mapping has none.
func (m *mapped) add(brought map[string]string, path string, value pcommon.Value) string {
	known := func(path, otherwise string) string {
		if kind := cmp.Or(m.types[path], brought[path]); kind != "" {
			return kind
		}
		brought[path] = otherwise
		return otherwise
	}
	if levels := strings.Split(path, "."); !m.flat {
		if len(levels) > elasticDepth {
			return "depth.limit"
		}
		for i := 1; i < len(levels); i++ {
			if kind := known(strings.Join(levels[:i], "."), "object"); kind != "object" {
				return "an object for a " + kind
			}
		}
	}
	if kind := known(path, m.kind(path, value)); !fits(kind, value) {
		return "a value of another type for " + kind
	}
	return ""
}

// dates are the texts that date detection takes for one, by the default of dynamic_date_formats.
var dates = regexp.MustCompile(`^\d{4}-\d\d(-\d\d(T\d\d(:\d\d(:\d\d([.,]\d+)?)?)?(Z|[+-]\d\d:?\d\d)?)?)?$|^\d{4}/\d\d/\d\d( \d\d:\d\d:\d\d)?( Z)?$`)

// kind is the type that dynamic mapping gives a field by its first value.
func (m *mapped) kind(path string, value pcommon.Value) string {
	if kind := byName(path, value); m.flat && kind != "" {
		return kind
	}
	switch value.Type() {
	case pcommon.ValueTypeBool:
		return "boolean"
	case pcommon.ValueTypeInt:
		return "long"
	case pcommon.ValueTypeDouble:
		return "float"
	default:
		switch {
		case m.flat:
			return "keyword"
		case dates.MatchString(value.AsString()):
			return "date"
		default:
			return "text"
		}
	}
}

// byName is the type that ecs@mappings gives a field by its name, "" for none.
func byName(path string, value pcommon.Value) string {
	ends := func(suffixes ...string) bool {
		return slices.ContainsFunc(suffixes, func(suffix string) bool { return strings.HasSuffix(path, suffix) })
	}
	switch {
	case value.Type() == pcommon.ValueTypeStr && ends(".ip", "_ip"):
		return "ip"
	case ends(".title", ".name", ".full_name", "url.original", "user_agent.original", "os.full"):
		return "text"
	case ends(".timestamp", "_timestamp", ".created", ".installed", ".start", ".end", ".creation_date"):
		return "date"
	case strings.Contains(path, ".score.") || strings.Contains(path, "_score"):
		return "float"
	case ends(".location"):
		return "geo_point"
	default:
		return ""
	}
}

// mappers is how many a type counts for: a text has a field below it.
func mappers(kind string) int {
	if kind == "text" {
		return 2
	}
	return 1
}

// fits says whether a field of a type takes a value.
func fits(kind string, value pcommon.Value) bool {
	text := value.AsString()
	_, err := strconv.ParseFloat(text, 64)
	number := err == nil && value.Type() != pcommon.ValueTypeBool
	switch kind {
	case "object", "geo_point":
		return false
	case "ip":
		_, err := netip.ParseAddr(text)
		return err == nil
	case "boolean":
		return text == "true" || text == "false" || text == ""
	case "long", "float":
		return number
	case "date":
		return number || dates.MatchString(text)
	default:
		return true
	}
}

// leaves calls a function for each value below a value, with its path. The values of a list share one.
func leaves(path string, value pcommon.Value, add func(path string, value pcommon.Value)) {
	switch value.Type() {
	case pcommon.ValueTypeEmpty:
	case pcommon.ValueTypeMap:
		for name, element := range value.Map().All() {
			leaves(path+"."+name, element, add)
		}
	case pcommon.ValueTypeSlice:
		for _, element := range value.Slice().All() {
			leaves(path, element, add)
		}
	default:
		add(path, value)
	}
}
