// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
)

// Curated records have the curated attributes of all others, the same name, severity and body, and
// nothing else.
func TestCurated_IsThePartOfAllThatIsCurated(t *testing.T) {
	curated := make(map[string]bool)
	for _, known := range mapping.KnownKeys() {
		curated[known.Key] = curated[known.Key] || known.Curated
	}
	events := corpus(t, "documented.ndjson", "services.ndjson", "shapes.ndjson", "catalogue.ndjson", "odd.ndjson")
	events = append(events, corpus(t, "cases/changing_types.ndjson", "cases/policy_deny.ndjson", "cases/server_timestamp.ndjson")...)
	for _, body := range []mapping.Body{mapping.BodyRaw, mapping.BodyStructured} {
		for _, e := range events {
			all, _ := mapEvent(t, mapping.Settings{Body: body}, e)
			record, counts := mapEvent(t, mapping.Settings{Body: body, Attributes: mapping.AttributesCurated}, e)
			expected := all.Attributes().AsRaw()
			maps.DeleteFunc(expected, func(key string, _ any) bool { return !curated[key] })
			assert.Equal(t, expected, record.Attributes().AsRaw())
			assert.True(t, all.Body().Equal(record.Body()))
			assert.Equal(t, all.EventName(), record.EventName())
			assert.Equal(t, all.SeverityNumber(), record.SeverityNumber())
			assert.LessOrEqual(t, counts.DroppedAttributes, int(all.DroppedAttributesCount()))
		}
	}
}

func TestCurated_CountsWhatItWasAskedFor(t *testing.T) {
	long := strings.Repeat("t", mapping.MaxText+1)
	for text, expected := range map[string]int{
		`{"client_ip":"` + long + `"}`:                     1,
		`{"client_ip":[1,2]}`:                              1,
		`{"changes":[{"field":"` + long + `"}]}`:           1,
		`{"new":"` + long + `"}`:                           0,
		`{"new":[1,2]}`:                                    0,
		`{"new":{"a":{"b":{"c":{"d":{"e":{}}}}}}}`:         0,
		`{"a":{"b":{"c":{"d":{"e":{"f":{"g":1}}}}}}}`:      0,
		"{" + members(500, "f") + "}":                      0,
		`{"username":"a","initiated_by":{"username":"b"}}`: 0,
	} {
		t.Run(text[:min(len(text), 60)], func(t *testing.T) {
			_, counts := mapEvent(t, mapping.Settings{Attributes: mapping.AttributesCurated}, event(text))
			assert.Equal(t, expected, counts.DroppedAttributes)
		})
	}
}
