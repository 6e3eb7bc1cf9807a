// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// nameEach answers each batch with a name for each of its events.
func nameEach(batch poll.Batch) (delivered poll.Delivered) {
	for _, event := range batch.Events {
		delivered.Names = append(delivered.Names, poll.Name{Kind: poll.NameEventType, Text: event.ID})
	}
	return delivered
}

func TestNamesAreToldOnce(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.answer = func(batch poll.Batch) (delivered poll.Delivered) {
			for _, event := range batch.Events {
				delivered.Names = append(delivered.Names, poll.Name{Kind: poll.NameService, Text: event.ID[:3]})
			}
			return delivered
		}
		h.settings.History = poll.History{Lookback: 5 * time.Hour}
		h.add("old", time.Now().Add(-4*time.Hour), 1)
		h.add("now", time.Now(), 1)
		h.start()
		h.pass(5 * time.Minute)
		require.Len(t, h.accepted(), 2)
		require.Empty(t, h.observed.seen().names, "the first complete rescan, and history, show what is usual")
		h.add("new-0", time.Now(), 1)
		h.pass(5 * time.Minute)
		told := []poll.Name{{Kind: poll.NameService, Text: "new"}}
		require.Equal(t, told, h.observed.seen().names)
		for n := range 3 {
			h.kill()
			h.start()
			for _, name := range []string{"old", "now", "new"} {
				h.add(fmt.Sprint(name, n), time.Now(), 1)
			}
			h.pass(5 * time.Minute)
		}
		require.Equal(t, told, h.observed.seen().names)
	})
}

func TestNamesOfHistoryAreNoNews(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.answer = nameEach
		h.settings.PageSize = 10
		h.settings.History = poll.History{Lookback: 20 * 24 * time.Hour}
		for day := range 20 {
			h.add(fmt.Sprint("day", day), time.Now().Add(-time.Duration(day)*24*time.Hour-2*time.Hour), 20)
		}
		h.api.Inject(simulator.Fault{
			Until: time.Now().Add(time.Hour), When: func(r simulator.Request) bool { return !r.Query.End.IsZero() }, Effect: simulator.Status(503, ""),
		})
		h.start()
		h.pass(30 * time.Minute)
		require.Empty(t, h.accepted(), "rescans are complete before history is read")
		h.pass(5 * time.Hour)
		require.Len(t, h.accepted(), 400)
		require.Empty(t, h.observed.seen().names)
	})
}

func TestAThousandNewNamesStayBounded(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.answer = nameEach
		h.start()
		h.pass(5 * time.Minute)
		for n := range 10 {
			h.add(fmt.Sprint("name", n), time.Now(), 100)
			h.pass(time.Minute)
		}
		require.Len(t, h.accepted(), 1000)
		assert.Len(t, h.observed.seen().names, checkpoint.MaxNames)
		assert.Contains(t, h.observed.seen().anomalies, poll.AnomalyNamesFull)
		record, err := h.storage.Get(t.Context(), "own/state")
		require.NoError(t, err)
		assert.Less(t, len(record), 5000)
		h.kill()
		h.start()
		h.add("again", time.Now(), 100)
		h.pass(time.Minute)
		assert.Len(t, h.observed.seen().names, checkpoint.MaxNames)
	})
}

func TestNewestEventSurvivesARestart(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(time.Minute)
		begin := time.Now()
		assert.WithinDuration(t, begin, h.observed.seen().progress.Newest, 2*time.Minute, "where nothing came, it counts from the first start")
		h.add("one", begin, 1)
		h.api.Add(simulator.Event{Service: "sso", ID: "ahead", Time: begin.Add(100 * time.Hour)})
		h.pass(time.Hour)
		require.Len(t, h.accepted(), 2)
		require.True(t, begin.Equal(h.observed.seen().progress.Newest), "an event that is dated ahead is no sign of others")
		h.kill()
		h.pass(50 * time.Hour)
		h.start()
		h.pass(time.Minute)
		progress := h.observed.seen().progress
		require.True(t, begin.Equal(progress.Newest))
		assert.Greater(t, progress.Watermark.Sub(progress.Newest), 50*time.Hour)
	})
}
