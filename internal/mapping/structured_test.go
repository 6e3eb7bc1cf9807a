// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
)

var structured = mapping.Settings{Body: mapping.BodyStructured}

func TestStructured_Body(t *testing.T) {
	tests := map[string]struct {
		event    string
		expected map[string]any
	}{
		"empty":           {`{}`, map[string]any{}},
		"types":           {`{"a":"b","c":true,"d":false,"e":null,"f":1.5,"g":[],"h":{}}`, map[string]any{"a": "b", "c": true, "d": false, "e": nil, "f": 1.5, "g": []any{}, "h": map[string]any{}}},
		"exact integers":  {`{"a":9007199254740993,"b":-9223372036854775808}`, map[string]any{"a": int64(9007199254740993), "b": int64(-9223372036854775808)}},
		"larger integers": {`{"a":9223372036854775808,"b":1e400,"c":1e-400}`, map[string]any{"a": "9223372036854775808", "b": "1e400", "c": "1e-400"}},
		"all changes":     {`{"changes":[{"field":"mfa","from":false,"to":{"x":[1,"2"]}},null]}`, map[string]any{"changes": []any{map[string]any{"field": "mfa", "from": false, "to": map[string]any{"x": []any{int64(1), "2"}}}, nil}}},
		"names as sent":   {`{"displayName":1,"@version":"1","":2,"日本":3,"\u0061":4}`, map[string]any{"displayName": int64(1), "@version": "1", "": int64(2), "日本": int64(3), "a": int64(4)}},
		"repeated names":  {`{"a":1,"b":2,"a":{"c":3}}`, map[string]any{"a": map[string]any{"c": int64(3)}, "b": int64(2)}},
		"odd texts":       {`{"a":"\ud800\u0000\"","b":"\u00e9"}`, map[string]any{"a": "\uFFFD\x00\"", "b": "é"}},
		"no valid UTF-8":  {"{\"a\":\"\xff\"}", map[string]any{"a": "\uFFFD"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			record, _ := mapEvent(t, structured, event(test.event))
			require.Equal(t, pcommon.ValueTypeMap, record.Body().Type())
			assert.Equal(t, test.expected, record.Body().Map().AsRaw())
		})
	}
}

func TestStructured_KeepsTheOrderOfNames(t *testing.T) {
	record, _ := mapEvent(t, structured, event(`{"z":1,"a":2,"m":3}`))
	var names []string
	for name := range record.Body().Map().All() {
		names = append(names, name)
	}
	assert.Equal(t, []string{"z", "a", "m"}, names)
}

func TestStructured_WideObjects(t *testing.T) {
	for _, width := range []int{256, 257, 5000} {
		record, _ := mapEvent(t, structured, event(`{"a":{`+members(width, "f")+`,"f0":"again","g":[{"h":1}]}}`))
		body := record.Body().Map().AsRaw()["a"].(map[string]any)
		assert.Len(t, body, width+1)
		assert.Equal(t, "again", body["f0"], "of repeated names the last counts")
		assert.Equal(t, int64(width-1), body["f"+strconv.Itoa(width-1)])
		assert.Equal(t, []any{map[string]any{"h": int64(1)}}, body["g"])
	}
}

func TestStructured_DeepObjectsEndAsText(t *testing.T) {
	record, counts := mapEvent(t, structured, event(nested(40, `{"a":`, `[1, 2]`, "}")))
	assert.Zero(t, counts.Unmapped)
	value, levels := record.Body(), 0
	for value.Type() == pcommon.ValueTypeMap {
		value, _ = value.Map().Get("a")
		levels++
	}
	assert.Equal(t, 30, levels)
	assert.Equal(t, nested(10, `{"a":`, `[1, 2]`, "}"), value.Str())
}

func TestStructured_SameAttributesAsRaw(t *testing.T) {
	for _, e := range corpus(t, "shapes.ndjson", "services.ndjson", "odd.ndjson", "catalogue.ndjson") {
		raw, rawCounts := mapEvent(t, mapping.Settings{Body: mapping.BodyRaw}, e)
		other, counts := mapEvent(t, structured, e)
		assert.Equal(t, raw.Attributes().AsRaw(), other.Attributes().AsRaw())
		assert.Equal(t, rawCounts, counts)
		assert.Equal(t, raw.EventName(), other.EventName())
		assert.Equal(t, raw.SeverityNumber(), other.SeverityNumber())
		assert.Equal(t, raw.Timestamp(), other.Timestamp())
	}
}

func TestStructured_OneMapperManyEvents(t *testing.T) {
	logs, _ := mapping.New(structured).Logs([]insights.Event{event(`{"a":1}`), event(`7`), event(`{"b":2}`)}, observed)
	records := recordsOf(logs)
	assert.Equal(t, map[string]any{"a": int64(1)}, records[0].Body().Map().AsRaw())
	assert.Equal(t, "7", records[1].Body().Str())
	assert.Equal(t, map[string]any{"b": int64(2)}, records[2].Body().Map().AsRaw())
}
