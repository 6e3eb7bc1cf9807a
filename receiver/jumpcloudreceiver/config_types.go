// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"encoding"
	"fmt"
	"math"
	"strconv"
	"strings"
)

var _ encoding.TextUnmarshaler = (*ByteSize)(nil)

// ByteSize is a number of bytes. It is written as a number, or with a unit: 64MiB, 512KiB.
type ByteSize int64

// UnmarshalText implements encoding.TextUnmarshaler. It returns an error for what is no whole
// number with one of the units B, KiB, MiB and GiB or none, and for what int64 cannot hold.
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
	}{{"KiB", kibibyte}, {"MiB", mebibyte}, {"GiB", gibibyte}, {"B", 1}} {
		if before, found := strings.CutSuffix(text, known.suffix); found {
			return before, known.unit
		}
	}
	return text, 1
}
