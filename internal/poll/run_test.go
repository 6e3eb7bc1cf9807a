// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

func dated(times ...time.Time) *insights.Page {
	page := &insights.Page{}
	for _, at := range times {
		page.Events = append(page.Events, insights.Event{Timestamp: at})
	}
	return page
}

func TestRunIsWhereItsPagesLeadInOrder(t *testing.T) {
	half := noon(20).Add(500 * time.Microsecond)
	for name, test := range map[string]struct {
		pages    []*insights.Page
		position time.Time
	}{
		"at its start before the first":                  {nil, noon(10)},
		"behind what came in order":                      {[]*insights.Page{dated(noon(11), noon(12)), dated(noon(12), noon(14))}, noon(14)},
		"at the millisecond of the last":                 {[]*insights.Page{dated(half)}, noon(20)},
		"within which the order says nothing":            {[]*insights.Page{dated(half, noon(20), noon(21))}, noon(21)},
		"back at its start where a page is not in order": {[]*insights.Page{dated(noon(11)), dated(noon(14), noon(13))}, noon(10)},
		"nor anywhere once one is before the last":       {[]*insights.Page{dated(noon(14)), dated(noon(12), noon(15))}, noon(10)},
		"nor behind any after that":                      {[]*insights.Page{dated(noon(14), noon(13)), dated(noon(20))}, noon(10)},
		"events without a time lead nowhere":             {[]*insights.Page{dated(noon(11), time.Time{})}, noon(11)},
		"nor do those that it did not ask for":           {[]*insights.Page{dated(noon(9), noon(11), noon(31))}, noon(11)},
		"an inclusive end shows those of its time":       {[]*insights.Page{dated(noon(30))}, noon(30)},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRun(insights.Query{Start: noon(10), End: noon(30)})
			for _, page := range test.pages {
				r.inspect(page)
				for _, event := range page.Events {
					r.passed(event)
				}
			}
			assert.Equal(t, test.position, r.position)
		})
	}
}

// Whatever else an API shows outside of a slice is delivered by it: it may show that nowhere else.
func TestRunLeavesTheMillisecondOfItsEndToTheNext(t *testing.T) {
	r := newRun(insights.Query{Start: noon(10), End: noon(30)})
	for offset, excluded := range map[time.Duration]bool{
		-time.Microsecond: false, 0: true, 999 * time.Microsecond: true, time.Millisecond: false, time.Hour: false,
	} {
		assert.Equal(t, excluded, r.excludes(insights.Event{Timestamp: noon(30).Add(offset)}), offset)
	}
	assert.False(t, newRun(insights.Query{Start: noon(10)}).excludes(insights.Event{Timestamp: noon(30)}), "no end")
}
