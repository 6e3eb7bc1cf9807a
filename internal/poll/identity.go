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
	if event.ID == "" {
		return hash([]byte{0}, sortedKeys(event.Raw))
	}
	length := binary.BigEndian.AppendUint64(nil, uint64(len(event.ID)))
	return hash([]byte{1}, length, []byte(event.ID), []byte(event.TimestampText))
}

func hash(parts ...[]byte) checkpoint.ID {
	digest := sha256.New()
	for _, part := range parts {
		digest.Write(part)
	}
	var id checkpoint.ID
	copy(id[:], digest.Sum(nil))
	return id
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
