// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

func TestFault_P7_PageOfLargeEventsIsReadInSmallerOnes(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		for i := range 100 {
			at := from.Add(time.Duration(i) * time.Millisecond)
			body := fmt.Sprintf(`{"id":"large %d","service":"sso","timestamp":%q,"changes":%q}`, i, at.UTC().Format(time.RFC3339Nano), strings.Repeat("x", 75<<10))
			h.api.Add(simulator.Event{Service: "sso", ID: fmt.Sprint("large ", i), Time: at, JSON: []byte(body)})
		}
		h.pass(30 * time.Second)
		h.requireEachOnce(from)
		smallest := h.settings.PageSize
		for _, page := range h.observed.seen().pages {
			smallest = min(smallest, page.Limit)
		}
		assert.LessOrEqual(t, smallest, 13, "100 events of 75 KiB do not fit into 1 MiB")
		h.pass(2 * time.Hour)
		pages := h.observed.seen().pages
		assert.Equal(t, h.settings.PageSize, pages[len(pages)-1].Limit)
	})
}

// The answer stands for a time before the first start, which is not remembered.
func TestFault_P5_UndatedEventOfAnAnswerWithoutADateComesOnce(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		h.api.Inject(simulator.Fault{Until: time.Now().Add(30 * time.Second), Effect: simulator.Headers("Date", "")})
		h.api.Add(simulator.Event{Service: "sso", ID: "undated", Time: time.Now(), JSON: []byte(`{"id":"undated","service":"sso"}`)})
		h.pass(2 * time.Hour)
		assert.Equal(t, map[string]int{"undated": 1}, h.accepted())
	})
}

func TestFault_P10_SameIDAndTimestampIsOneEvent(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		at := time.Now()
		for _, content := range []string{"one", "other"} {
			body := fmt.Sprintf(`{"id":"a","service":"sso","timestamp":%q,"content":%q}`, at.UTC().Format(time.RFC3339Nano), content)
			h.api.Add(simulator.Event{Service: "sso", ID: "a", Time: at, JSON: []byte(body)})
			h.pass(2 * time.Minute)
		}
		assert.Equal(t, map[string]int{"a": 1}, h.accepted())
	})
}

func TestFault_G11_EventBehindTheTokenIsFoundByTheNextRescan(t *testing.T) {
	bubble(t, simulator.Settings{Latency: time.Second}, func(_ *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		h.add("page", from, 1)
		for i := range 10 {
			h.add(fmt.Sprint("page", i), from.Add(time.Duration(i+1)*time.Millisecond), 100)
		}
		// It becomes visible while the pages behind it are read.
		h.api.Add(simulator.Event{Service: "sso", ID: "behind", Time: from, Visible: from.Add(14 * time.Second)})
		h.pass(5 * time.Minute)
		h.requireEachOnce(from)
	})
}

func TestFault_C6_TimestampsOfEveryPrecisionAreReadOnce(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		at := time.Now().UTC().Truncate(time.Second)
		want := make(map[string]int)
		for i, text := range []string{
			at.Format("2006-01-02T15:04:05Z"), at.Format("2006-01-02T15:04:05.000Z"), at.Format("2006-01-02T15:04:05.000000000Z"),
			at.Format("2006-01-02T15:04:05") + "+00:00", at.Add(2*time.Hour).Format("2006-01-02T15:04:05") + "+02:00",
			at.Format("2006-01-02T15:04") + ":60Z",
		} {
			id := fmt.Sprint("format ", i)
			want[id] = 1
			h.api.Add(simulator.Event{Service: "sso", ID: id, Time: at, JSON: fmt.Appendf(nil, `{"id":%q,"service":"sso","timestamp":%q}`, id, text)})
		}
		h.pass(10 * time.Minute)
		assert.Equal(t, want, h.accepted())
	})
}
