// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// value is what an attribute gets.
type value struct {
	kind   kind
	text   string
	number int64
	double float64
	truth  bool
	list   []string
}

func textValue(text string) value { return value{kind: kindString, text: text} }

// numberValue keeps integers exact: those that an int64 can't hold become their decimal text,
// as does a number past the range of a float64.
func numberValue(literal string) value {
	if number, err := strconv.ParseInt(literal, 10, 64); err == nil {
		return value{kind: kindInt, number: number}
	}
	if !strings.ContainsAny(literal, ".eE") {
		return textValue(literal)
	}
	double, err := strconv.ParseFloat(literal, 64)
	if err != nil || math.IsInf(double, 0) {
		return textValue(literal)
	}
	return value{kind: kindDouble, double: double}
}

func boolValue(truth bool) value { return value{kind: kindBool, truth: truth} }

// scalarValue returns the value of a JSON scalar; found is false for null and for the empty text.
func scalarValue(raw jsontext.Value, unquoted string) (v value, found bool) {
	switch raw.Kind() {
	case '"':
		return textValue(unquoted), unquoted != ""
	case 't', 'f':
		return boolValue(raw.Kind() == 't'), true
	case '0':
		return numberValue(string(raw)), true
	default:
		return value{}, false
	}
}

// string returns the value as the text that JSON would have for it.
func (v value) string() string {
	switch v.kind {
	case kindBool:
		return strconv.FormatBool(v.truth)
	case kindInt:
		return strconv.FormatInt(v.number, 10)
	case kindDouble:
		return strconv.FormatFloat(v.double, 'g', -1, 64)
	default:
		return v.text
	}
}

// as turns the value into a type where that loses nothing.
func (v value) as(want kind) (converted value, ok bool) {
	switch {
	case v.kind == want:
		return v, true
	case v.kind == kindStrings || want == kindStrings:
		return v, false
	case want == kindString:
		return textValue(v.string()), true
	case want == kindDouble:
		double, err := strconv.ParseFloat(strings.TrimSpace(v.string()), 64)
		return value{kind: kindDouble, double: double}, err == nil && !math.IsInf(double, 0) && !math.IsNaN(double)
	case want == kindInt:
		number, err := strconv.ParseInt(strings.TrimSpace(v.string()), 10, 64)
		return value{kind: kindInt, number: number}, err == nil
	default:
		return v.asBool()
	}
}

func (v value) asBool() (value, bool) {
	switch {
	case v.kind != kindString:
		return v, false
	case strings.EqualFold(v.text, "true"):
		return boolValue(true), true
	case strings.EqualFold(v.text, "false"):
		return boolValue(false), true
	default:
		return v, false
	}
}

// tooLong says that a backend may refuse the value.
func (v value) tooLong() bool {
	if len(v.text) > maxText || len(v.list) > maxList {
		return true
	}
	for _, text := range v.list {
		if len(text) > maxText {
			return true
		}
	}
	return false
}

func (v value) put(attributes pcommon.Map, key string) {
	switch v.kind {
	case kindBool:
		attributes.PutBool(key, v.truth)
	case kindInt:
		attributes.PutInt(key, v.number)
	case kindDouble:
		attributes.PutDouble(key, v.double)
	case kindStrings:
		list := attributes.PutEmptySlice(key)
		list.EnsureCapacity(len(v.list))
		for _, text := range v.list {
			list.AppendEmpty().SetStr(text)
		}
	default:
		attributes.PutStr(key, v.text)
	}
}
