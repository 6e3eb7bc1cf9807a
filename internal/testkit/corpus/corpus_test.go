// SPDX-License-Identifier: Apache-2.0

package corpus_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/testkit/corpus"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func TestEventsHaveAnIDAndATimeOfTheirOwn(t *testing.T) {
	events := corpus.Events(t, "../../../testdata/events", 2000, 100_000)
	times, ids, large := make(map[time.Time]bool), make(map[string]bool), 0
	for _, event := range events {
		times[event.Time], ids[event.ID] = true, true
		if len(event.JSON) > 90_000 {
			large++
		}
	}
	assert.Len(t, times, 2000)
	assert.Len(t, ids, 2000)
	assert.Equal(t, 1, large)
}

func TestCompareTellsEachKindOfDifference(t *testing.T) {
	events := corpus.Events(t, "../../../testdata/events", 4, 100)
	bodies := map[string][]string{
		events[0].ID: {string(events[0].JSON)},
		events[1].ID: {string(events[1].JSON), string(events[1].JSON)},
		events[2].ID: {"something else"},
		"stranger":   {"{}"},
	}
	missing, again, altered, strangers := corpus.Compare(events, bodies)
	assert.Equal(t, [4]int{1, 1, 1, 1}, [4]int{missing, again, altered, strangers})
}
