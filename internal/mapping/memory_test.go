// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
)

// The page's memory is used again for the next page.
func TestLogs_KeepsNothingOfThePage(t *testing.T) {
	const text = `{"id":"5f","event_type":"user_create","service":"directory","changes":[{"field":"email"}],"list":["a"],"other":"x"}`
	page := []byte(text)
	e := event(text)
	e.Raw = page
	logs, _ := mapping.New(mapping.Settings{}).Logs([]insights.Event{e}, observed)
	for i := range page {
		page[i] = '#'
	}

	record := recordsOf(logs)[0]
	assert.Equal(t, strconv.Quote(text), strconv.Quote(record.Body().Str()))
	assert.Equal(t, "jumpcloud.directory.user_create", record.EventName())
	assert.Equal(t, map[string]any{
		"log.record.uid": "5f", "jumpcloud.event.type": "user_create", "jumpcloud.service.name": "directory",
		"jumpcloud.event.outcome": "unknown", "jumpcloud.changed_fields": []any{"email"}, "jumpcloud.list": []any{"a"},
		"jumpcloud.other": "x",
	}, record.Attributes().AsRaw())
}

// A text that is kept must not keep the whole event that it is a part of, nor a mapper the
// last event.
func TestLogs_KeepsNoEventInMemory(t *testing.T) {
	const size = 16 << 20
	for _, count := range []int{1, 40} {
		mapper := mapping.New(mapping.Settings{})
		before := heapSize()
		for i := range count {
			text := fmt.Sprintf(`{"service":"s","event_type":"type_%d","geoip":{"country_code":"C%d","region_code":"R"},"padding":%q}`,
				i, i, strings.Repeat("x", size/count))
			mapper.Logs([]insights.Event{event(text)}, observed)
		}
		assert.Less(t, heapSize(), before+size/4)
		runtime.KeepAlive(mapper)
	}
}

// What a mapper keeps of what it saw has a bound, whatever it sees. In one call, as what it keeps
// may be freed between two.
func TestLogs_KeepsNoMoreWithEachType(t *testing.T) {
	mapper := mapping.New(mapping.Settings{})
	mapTypes := func(count int) {
		var events []insights.Event
		for i := range count {
			events = append(events, event(fmt.Sprintf(`{"service":"s","event_type":"type_%d"}`, i)))
		}
		mapper.Logs(events, observed)
	}
	before := heapSize()
	mapTypes(30_000)
	assert.Less(t, heapSize(), before+1<<20)
	runtime.KeepAlive(mapper)
}

func heapSize() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
