// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// What became visible after asOf may be behind the position by now, so no later time may take its place.
func TestPassStandsForTheEarliestTimeThatItsPagesTold(t *testing.T) {
	for name, test := range map[string]struct {
		told []int
		asOf int
	}{
		"the first page's":                   {[]int{5, 6, 9}, 5},
		"a later one's where that is before": {[]int{5, 3, 4}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			var p pass
			for _, minutes := range test.told {
				p.opened(noon(minutes))
			}
			assert.Equal(t, noon(test.asOf), p.asOf)
		})
	}
}

func TestRetentionTellsWhatAPageShowsNothingOf(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	before := func(hours float64) time.Time { return now.Add(-time.Duration(hours * float64(time.Hour))) }
	var none time.Time
	for name, test := range map[string]struct {
		start, from, end time.Time
		shown            []time.Time
		lost, to         float64
	}{
		"nothing for a start within it":                {before(9), before(9), none, nil, 0, 0},
		"all until the edge":                           {before(20), before(20), none, []time.Time{before(2)}, 20, 10},
		"from where all was delivered":                 {before(20), before(15), none, nil, 15, 10},
		"nothing where that is within it":              {before(20), before(5), none, nil, 0, 0},
		"up to the end of a slice":                     {before(20), before(20), before(12), nil, 20, 12},
		"no further than the edge":                     {before(20), before(20), before(2), nil, 20, 10},
		"nothing where the API still has some of it":   {before(20), before(20), none, []time.Time{before(18), before(2)}, 0, 0},
		"an event without a time says nothing of that": {before(20), before(20), none, []time.Time{{}}, 20, 10},
	} {
		t.Run(name, func(t *testing.T) {
			var c clock
			c.observe(insights.ServerClock{Date: now, Received: time.Now()})
			r := retention{kept: 10 * time.Hour, clock: &c}
			page := &insights.Page{}
			for _, at := range test.shown {
				page.Events = append(page.Events, insights.Event{Timestamp: at})
			}
			lost, to := r.missing(page, test.start, test.from, test.end)
			assert.Equal(t, test.to != 0, lost.Before(to))
			if lost.Before(to) {
				assert.WithinDuration(t, before(test.lost), lost, 2*time.Minute)
				assert.WithinDuration(t, before(test.to), to, 2*time.Minute)
			}
			lost, to = r.missing(page, test.start, test.from, test.end)
			assert.Less(t, to.Sub(lost), time.Minute, "once")
		})
	}
}
