// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
)

// FuzzRecord maps any bytes as an event. There is no panic, always one record, always valid
// UTF-8, within the caps, and always something that OTLP can carry.
func FuzzRecord(f *testing.F) {
	for _, e := range corpus(f, "documented.ndjson", "services.ndjson", "shapes.ndjson", "odd.ndjson") {
		f.Add([]byte(e.Raw))
	}
	// A mapper that has seen other events must do the same as a new one.
	warm := mapping.New(mapping.Settings{})
	warm.Logs(corpus(f, "shapes.ndjson"), observed)
	f.Fuzz(func(t *testing.T, data []byte) {
		e := event(string(data))
		record, counts := mapEvent(t, mapping.Settings{Body: mapping.BodyRaw}, e)
		requireInvariants(t, e, record)

		structured, structuredCounts := mapEvent(t, mapping.Settings{Body: mapping.BodyStructured}, e)
		requireInvariants(t, e, structured)
		require.Equal(t, counts, structuredCounts)

		again, _ := warm.Logs([]insights.Event{e}, observed)
		require.True(t, record.Attributes().Equal(recordsOf(again)[0].Attributes()))
		requireSameDecoded(t, string(data))
	})
}
