// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"encoding"
	"fmt"
	"strconv"
	"strings"
)

var _ encoding.TextUnmarshaler = (*ByteSize)(nil)

// ByteSize is a number of bytes, written as a number or with a unit: 64MiB.
type ByteSize int64

var byteUnits = []struct {
	suffix string
	size   int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}}

// UnmarshalText reads a whole number and a unit: B, KiB, MiB or GiB.
func (s *ByteSize) UnmarshalText(text []byte) error {
	number, factor := strings.TrimSpace(string(text)), int64(1)
	for _, unit := range byteUnits {
		if trimmed, found := strings.CutSuffix(number, unit.suffix); found {
			number, factor = strings.TrimSpace(trimmed), unit.size
			break
		}
	}
	value, err := strconv.ParseInt(number, 10, 64)
	if err != nil || value < 0 || value > (1<<62)/factor {
		return fmt.Errorf("%q is no size: it must be a whole number of bytes, or one with KiB, MiB or GiB, such as 64MiB", text)
	}
	*s = ByteSize(value * factor)
	return nil
}
