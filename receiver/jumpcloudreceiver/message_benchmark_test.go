// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
)

// BenchmarkMessages compares batches that are cut into messages of 900 kB as OTLP with batches that are
// mapped whole.
func BenchmarkMessages(b *testing.B) {
	const batchSize = 1000
	events := realEvents(b, 10*batchSize)
	cut := messages{mapper: mapping.New(mapping.Settings{}), maxRecords: 10_000, maxBytes: 900_000}
	b.Run("path=cut", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for batch := range slices.Chunk(events, batchSize) {
				for len(batch) > 0 {
					next := cut.next(poll.Batch{Events: batch, Received: time.Unix(1_770_000_000, 0)})
					batch = batch[len(next.events):]
				}
			}
		}
	})
	whole := mapping.New(mapping.Settings{})
	b.Run("path=whole", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for batch := range slices.Chunk(events, batchSize) {
				whole.Logs(batch, time.Unix(1_770_000_000, 0))
			}
		}
	})
}

// realEvents are of the corpus' shapes, each with an id of its own.
func realEvents(tb testing.TB, count int) []insights.Event {
	tb.Helper()
	data, err := os.ReadFile("../../testdata/events/shapes.ndjson")
	require.NoError(tb, err)
	lines := bytes.Split(data, []byte("\n"))
	shapes := [][]byte{lines[0], lines[6], lines[8], lines[9]}
	body := []byte{'['}
	for i := range count {
		var envelope struct{ ID string }
		shape := shapes[i%len(shapes)]
		require.NoError(tb, json.Unmarshal(shape, &envelope))
		body = append(append(body, bytes.Replace(shape, []byte(envelope.ID), fmt.Appendf(nil, "%024x", i), 1)...), ',')
	}
	body[len(body)-1] = ']'
	events, err := insights.DecodePage(body, count)
	require.NoError(tb, err)
	return events
}
