// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

func TestFault_A4_StartBeforeTheRetentionGoesOnAtItsEdge(t *testing.T) {
	bubble(t, simulator.Settings{Retention: 15 * day}, func(t *testing.T, h *harness) {
		begin := time.Now()
		kept := begin.Add(-15 * day).Add(time.Hour)
		h.api.Add(simulator.NewGenerator(1, 0, 0).History("", begin.Add(-30*day), begin, 3000)...)
		h.settings.History = poll.History{Lookback: 30 * day}
		h.start()
		h.pass(20 * time.Minute)
		for _, event := range h.api.Expected("", kept) {
			require.Equal(t, 1, h.accepted()[event.ID])
		}
		require.Len(t, h.observed.seen().losses, 1)
		loss := h.observed.seen().losses[0]
		assert.Equal(t, poll.LossRetention, loss.Reason)
		assert.WithinDuration(t, begin.Add(-30*day), loss.From, time.Minute)
		assert.WithinDuration(t, begin.Add(-15*day), loss.To, time.Hour)
	})
}

// What was to become visible late is lost as well: the gap begins where the last rescan left events to come.
func TestFault_C10_OutageLongerThanTheRetentionIsDeclared(t *testing.T) {
	for name, answer := range map[string]time.Duration{"the API shows nothing": 1000 * day, "the API refuses": 90 * day} {
		t.Run(name, func(t *testing.T) {
			bubble(t, simulator.Settings{Retention: answer}, func(t *testing.T, h *harness) {
				h.start()
				h.pass(time.Hour)
				h.kill()
				stopped := time.Now()
				h.pass(100 * day)
				h.start()
				h.pass(5 * time.Minute)
				require.Len(t, h.observed.seen().losses, 1)
				loss := h.observed.seen().losses[0]
				late := stopped.Add(-h.settings.MaxEventDelay - h.settings.RescanInterval)
				assert.WithinRange(t, loss.From, late.Add(-6*time.Minute), late.Add(time.Minute))
				assert.WithinDuration(t, time.Now().Add(-90*day), loss.To, 10*time.Minute)
				h.requireNoFutureStart()
			})
		})
	}
}

// Where a rescan gives an hour up, what may have become visible in it since the last one is declared.
func TestFault_A4_HourThatIsWronglyRefusedIsDeclared(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.MaxEventDelay = 2 * time.Hour
		h.start()
		h.pass(4 * time.Hour)
		late := time.Now().Add(-h.settings.MaxEventDelay)
		h.api.Inject(simulator.Fault{
			Times:  4,
			Effect: tooOld(),
			When:   func(r simulator.Request) bool { return r.Query.Start.Before(late) },
		})
		h.add("late", late, 1)
		h.pass(time.Hour)
		require.Zero(t, h.deliveredTimes("late-0"))
		require.Len(t, h.observed.seen().losses, 1)
		assert.WithinRange(t, late, h.observed.seen().losses[0].From, h.observed.seen().losses[0].To)
	})
}
