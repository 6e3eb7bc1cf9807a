// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

func TestNoBatchIsDeliveredAfterAStop(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.BatchSize = 10
		h.start()
		h.pass(15 * time.Second)
		var begun atomic.Int64
		h.refuseWith(func(poll.Batch) error {
			begun.Add(1)
			<-time.After(2 * time.Second)
			return nil
		})
		from := time.Now()
		h.add("a", from, 50)
		for begun.Load() == 0 {
			h.pass(time.Second)
		}
		h.kill()
		assert.Equal(t, int64(1), begun.Load(), "the one under way is finished")
		h.refuseWith(nil)
		h.start()
		h.pass(time.Minute)
		h.requireEachOnce(from)
	})
}

func TestBatchIsStoredTogetherWithThePositionBehindIt(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.BatchSize, h.settings.RescanInterval = 50, time.Hour
		h.start()
		h.pass(15 * time.Second)
		from := time.Now().Truncate(time.Millisecond)
		for i := range 100 {
			h.add(fmt.Sprint("e", i), from.Add(time.Duration(i)*10*time.Millisecond), 1)
		}
		release, batches := make(chan struct{}), 0
		h.refuseWith(func(poll.Batch) error {
			if batches++; batches == 1 {
				return nil
			}
			<-release
			return errUnreadable // the stop came before it was accepted
		})
		h.pass(15 * time.Second)
		h.stop()
		close(release)
		h.kill()
		h.refuseWith(nil)
		before := len(h.api.Requests())
		h.start()
		h.pass(5 * time.Second)
		requests := h.api.Requests()[before:]
		require.Greater(t, len(requests), 1)
		assert.WithinDuration(t, from.Add(490*time.Millisecond), requests[1].Query.Start, 0)
		h.requireEachOnce(from)
	})
}

// The consumer may keep what it was given.
func TestBatchesShareNoEvents(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.BatchSize = 10
		h.start()
		h.pass(15 * time.Second)
		var kept [][]insights.Event
		h.refuseWith(func(batch poll.Batch) error {
			kept = append(kept, batch.Events)
			return nil
		})
		h.add("a", time.Now(), 50)
		h.pass(15 * time.Second)
		ids := make(map[string]bool)
		for _, event := range slices.Concat(kept...) {
			ids[event.ID] = true
		}
		assert.Len(t, ids, 50)
	})
}

// backwards reverses the events of an answer.
func backwards(a *simulator.Answer) {
	var events []json.RawMessage
	if json.Unmarshal(a.Body, &events) == nil {
		slices.Reverse(events)
		a.Body, _ = json.Marshal(events)
	}
}

// One rescan alone can find the earlier of the two: before it, the event was not visible, and the next one
// begins behind it.
func TestFault_P11_LightPageOutOfOrderPassesOverNothing(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.RescanInterval = 10 * time.Minute
		h.start()
		h.pass(5 * time.Second)
		from := time.Now()
		h.pass(10*time.Minute + 30*time.Second)
		visible := time.Now().Add(10 * time.Second)
		for id, at := range map[string]time.Time{"earlier": visible.Add(-h.settings.MaxEventDelay + time.Second), "later": from.Add(4 * time.Minute)} {
			h.api.Add(simulator.Event{Service: "sso", ID: id, Time: at, Visible: visible})
		}
		h.api.Inject(simulator.Fault{
			When:   func(r simulator.Request) bool { return r.Query.Fields != nil },
			Effect: simulator.Effect{Alter: backwards},
		})
		h.pass(time.Hour)
		h.requireEachOnce(from)
	})
}
