// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// identify returns what tells an event from every other of its organization: its id and its
// timestamp as text. The id alone is not documented to be unique, and nothing says that the
// API writes an event's keys in the same order twice, so bytes are not compared: an event
// without an id is known by the hash of its JSON with the keys sorted.
func identify(event insights.Event) checkpoint.ID {
	// Longer ones are rare, and allocate.
	var space [128]byte
	if event.ID == "" {
		return hash(append(append(space[:0], 0), sortedKeys(event.Raw)...))
	}
	text := binary.BigEndian.AppendUint64(append(space[:0], 1), uint64(len(event.ID)))
	text = append(text, event.ID...)
	return hash(append(text, event.TimestampText...))
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
