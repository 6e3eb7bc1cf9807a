// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
)

// usual is what the API's events are known by.
var usual = insights.Event{ID: "6995e63d1f4a2b0001c3d4e5", TimestampText: "2026-02-17T11:03:00.123456789Z"}

// What is stored by one release is looked for by the next: an identity never changes.
func TestIdentityIsTheStoredOne(t *testing.T) {
	for name, test := range map[string]struct {
		event insights.Event
		want  string
	}{
		"usual":         {usual, "c926ad50d87c1ce44269094cdc8bb3a4"},
		"no time":       {insights.Event{ID: usual.ID}, "da24387730fd8d1010aa4c8f5c5c49fb"},
		"without an id": {insights.Event{Raw: []byte(`{"b":1.50,"a":"x"}`)}, "1911231ea9ab4b240452687f90b4d2a3"},
		"not an object": {insights.Event{Raw: []byte(`[1, `)}, "30fa7e5183995c5df0def82c86084b79"},
	} {
		t.Run(name, func(t *testing.T) {
			id := poll.Identify(test.event)
			assert.Equal(t, test.want, hex.EncodeToString(id[:]))
		})
	}
}

func TestIdentityOfAnyLengthIsItsDocumentedForm(t *testing.T) {
	for _, length := range []int{1, 24, 89, 90, 119, 120, 127, 128, 1000} {
		event := insights.Event{ID: strings.Repeat("i", length), TimestampText: usual.TimestampText}
		text := binary.BigEndian.AppendUint64([]byte{1}, uint64(length))
		sum := sha256.Sum256([]byte(string(text) + event.ID + event.TimestampText))
		assert.Equal(t, checkpoint.ID(sum[:16]), poll.Identify(event), length)

		raw := []byte(`{"a":"` + event.ID + `"}`)
		sum = sha256.Sum256(append([]byte{0}, raw...))
		assert.Equal(t, checkpoint.ID(sum[:16]), poll.Identify(insights.Event{Raw: raw}), length)
	}
}

func TestIdentityOfAnEventWithAnIDAllocatesNothing(t *testing.T) {
	require.Zero(t, testing.AllocsPerRun(100, func() { poll.Identify(usual) }))
}

// BenchmarkIdentify makes the key that an event is remembered by, beside the text of its id and
// its time (maps), and the hash of a text that is ready (floor).
func BenchmarkIdentify(b *testing.B) {
	b.Run("path=receiver", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			poll.Identify(usual)
		}
	})
	b.Run("path=maps", func(b *testing.B) {
		b.ReportAllocs()
		var key string
		for b.Loop() {
			key = usual.ID + "/" + usual.TimestampText
		}
		_ = key
	})
	b.Run("path=floor", func(b *testing.B) {
		text := []byte("\x01\x00\x00\x00\x00\x00\x00\x00\x18" + usual.ID + usual.TimestampText)
		b.ReportAllocs()
		for b.Loop() {
			sha256.Sum256(text)
		}
	})
}
