// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"encoding"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/confmap"
)

const (
	kibibyte ByteSize = 1 << (10 * (iota + 1))
	mebibyte
	gibibyte
)

const kilobyte ByteSize = 1000

var (
	_ encoding.TextMarshaler   = ByteSize(0)
	_ encoding.TextUnmarshaler = (*ByteSize)(nil)

	_ encoding.TextMarshaler    = Timestamp{}
	_ confmap.ScalarUnmarshaler = (*Timestamp)(nil)
)

// ByteSize is a number of bytes. It is written as a number, or with a unit: 64MiB, 512KiB.
type ByteSize int64

// UnmarshalText implements encoding.TextUnmarshaler. It returns an error for what is no whole
// number with one of the units B, kB, MB, GB, KiB, MiB and GiB or none, and for what int64 cannot hold.
func (s *ByteSize) UnmarshalText(text []byte) error {
	number, unit := cutUnit(strings.TrimSpace(string(text)))
	count, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if err != nil || count < 0 || count > math.MaxInt64/int64(unit) {
		return fmt.Errorf("%q is no size: it must be a whole number of bytes, or one with KiB, MiB or GiB, such as 64MiB", text)
	}
	*s = ByteSize(count) * unit
	return nil
}

// cutUnit looks for B last, since the other units end in it.
func cutUnit(text string) (number string, unit ByteSize) {
	for _, known := range []struct {
		suffix string
		unit   ByteSize
	}{
		{"KiB", kibibyte}, {"MiB", mebibyte}, {"GiB", gibibyte},
		{"kB", kilobyte}, {"MB", kilobyte * kilobyte}, {"GB", kilobyte * kilobyte * kilobyte}, {"B", 1},
	} {
		if before, found := strings.CutSuffix(text, known.suffix); found {
			return before, known.unit
		}
	}
	return text, 1
}

// MarshalText implements encoding.TextMarshaler. It never fails.
func (s ByteSize) MarshalText() ([]byte, error) {
	return []byte(s.String()), nil
}

// String is the size in the largest unit that needs no fraction, for instance 64MiB or 900kB.
func (s ByteSize) String() string {
	if s%kibibyte != 0 && s%kilobyte == 0 {
		return s.in(kilobyte, "kB", "MB", "GB")
	}
	return s.in(kibibyte, "KiB", "MiB", "GiB")
}

// in divides by step for as long as nothing is left over.
func (s ByteSize) in(step ByteSize, units ...string) string {
	size, unit := s, "B"
	for _, larger := range units {
		if size == 0 || size%step != 0 {
			break
		}
		size, unit = size/step, larger
	}
	return strconv.FormatInt(int64(size), 10) + unit
}

// Timestamp is a point in time. It is written in RFC 3339, or as a date, which is its first
// moment in UTC. The zero value is none.
type Timestamp time.Time

// Time is the point in time; its zero value where there is none.
func (t Timestamp) Time() time.Time {
	return time.Time(t)
}

// UnmarshalScalar implements confmap.ScalarUnmarshaler, since YAML reads a timestamp without
// quotes as a time and one in quotes as text. It returns an error for anything else.
func (t *Timestamp) UnmarshalScalar(value confmap.ScalarValue) error {
	switch raw := value.GetRaw().(type) {
	case nil:
		*t = Timestamp{}
	case Timestamp:
		*t = raw
	case time.Time:
		*t = Timestamp(raw)
	case string:
		return t.parse(raw)
	default:
		return notATime(raw)
	}
	return nil
}

func (t *Timestamp) parse(text string) error {
	if text == "" {
		*t = Timestamp{}
		return nil
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if parsed, err := time.Parse(layout, text); err == nil {
			*t = Timestamp(parsed)
			return nil
		}
	}
	return notATime(text)
}

func notATime(value any) error {
	return fmt.Errorf("%q is no time: it must be RFC 3339, such as 2026-11-08T00:00:00Z, or a date, such as 2026-11-08", fmt.Sprint(value))
}

// MarshalText implements encoding.TextMarshaler. It never fails; no time is no text.
func (t Timestamp) MarshalText() ([]byte, error) {
	return []byte(t.String()), nil
}

// String is the time in RFC 3339, or "" where there is none.
func (t Timestamp) String() string {
	if t.Time().IsZero() {
		return ""
	}
	return t.Time().Format(time.RFC3339Nano)
}
