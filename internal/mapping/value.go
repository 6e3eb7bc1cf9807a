// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// kind is the type of an attribute.
type kind uint8

const (
	kindString kind = iota
	kindBool
	kindInt
	kindDouble
	kindStrings
	// kindAny is the type of a key of which nothing is known: whatever comes.
	kindAny
	// kindNone is the type of a path that has no value of its own: nothing fits.
	kindNone
)

// maxExact is the integer up to which a float64 holds all.
const maxExact = 1 << 53

// value is what an attribute gets.
type value struct {
	kind kind
	// bits holds a bool as 0 or 1, an int64, the bits of a float64, or where a list begins and
	// how long it is.
	bits uint64
	// text is the text, or the literal of a number or a bool.
	text string
}

func textValue(text string) value { return value{kind: kindString, text: text} }

// listValue is a list that begins at start among the lists of an event.
func listValue(start, length int) value {
	return value{kind: kindStrings, bits: uint64(start)<<32 | uint64(length)} //nolint:gosec // an event has fewer texts
}

func boolValue(truth bool) value {
	if truth {
		return value{kind: kindBool, bits: 1, text: "true"}
	}
	return value{kind: kindBool, text: "false"}
}

// numberValue keeps integers exact: those that an int64 can't hold become their decimal text,
// as does a number past the range of a float64.
func numberValue(literal string) value {
	if !strings.ContainsAny(literal, ".eE") {
		number, err := strconv.ParseInt(literal, 10, 64)
		if err != nil {
			return textValue(literal)
		}
		return value{kind: kindInt, bits: uint64(number), text: literal} //nolint:gosec // the bits come back as they went
	}
	double, err := strconv.ParseFloat(literal, 64)
	if err != nil || double == 0 && !isZero(literal) {
		return textValue(literal)
	}
	return value{kind: kindDouble, bits: math.Float64bits(double), text: literal}
}

// isZero tells a number that is 0 from one that is too small for a float64.
func isZero(literal string) bool {
	mantissa, _, _ := strings.Cut(strings.ToLower(literal), "e")
	return !strings.ContainsAny(mantissa, "123456789")
}

func (v value) truth() bool     { return v.bits != 0 }
func (v value) number() int64   { return int64(v.bits) } //nolint:gosec // the bits of an int64
func (v value) double() float64 { return math.Float64frombits(v.bits) }

// list returns the texts of a list among those of its event.
func (v value) list(texts []string) []string {
	start := v.bits >> 32
	return texts[start : start+v.bits&math.MaxUint32]
}

// as turns a scalar into another scalar type where nothing is lost by it.
func (v value) as(want kind) (converted value, fits bool) {
	switch {
	case v.kind == want, want == kindAny:
		return v, true
	case v.kind == kindStrings, want == kindStrings, want == kindNone:
		return v, false
	}
	switch want {
	case kindString:
		return textValue(v.text), true
	case kindBool:
		return v.asBool()
	case kindInt:
		return v.asInt()
	default:
		return v.asDouble()
	}
}

func (v value) asBool() (value, bool) {
	switch {
	case v.kind == kindString && strings.EqualFold(v.text, "true"):
		return boolValue(true), true
	case v.kind == kindString && strings.EqualFold(v.text, "false"):
		return boolValue(false), true
	default:
		return v, false
	}
}

func (v value) asInt() (value, bool) {
	if v.kind == kindString {
		v = numberValue(strings.TrimSpace(v.text))
	}
	if v.kind == kindDouble && v.double() == math.Trunc(v.double()) && math.Abs(v.double()) < maxExact {
		return value{kind: kindInt, bits: uint64(int64(v.double())), text: v.text}, true //nolint:gosec // the bits come back as they went
	}
	return v, v.kind == kindInt
}

func (v value) asDouble() (value, bool) {
	if v.kind == kindString {
		v = numberValue(strings.TrimSpace(v.text))
	}
	if number := v.number(); v.kind == kindInt && -maxExact <= number && number <= maxExact {
		return value{kind: kindDouble, bits: math.Float64bits(float64(number)), text: v.text}, true
	}
	return v, v.kind == kindDouble && !math.IsNaN(v.double()) && !math.IsInf(v.double(), 0)
}

// size is the value's part of what backends limit, in bytes. Of a list texts has the texts.
func (v value) size(texts []string) int {
	switch v.kind {
	case kindString:
		return len(v.text)
	case kindStrings:
		size := 0
		for _, text := range v.list(texts) {
			size += len(text)
		}
		return size
	default:
		return 8
	}
}

// tooLong says that the value is past a cap of its own.
func (v value) tooLong(texts []string) bool {
	switch v.kind {
	case kindString:
		return len(v.text) > maxText
	case kindStrings:
		list := v.list(texts)
		return len(list) > maxList || slices.ContainsFunc(list, func(text string) bool { return len(text) > maxText })
	default:
		return false
	}
}

// equal says that two scalars say the same. Lists are not compared.
func (v value) equal(other value) bool {
	return v.text == other.text && v.kind != kindStrings && other.kind != kindStrings
}

// set makes the value an attribute's.
func (v value) set(target pcommon.Value, texts []string) {
	switch v.kind {
	case kindBool:
		target.SetBool(v.truth())
	case kindInt:
		target.SetInt(v.number())
	case kindDouble:
		target.SetDouble(v.double())
	case kindStrings:
		list, slice := v.list(texts), target.SetEmptySlice()
		slice.EnsureCapacity(len(list))
		for _, text := range list {
			slice.AppendEmpty().SetStr(text)
		}
	default:
		target.SetStr(v.text)
	}
}
