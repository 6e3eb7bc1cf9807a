// SPDX-License-Identifier: Apache-2.0

package checkpoint_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
)

func TestSegmentThatIsWrittenAgainKeepsWhatItHeld(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	for i := range 3 {
		commit(t, store, stateAt(start), entry(i, start))
	}
	require.Len(t, client.segments(), 1)
	again, _ := reopen(t, client)
	for i := range 3 {
		assert.True(t, seen(again, entry(i, start)))
	}
}

func TestWhatIsRememberedIsNotWrittenAgain(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	commit(t, store, stateAt(start), entries(0, 100, start)...)
	once := client.written
	commit(t, store, stateAt(start), entries(0, 100, start)...)
	assert.Less(t, client.written, once/2, "the state alone")
}

// Hours far ahead share spans of three weeks.
func TestSpanOfManyHoursIsKeptUntilItsLastHourIsOver(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	ahead := start.AddDate(0, 0, 60)
	commit(t, store, stateAt(start), entry(1, ahead))
	for before := 30 * 24 * time.Hour; before >= 0; before -= 12 * time.Hour {
		commit(t, store, stateAt(ahead.Add(-before)))
		require.True(t, seen(store, entry(1, ahead)), before)
	}
	commit(t, store, stateAt(ahead.AddDate(0, 0, 22)))
	assert.Zero(t, store.Remembered())
}

func TestHoursWeeksAheadShareSpans(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	for hours := range 1000 {
		commit(t, store, stateAt(start), entry(hours, start.Add(time.Duration(200+hours)*time.Hour)))
	}
	assert.LessOrEqual(t, len(client.segments()), 1000/512+1000/128+3)
}
