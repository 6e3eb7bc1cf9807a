// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// wrongDuration is a value that says no duration, or not in which unit.
type wrongDuration struct {
	path     string
	sentence string
}

// Error implements error.
func (w wrongDuration) Error() string { return w.path + " is " + w.sentence }

// durationMistakes finds, at every level, the durations that have no unit, which would be taken for
// nanoseconds, and those that can't be read.
func durationMistakes(config reflect.Type, written any, path string) []wrongDuration {
	section, _ := sectionType(config)
	if section == reflect.TypeFor[time.Duration]() {
		if sentence := durationMistake(written); sentence != "" {
			return []wrongDuration{{path: path, sentence: sentence}}
		}
		return nil
	}
	values, isMap := written.(map[string]any)
	if section.Kind() != reflect.Struct || !isMap {
		return nil
	}
	known := sectionKeys(section)
	var found []wrongDuration
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if keyType, ok := known[key]; ok {
			found = append(found, durationMistakes(keyType, values[key], joinPath(path, key))...)
		}
	}
	return found
}

// durationMistake says what a value is and what to write, or "" where nothing is wrong.
func durationMistake(value any) string {
	const anyDuration = "it must be a number with a unit, such as 30s, 5m or 24h"
	text := strings.TrimSpace(fmt.Sprint(value))
	switch value.(type) {
	case nil, time.Duration:
		return ""
	case string:
		if _, err := time.ParseDuration(fmt.Sprint(value)); err == nil {
			return ""
		}
	case int, int64, uint64, float64:
		if text == "0" {
			return ""
		}
	default:
		return "no duration: " + anyDuration
	}
	if number, err := strconv.ParseFloat(text, 64); err == nil && number > 0 && number < 1e9 {
		return fmt.Sprintf("%v, without a unit: write %[1]ss for seconds, %[1]sm for minutes, %[1]sh for hours or %sh for days",
			text, strconv.FormatFloat(number*24, 'f', -1, 64))
	}
	if meant, ok := meantDuration(text); ok {
		return fmt.Sprintf("%q: the units are s, m and h; write %s", text, inWholeUnits(meant))
	}
	return fmt.Sprintf("%q: %s", text, anyDuration)
}

// meantUnits are the ways to write a unit that people know from elsewhere.
var meantUnits = map[string]time.Duration{
	"ms": time.Millisecond,
	"s":  time.Second, "sec": time.Second, "secs": time.Second, "second": time.Second, "seconds": time.Second,
	"m": time.Minute, "min": time.Minute, "mins": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hr": time.Hour, "hrs": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour,
	"w": 7 * 24 * time.Hour, "week": 7 * 24 * time.Hour, "weeks": 7 * 24 * time.Hour,
}

var (
	wholeDuration = regexp.MustCompile(`^(?:[0-9]{1,6}(?:\.[0-9]{1,6})?\s*[a-z]+\s*)+$`)
	partDuration  = regexp.MustCompile(`([0-9.]+)\s*([a-z]+)`)
)

// meantDuration reads a duration with other units than Go's, for instance 15d or 1 day 12 hours.
func meantDuration(text string) (meant time.Duration, ok bool) {
	text = strings.ToLower(text)
	if !wholeDuration.MatchString(text) {
		return 0, false
	}
	for _, part := range partDuration.FindAllStringSubmatch(text, -1) {
		unit, known := meantUnits[part[2]]
		number, err := strconv.ParseFloat(part[1], 64)
		if !known || err != nil {
			return 0, false
		}
		meant += time.Duration(number * float64(unit))
	}
	return meant, meant > 0
}

// inWholeUnits is 360h where time.Duration says 360h0m0s.
func inWholeUnits(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
