// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

func TestLiveEventsAreDeliveredOnceEach(t *testing.T) {
	bubble(t, simulator.Settings{}, func(_ *testing.T, h *harness) {
		h.add("old", time.Now().Add(-time.Hour), 5)
		h.start()
		h.pass(2 * time.Second)
		from := time.Now()
		for i := range 50 {
			h.add(string(rune('a'+i)), time.Now(), i)
			h.pass(7 * time.Second)
		}
		h.pass(time.Minute)
		h.requireEachOnce(from)
		h.requireNoFutureStart()
		assert.Empty(h.t, h.observed.seen().failures)
		assert.Equal(h.t, poll.StartFresh, h.observed.seen().starts[0].State)
	})
}

func TestFault_G1_TiesAcrossPagesAreDeliveredOnceEach(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	bubble(t, simulator.Settings{ShuffleTies: true}, func(_ *testing.T, h *harness) {
		h.settings.PageSize = 1000
		h.start()
		h.pass(15 * time.Second)
		at := time.Now()
		h.add("tie", at, 25_000)
		h.pass(30 * time.Second)
		h.requireEachOnce(at)
		h.pass(2 * time.Minute)
		h.requireEachOnce(at)
	})
}

func TestFault_C1_LateEventIsDeliveredOnce(t *testing.T) {
	bubble(t, simulator.Settings{}, func(_ *testing.T, h *harness) {
		h.settings.PollInterval, h.settings.RescanInterval, h.settings.MaxEventDelay = time.Second, 2*time.Second, 30*time.Second
		h.start()
		h.pass(10 * time.Second)
		from := time.Now()
		h.api.Add(simulator.Event{Service: "sso", ID: "late", Time: from, Visible: from.Add(20 * time.Second)})
		for i := range 30 {
			h.add(string(rune('a'+i)), time.Now(), 1)
			h.pass(time.Second)
		}
		h.pass(time.Minute)
		h.requireEachOnce(from)
		late := 0
		for _, page := range h.observed.seen().pages {
			late += page.Late
		}
		assert.Equal(h.t, 1, late)
	})
}

func TestFault_C1_LateByTheWholeDelay(t *testing.T) {
	bubble(t, simulator.Settings{}, func(_ *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		for i := range 200 {
			at := time.Now()
			h.api.Add(simulator.Event{Service: "sso", ID: at.String(), Time: at, Visible: at.Add(h.settings.MaxEventDelay * time.Duration(i%11) / 10)})
			h.pass(3700 * time.Millisecond)
		}
		h.pass(2*h.settings.MaxEventDelay + time.Minute)
		h.requireEachOnce(from)
	})
}

func TestEventsDatedAheadDoNotMoveTheWatermark(t *testing.T) {
	bubble(t, simulator.Settings{}, func(_ *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		h.add("ahead", from.Add(5*time.Hour), 3)
		h.pass(15 * time.Second)
		for i := range 20 {
			h.add(string(rune('a'+i)), time.Now(), 2)
			h.pass(11 * time.Second)
			assert.False(h.t, h.observed.seen().progress.Watermark.After(time.Now()))
		}
		h.pass(6 * time.Hour)
		h.requireEachOnce(from)
		h.requireNoFutureStart()
	})
}

func TestBackfillDeliversHistoryBesideLiveEvents(t *testing.T) {
	for _, exclusive := range []bool{false, true} {
		bubble(t, simulator.Settings{EndExclusive: exclusive, Latency: 50 * time.Millisecond}, func(_ *testing.T, h *harness) {
			from := time.Now().Add(-7 * 24 * time.Hour)
			history := simulator.NewGenerator(1, 0, 0).History("", from, time.Now(), 20_000)
			h.api.Add(history...)
			for day := range 8 {
				h.add("edge"+string(rune('0'+day)), from.Add(time.Duration(day)*24*time.Hour).Truncate(time.Second), 150)
			}
			h.settings.History = poll.History{Start: from}
			h.start()
			h.pass(4 * time.Second)
			_, most := h.count()
			assert.LessOrEqual(h.t, most, 1)
			h.pass(time.Hour)
			h.requireEachOnce(from)
			h.requireNoFutureStart()
			assert.Zero(h.t, h.observed.seen().progress.BackfillRemaining)
		})
	}
}

func TestLiveEventsWaitForOnePageOfHistoryAtMost(t *testing.T) {
	bubble(t, simulator.Settings{Latency: time.Second}, func(_ *testing.T, h *harness) {
		h.api.Add(simulator.NewGenerator(1, 0, 0).History("", time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour), 10_000)...)
		h.settings.History = poll.History{Lookback: 72 * time.Hour}
		h.start()
		h.pass(5 * time.Second)
		h.add("live", time.Now(), 1)
		h.pass(h.settings.PollInterval + 3*time.Second)
		assert.Equal(h.t, 1, h.accepted()["live-0"])
		assert.Positive(h.t, h.observed.seen().progress.BackfillRemaining)
		h.pass(10 * time.Minute)
		assert.Zero(h.t, h.observed.seen().progress.BackfillRemaining)
	})
}

func TestRestartContinuesWithoutAGapAndWithoutDuplicates(t *testing.T) {
	bubble(t, simulator.Settings{}, func(_ *testing.T, h *harness) {
		h.settings.Backoff.Random = func() float64 { return 0 } // each start gets as far as to ask
		h.settings.History = poll.History{Lookback: 48 * time.Hour}
		from := time.Now().Add(-48 * time.Hour).Add(time.Minute)
		h.api.Add(simulator.NewGenerator(1, 0, 0).History("", from, time.Now(), 5000)...)
		for range 40 {
			h.start()
			h.pass(700 * time.Millisecond)
			h.kill()
			h.add(time.Now().String(), time.Now(), 3)
			h.pass(40 * time.Second)
		}
		h.start()
		h.pass(10 * time.Minute)
		h.requireEachOnce(from)
		assert.Equal(h.t, poll.StartContinued, h.observed.seen().starts[1].State)
	})
}

