// SPDX-License-Identifier: Apache-2.0

package checkpoint

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// hour counts the hours since 1970 in UTC.
type hour int32

func hourOf(t time.Time) hour {
	const length = 3600
	seconds := t.Unix()
	if seconds < 0 {
		seconds -= length - 1
	}
	return hour(seconds / length) //nolint:gosec // the years that RFC 3339 can write fit
}

// kind tells ids apart that are forgotten by other rules.
type kind int32

const (
	// dated ids are kept by the timestamp of their event.
	dated kind = iota
	// stray ids are kept by the time they were met.
	stray
	// migrated ids are format 1's, which kept them by the newest timestamp of their segment.
	migrated
)

func kindNames() [3]string { return [3]string{dated: "", stray: "stray", migrated: "migrated"} }

// span is the hours whose ids of a kind are remembered and forgotten together: a single one, or more
// of them far ahead.
type span struct {
	kind         kind
	first, width hour
}

const (
	wide   hour = 1 << 9
	widest hour = 1 << 20
)

// widthOf is how many hours share a span so far ahead of the API's time: a single hour up to five
// days, else three weeks up to two years, else more than a lifetime. So there are a few hundred spans
// ahead at most, whatever clocks are wrong.
func widthOf(ahead hour) hour {
	switch {
	case ahead < 1<<7:
		return 1
	case ahead < 1<<14:
		return wide
	default:
		return widest
	}
}

// spanOf takes a width that is a power of two.
func spanOf(k kind, at, width hour) span {
	return span{kind: k, first: at &^ (width - 1), width: width}
}

func (s span) last() hour { return s.first + s.width - 1 }

// MarshalText implements encoding.TextMarshaler: the name of a span in the record and in its keys.
func (s span) MarshalText() ([]byte, error) {
	text := strconv.AppendInt(nil, int64(s.first), 10)
	if s.width > 1 {
		text = fmt.Appendf(text, "+%d", s.width)
	}
	if name := kindNames()[s.kind]; name != "" {
		text = append(append(text, '/'), name...)
	}
	return text, nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *span) UnmarshalText(text []byte) error {
	hours, name, _ := strings.Cut(string(text), "/")
	first, width, found := strings.Cut(hours, "+")
	if !found {
		width = "1"
	}
	from, err := strconv.ParseInt(first, 10, 32)
	if err != nil {
		return err
	}
	count, err := strconv.ParseInt(width, 10, 32)
	if err != nil {
		return err
	}
	for k, known := range kindNames() {
		if name == known {
			*s = span{kind: kind(k), first: hour(from), width: hour(count)} //nolint:gosec // there are three kinds
			return nil
		}
	}
	return errDamaged
}

func (s span) name() string {
	text, _ := s.MarshalText()
	return string(text)
}
