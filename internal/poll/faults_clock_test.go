// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// setBack runs a test with an API whose clock can be set.
func setBack(t *testing.T, run func(t *testing.T, h *harness, now func() time.Time, set func(time.Duration))) {
	t.Helper()
	var off atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(off.Load())) }
	bubble(t, simulator.Settings{Now: now}, func(t *testing.T, h *harness) {
		run(t, h, now, func(d time.Duration) { off.Store(int64(d)) })
	})
}

func TestFault_C5_ClockSetBackSoonAfterTheStartReachesNoFurtherBackThanTheStart(t *testing.T) {
	setBack(t, func(t *testing.T, h *harness, now func() time.Time, set func(time.Duration)) {
		h.add("before the start", now().Add(-5*time.Minute), 3)
		h.start()
		h.pass(time.Minute)
		set(-40 * time.Second)
		from := now()
		h.add("after", from, 3)
		h.pass(15 * time.Minute)
		assert.Empty(t, h.observed.seen().anomalies, "by seconds nothing is to be read again")
		h.requireEachOnce(from)
	})
}

// The ids of that time are forgotten: it is read again rather than left out.
func TestFault_C5_ClockSetBackBehindWhatIsRememberedLosesNoLateEvent(t *testing.T) {
	setBack(t, func(t *testing.T, h *harness, now func() time.Time, set func(time.Duration)) {
		h.start()
		h.pass(time.Hour)
		set(-12 * time.Minute)
		late := now().Add(-h.settings.MaxEventDelay + 30*time.Second)
		h.api.Add(simulator.Event{Service: "sso", ID: "late", Time: late, Visible: now()})
		h.pass(5 * time.Minute)
		assert.Contains(t, h.observed.seen().anomalies, poll.AnomalyClockRewound)
		assert.Equal(t, map[string]int{"late": 1}, h.accepted())
	})
}

func TestFault_C4_WithoutADateTheWatermarkStaysFiveMinutesBehind(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.api.Inject(simulator.Fault{Effect: simulator.Headers("Date", "")})
		h.start()
		h.pass(15 * time.Minute)
		watermark := h.observed.seen().progress.Watermark
		assert.WithinDuration(t, time.Now().Add(-5*time.Minute), watermark, time.Minute)
		assert.False(t, watermark.After(time.Now().Add(-5*time.Minute)))
	})
}

// The tail itself goes back, and does not wait for a rescan; what was delivered is still known.
func TestFault_C9_WatermarkAheadGoesBackByTheDelayAtOnce(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		h.add("forgotten", from, 10)
		h.pass(3 * h.settings.MaxEventDelay)
		h.add("known", time.Now(), 10)
		h.pass(15 * time.Second)
		h.kill()
		store := checkpoint.Open(h.storage, "")
		loaded, err := store.Load(t.Context())
		require.NoError(t, err)
		loaded.State.Watermark = time.Now().Add(24 * time.Hour)
		require.NoError(t, store.Commit(t.Context(), loaded.State, nil))
		h.add("missed", time.Now().Add(time.Second), 10)
		h.pass(h.settings.MaxEventDelay / 2)
		h.settings.RescanInterval = 24 * time.Hour
		h.start()
		h.pass(h.settings.PollInterval)
		h.requireEachOnce(from)
	})
}

func TestFault_C10_ConsumerThatBlockedForLongerThanTheRetentionIsDeclared(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		release := make(chan struct{})
		h.refuseWith(func(poll.Batch) error {
			<-release
			return nil
		})
		h.add("blocked", time.Now(), 1)
		h.pass(100 * 24 * time.Hour)
		stopped := h.observed.seen().progress.Watermark
		close(release)
		h.pass(time.Minute)
		require.Len(t, h.observed.seen().losses, 1)
		loss := h.observed.seen().losses[0]
		assert.WithinDuration(t, stopped, loss.From, 2*h.settings.PollInterval)
		assert.WithinDuration(t, time.Now().Add(-h.settings.Retention), loss.To, 3*time.Minute)
		h.requireNoFutureStart()
		assert.Equal(t, map[string]int{"blocked-0": 1}, h.accepted())
	})
}

// The local clock less its possible skew is then behind the last rescan.
func TestFault_C4_StartWithoutADatePutsNoRescanOff(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(10 * time.Minute)
		h.kill()
		h.api.Inject(simulator.Fault{Effect: simulator.Headers("Date", "")})
		late := time.Now().Add(-5 * time.Minute)
		h.start()
		h.pass(h.settings.PollInterval)
		h.api.Add(simulator.Event{Service: "sso", ID: "late", Time: late, Visible: time.Now()})
		h.pass(h.settings.RescanInterval + 2*h.settings.PollInterval)
		assert.Equal(t, map[string]int{"late": 1}, h.accepted())
	})
}

func TestFault_C3_SkewOfTheLocalClockIsTold(t *testing.T) {
	for _, off := range []time.Duration{-5 * time.Minute, 5 * time.Minute} {
		t.Run(off.String(), func(t *testing.T) {
			bubble(t, simulator.Settings{Now: func() time.Time { return time.Now().Add(off) }}, func(t *testing.T, h *harness) {
				h.start()
				h.pass(time.Minute)
				assert.InDelta(t, -off.Seconds(), h.observed.seen().progress.Skew.Seconds(), 2)
			})
		})
	}
}

// A place to go on from is none where events before it are still to come.
func TestFault_P11_AfterPagesOutOfOrderNothingIsPassedOver(t *testing.T) {
	bubble(t, simulator.Settings{Disorder: true}, func(_ *testing.T, h *harness) {
		from := time.Now().Add(-24 * time.Hour)
		for i := range 400 {
			h.add(fmt.Sprint("event", i), from.Add(time.Duration(i)*time.Second), 1)
		}
		h.settings.History = poll.History{Lookback: 30 * time.Hour}
		refused := 0
		h.api.Inject(simulator.Fault{
			When:   func(r simulator.Request) bool { refused++; return r.Query.SearchAfter != nil && refused < 12 },
			Effect: simulator.Status(http.StatusBadRequest, "search_after"),
		})
		h.start()
		h.pass(time.Hour)
		h.requireEachOnce(from)
	})
}

func TestFault_G2_LargestPageIsAskedForWhereAMillisecondExceedsAPage(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.api.Inject(simulator.Fault{Effect: simulator.Headers("X-Search_after", "")})
		h.start()
		h.pass(15 * time.Second)
		at := time.Now()
		h.add("tie", at, 50*h.settings.PageSize)
		h.pass(time.Minute)
		h.requireEachOnce(at)
		require.Empty(t, h.observed.seen().kinds())
		h.pass(time.Minute)
		requests := h.api.Requests()
		assert.Equal(t, h.settings.PageSize, requests[len(requests)-1].Query.Limit, "the configured size is asked for again")
	})
}