func TestNothingIsFetchedWhileTheConsumerRefuses(t *testing.T) {
	bubble(t, simulator.Settings{}, func(_ *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		gate := make(chan struct{})
		h.refuseWith(func(poll.Batch) error { <-gate; return nil })
		h.add("a", time.Now(), 250)
		h.pass(15 * time.Second)
		before := len(h.api.Requests())
		h.pass(10 * time.Minute)
		assert.Len(h.t, h.api.Requests(), before)
		close(gate)
		h.pass(time.Minute)
		h.requireEachOnce(from)
	})
}

func TestFault_D2_BatchThatWasNotSettledComesAgain(t *testing.T) {
	bubble(t, simulator.Settings{}, func(_ *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		h.refuseWith(func(poll.Batch) error { return context.Canceled })
		h.add("a", time.Now(), 250)
		h.pass(15 * time.Second)
		h.kill()
		h.refuseWith(nil)
		h.start()
		h.pass(time.Minute)
		h.requireEachOnce(from)
	})
}

func TestBatchesStayWithinTheirBounds(t *testing.T) {
	bubble(t, simulator.Settings{}, func(_ *testing.T, h *harness) {
		h.settings.PageSize = 10_000
		h.start()
		h.pass(15 * time.Second)
		h.add("many", time.Now(), 2500)
		h.pass(15 * time.Second)
		assert.Equal(h.t, []int{1000, 1000, 500}, h.batchSizes())
		for _, id := range []string{"x", "y", "z"} {
			h.api.Add(simulator.Event{ID: id, Time: time.Now(), JSON: largeEvent(id, time.Now(), 300<<10)})
		}
		h.api.Add(simulator.Event{ID: "w", Time: time.Now(), JSON: largeEvent("w", time.Now(), 800<<10)})
		h.settings.PageSize = 10_000
		h.pass(30 * time.Second)
		events, most := h.count()
		assert.Equal(h.t, 2504, events)
		assert.Equal(h.t, 1, most)
	})
}

func TestFault_S4_LoadFailsWhereTheStateIsNotKnown(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.storage = failingStorage{Client: h.storage}
		began := time.Now()
		require.ErrorContains(t, h.engine().Load(t.Context()), "loading the checkpoint: reading the stored state: unreadable")
		assert.Equal(t, 2*time.Second, time.Since(began), "three tries")
	})
}

func TestFault_S10_ReadingStopsWhileTheStorageRefuses(t *testing.T) {
	bubble(t, simulator.Settings{}, func(_ *testing.T, h *harness) {
		broken := &brokenStorage{Client: h.storage}
		h.storage = broken
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		broken.fail.Store(true)
		h.add("a", time.Now(), 250)
		h.pass(15 * time.Second)
		before := len(h.api.Requests())
		h.pass(5 * time.Minute)
		assert.Len(h.t, h.api.Requests(), before)
		assert.Equal(h.t, []poll.FailureKind{poll.FailureCheckpoint}, h.observed.seen().kinds())
		broken.fail.Store(false)
		h.pass(5 * time.Minute)
		h.requireEachOnce(from)
		assert.Equal(h.t, 1, h.observed.seen().recovered)
	})
}

func TestShutdownEndsWithinItsGrace(t *testing.T) {
	for name, prepare := range map[string]func(h *harness){
		"the API hangs":      func(h *harness) { h.api.Inject(simulator.Fault{Effect: simulator.Hang()}) },
		"the storage fails":  func(h *harness) { h.storage = failingWrites{Client: h.storage} },
		"the API is refused": func(h *harness) { h.api.Inject(simulator.Fault{Effect: simulator.Status(401, "Unauthorized")}) },
		"nothing happens":    func(*harness) {},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
				h.start()
				h.pass(20 * time.Second)
				prepare(h)
				h.add("a", time.Now(), 10)
				h.pass(20 * time.Second)
				began := time.Now()
				h.kill()
				assert.LessOrEqual(t, time.Since(began), poll.DeliverGrace+poll.CommitGrace)
			})
		})
	}
}

func TestWithGraceOutlivesItsParentByTheGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent, stop := context.WithCancel(t.Context())
		graceful, cancel := poll.WithGrace(parent, poll.DeliverGrace)
		defer cancel()
		stop()
		time.Sleep(poll.DeliverGrace - time.Nanosecond)
		synctest.Wait()
		require.NoError(t, graceful.Err())
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		require.ErrorIs(t, graceful.Err(), context.Canceled)
	})
}

var errUnreadable = errors.New("unreadable")

func TestABackfillGetsOnWhereTailsTakeAllTheTime(t *testing.T) {
	bubble(t, simulator.Settings{Latency: 2 * time.Second}, func(t *testing.T, h *harness) {
		from := time.Now().Add(-20 * time.Hour)
		h.settings.History = poll.History{Start: from}
		h.settings.PageSize = 5
		h.add("history", from.Add(time.Hour), 50)
		h.settings.PollInterval = time.Second
		h.start()
		for i := range 120 { // as many as fit into the pages of the tail
			h.add(fmt.Sprint("live", i), time.Now(), 12)
			h.pass(5 * time.Second)
		}
		history := 0
		for id := range h.accepted() {
			if strings.HasPrefix(id, "history") {
				history++
			}
		}
		assert.Equal(t, 50, history)
		h.pass(10 * time.Minute)
		h.requireEachOnce(from)
	})
}
