// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
)

func TestMapper_EventsDoNotChangeWhatIsMadeOfLaterOnes(t *testing.T) {
	shared := mapping.New(mapping.Settings{})
	events := corpus(t, "catalogue.ndjson", "shapes.ndjson", "services.ndjson", "documented.ndjson")
	events = append(events, corpus(t, "odd.ndjson")...)
	for range 2 {
		logs, _ := shared.Logs(events, observed)
		records := recordsOf(logs)
		byBody := make(map[string]map[string]any, len(records))
		for _, record := range records {
			byBody[record.Body().Str()] = record.Attributes().AsRaw()
		}
		for _, e := range events {
			record, _ := mapEvent(t, mapping.Settings{}, e)
			require.Equal(t, record.Attributes().AsRaw(), byBody[record.Body().Str()])
		}
	}
}
