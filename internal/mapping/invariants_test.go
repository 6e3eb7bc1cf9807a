// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
)

var wellFormedKey = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$`)

// knownTypes are the types that the documentation promises.
var knownTypes = func() map[string]pcommon.ValueType {
	types := map[string]pcommon.ValueType{
		"string": pcommon.ValueTypeStr, "bool": pcommon.ValueTypeBool, "int": pcommon.ValueTypeInt,
		"double": pcommon.ValueTypeDouble, "string[]": pcommon.ValueTypeSlice,
	}
	known := make(map[string]pcommon.ValueType)
	for _, key := range mapping.KnownKeys() {
		known[key.Key] = types[key.Type]
	}
	return known
}()

// requireInvariants checks what holds for the record of any event, whatever its bytes are.
func requireInvariants(tb testing.TB, e insights.Event, record plog.LogRecord) {
	tb.Helper()
	text := strings.ToValidUTF8(string(e.Raw), "\uFFFD")
	if record.Body().Type() == pcommon.ValueTypeStr {
		require.Equal(tb, text, record.Body().Str(), "the body is the event, byte for byte")
	}
	require.Equal(tb, pcommon.NewTimestampFromTime(observed), record.ObservedTimestamp())
	require.LessOrEqual(tb, record.Attributes().Len(), mapping.MaxAttributes)
	size := 0
	var keys []string
	for key, v := range record.Attributes().All() {
		keys = append(keys, key)
		size += len(key) + requireValue(tb, key, v)
	}
	require.LessOrEqual(tb, size, mapping.MaxSize)
	requireNoPrefix(tb, keys)
	requireEncodable(tb, record)
}

// requireValue checks one attribute, and returns its size.
func requireValue(tb testing.TB, key string, v pcommon.Value) int {
	tb.Helper()
	require.Truef(tb, wellFormedKey.MatchString(key), "the key %q", key)
	require.LessOrEqual(tb, len(key), mapping.MaxKey+len("_object"))
	if known, found := knownTypes[key]; found {
		require.Equalf(tb, known, v.Type(), "a known key keeps its type: %s", key)
	}
	texts := []string{v.AsString()}
	if v.Type() == pcommon.ValueTypeSlice {
		require.LessOrEqual(tb, v.Slice().Len(), mapping.MaxList)
		texts = nil
		for _, element := range v.Slice().All() {
			require.Equal(tb, pcommon.ValueTypeStr, element.Type())
			texts = append(texts, element.Str())
		}
	}
	size := 0
	for _, text := range texts {
		require.LessOrEqual(tb, len(text), mapping.MaxText)
		require.Truef(tb, utf8.ValidString(text), "%s has invalid UTF-8", key)
		size += len(text)
	}
	if v.Type() == pcommon.ValueTypeStr || v.Type() == pcommon.ValueTypeSlice {
		return size
	}
	return 8
}

// requireNoPrefix checks that there are no two keys that a backend that nests them would refuse.
func requireNoPrefix(tb testing.TB, keys []string) {
	tb.Helper()
	present := make(map[string]bool, len(keys))
	for _, key := range keys {
		require.Falsef(tb, present[key], "%s comes twice", key)
		present[key] = true
	}
	for _, key := range keys {
		for end := strings.LastIndexByte(key, '.'); end > 0; end = strings.LastIndexByte(key[:end], '.') {
			require.Falsef(tb, present[key[:end]], "%s lies below another key", key)
		}
	}
}

// requireEncodable checks that the record goes through OTLP and comes back.
func requireEncodable(tb testing.TB, record plog.LogRecord) {
	tb.Helper()
	logs := plog.NewLogs()
	record.CopyTo(logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty())
	encoded, err := new(plog.ProtoMarshaler).MarshalLogs(logs)
	require.NoError(tb, err)
	decoded, err := new(plog.ProtoUnmarshaler).UnmarshalLogs(encoded)
	require.NoError(tb, err)
	require.Equal(tb, 1, decoded.LogRecordCount())
	text, err := new(plog.JSONMarshaler).MarshalLogs(logs)
	require.NoError(tb, err)
	require.True(tb, utf8.Valid(text))
	require.True(tb, json.Valid(text))
}
