// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

func TestFirstStartBeginsAtTheAPIsTimeWhereTheLocalClockIsOff(t *testing.T) {
	for _, off := range []time.Duration{10 * time.Minute, -3 * time.Hour} {
		t.Run(off.String(), func(t *testing.T) {
			now := func() time.Time { return time.Now().Add(off) }
			bubble(t, simulator.Settings{Now: now}, func(t *testing.T, h *harness) {
				h.add("before", now().Add(-5*time.Minute), 3)
				from := now()
				h.start()
				h.pass(time.Minute)
				h.add("after", now(), 3)
				h.pass(5 * time.Minute)
				h.requireEachOnce(from)
				assert.Empty(t, h.observed.seen().anomalies)
			})
		})
	}
}

func TestHistoryFromBeforeTheRetentionBeginsAtItsEdge(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.History = poll.History{Lookback: 100 * 24 * time.Hour}
		h.start()
		h.pass(5 * time.Minute)
		assert.True(t, h.observed.seen().starts[0].BackfillClamped)
		assert.Empty(t, h.observed.seen().losses)
		for _, request := range h.api.Requests() {
			require.Equal(t, http.StatusOK, request.Status)
		}
	})
}

func TestWatermarkThatAStartTellsIsWhereReadingBegins(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		ahead := time.Now().Add(30 * 24 * time.Hour)
		forged := checkpoint.State{From: time.Now().Add(-time.Hour), Watermark: ahead, Rescanned: ahead, Query: h.settings.Query}
		require.NoError(t, checkpoint.Open(h.storage, "").Commit(t.Context(), forged, nil))
		h.start()
		h.pass(15 * time.Second)
		assert.WithinDuration(t, time.Now().Add(-h.settings.MaxEventDelay), h.observed.seen().starts[0].Watermark, time.Minute)
	})
}

// The first format knew an event by the text of its timestamp.
func TestEventsThatTheFirstFormatRemembersDoNotComeAgain(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		at := time.Now().Add(-2 * time.Minute).UTC()
		h.api.Add(simulator.Event{
			Service: "sso", ID: "old", Time: at,
			JSON: fmt.Appendf(nil, `{"id":"old","service":"sso","timestamp":%q}`, at.Format(time.RFC3339)),
		})
		state, err := json.Marshal(checkpoint.State{From: at.Add(-time.Hour), Watermark: time.Now().UTC(), Rescanned: time.Now().UTC()})
		require.NoError(t, err)
		content := fmt.Sprintf(`{"state":%s,"first":0,"next":1}`, state)
		record := fmt.Appendf(nil, `{"version":1,"crc32c":%d,"content":%s}`, checksum([]byte(content)), content)
		identity := sha256.Sum256(append(binary.BigEndian.AppendUint64([]byte{1}, 3), "old"+at.Format(time.RFC3339)...))
		segment := binary.BigEndian.AppendUint64([]byte{1, 0}, uint64(at.UnixMilli()))
		segment = binary.BigEndian.AppendUint64(segment, uint64(at.UnixMilli()))
		segment = append(segment, identity[:16]...)
		segment = binary.BigEndian.AppendUint32(segment, checksum(segment))
		require.NoError(t, h.storage.Set(t.Context(), "own/state", record))
		require.NoError(t, h.storage.Set(t.Context(), "own/delivered/0", segment))
		h.start()
		h.pass(5 * time.Minute)
		assert.Equal(t, poll.StartContinued, h.observed.seen().starts[0].State)
		assert.Empty(t, h.accepted())
		assert.Equal(t, 1, h.observed.seen().progress.Remembered)
	})
}

func checksum(data []byte) uint32 { return crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)) }

// obedientStorage takes a while, and gives up with its context.
type obedientStorage struct {
	storage.Client
	latency time.Duration
}

func (o *obedientStorage) Batch(ctx context.Context, operations ...*storage.Operation) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(o.latency):
		return o.Client.Batch(ctx, operations...)
	}
}

func TestBatchThatWasDeliveredBeforeAStopIsRemembered(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		slow := &obedientStorage{Client: h.storage}
		h.storage = slow
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		slow.latency = 3 * time.Second
		h.add("a", from, 50)
		for len(h.accepted()) == 0 {
			h.pass(time.Second)
		}
		h.kill()
		h.start()
		h.pass(5 * time.Minute)
		h.requireEachOnce(from)
	})
}

func TestEachLaneWaitsAfterAFirstRequestThatFailed(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.History = poll.History{Lookback: 20 * time.Hour}
		h.api.Inject(simulator.Fault{Times: 1, Effect: simulator.Status(http.StatusForbidden, "")})
		h.start()
		h.pass(5 * time.Minute)
		requests := h.api.Requests()
		require.Greater(t, len(requests), 1)
		assert.GreaterOrEqual(t, requests[1].At.Sub(requests[0].At), time.Second)
	})
}
