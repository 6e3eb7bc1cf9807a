// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// The first byte of what is hashed tells the kinds of identity apart.
const (
	identityContent byte = iota
	identityText
	identityInstant
)

// identify returns what tells an event from every other of its organization: its id and the instant of
// its timestamp, or the timestamp's text where that can't be read. The id alone is not documented to be
// unique, and the same instant was seen with different digits. Nothing says that the API writes an
// event's keys in the same order twice, so an event without an id is known by the hash of its JSON with
// the keys sorted.
func identify(event insights.Event) checkpoint.ID {
	if event.Timestamp.IsZero() {
		return identifyByText(event)
	}
	if event.ID == "" {
		return identifyByContent(event.Raw)
	}
	// Longer ones are rare, and allocate.
	var space [128]byte
	text := appendID(append(space[:0], identityInstant), event.ID)
	text = binary.BigEndian.AppendUint64(text, uint64(event.Timestamp.Unix()))       //nolint:gosec // the bits of a signed time are kept
	text = binary.BigEndian.AppendUint32(text, uint32(event.Timestamp.Nanosecond())) //nolint:gosec // below a billion
	return hash(text)
}

// identifyByText is the identity by the timestamp's text, which was that of every event in checkpoints
// of format 1.
func identifyByText(event insights.Event) checkpoint.ID {
	if event.ID == "" {
		return identifyByContent(event.Raw)
	}
	var space [128]byte
	return hash(append(appendID(append(space[:0], identityText), event.ID), event.TimestampText...))
}

func identifyByContent(raw []byte) checkpoint.ID {
	var space [128]byte
	return hash(append(append(space[:0], identityContent), sortedKeys(raw)...))
}

func appendID(text []byte, id string) []byte {
	return append(binary.BigEndian.AppendUint64(text, uint64(len(id))), id...)
}

func hash(text []byte) checkpoint.ID {
	sum := sha256.Sum256(text)
	return checkpoint.ID(sum[:len(checkpoint.ID{})])
}

// sortedKeys keeps numbers as they are written: two that differ only past the precision of a
// float are two events. What can't be sorted stands for itself.
func sortedKeys(raw []byte) []byte {
	value := jsontext.Value(raw).Clone()
	err := value.Format(
		jsontext.ReorderRawObjects(true),
		jsontext.PreserveRawStrings(true),
		jsontext.CanonicalizeRawInts(false),
		jsontext.CanonicalizeRawFloats(false),
		jsontext.AllowInvalidUTF8(true),
		jsontext.AllowDuplicateNames(true),
	)
	if err != nil {
		return raw
	}
	return value
}
