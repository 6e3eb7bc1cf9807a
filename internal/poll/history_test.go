// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
)

// past is a frontier with history from 02:10 to 11:50 that is read up to next, and compared up to a time.
func past(next, compared int) frontier {
	f := known(30, 28).history(next, -10)
	f.Backfill.Start, f.Backfill.Compared = noon(-590), noon(compared)
	return f
}

func (f frontier) uncompared() frontier {
	f.Backfill.Compared = time.Time{}
	return f
}

func TestHistoryIsComparedByTheHour(t *testing.T) {
	for name, test := range map[string]struct {
		frontier frontier
		stretch  hours
	}{
		"from its start to a whole hour": {past(-310, -590), hours{noon(-590), noon(-360)}},
		"nothing of the first hour yet":  {past(-550, -590), hours{noon(-590), noon(-600)}},
		"and then to its end":            {past(-10, -60), hours{noon(-60), noon(-10)}},
		"once":                           {past(-10, -10), hours{}},
		"not at all where it is not to":  {past(-10, 0).uncompared(), hours{}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.stretch, history{test.frontier.Backfill}.stretch())
		})
	}
}

func TestHistoryIsComparedFromWhereItIsRememberedWhole(t *testing.T) {
	for name, test := range map[string]struct {
		frontier       frontier
		enabled, whole bool
		compared       time.Time
	}{
		"from its start":                              {past(-590, 0).uncompared(), true, true, noon(-590)},
		"a restart goes on":                           {past(-310, -360), true, true, noon(-360)},
		"in a state from before comparisons":          {known(30, 28).history(-310, -10), true, true, noon(-300)},
		"where something else was asked for":          {past(-310, -590), true, false, noon(-300)},
		"where nothing was compared before":           {past(-310, 0).uncompared(), true, true, noon(-300)},
		"no further than its end":                     {past(-20, -60), true, false, noon(-10)},
		"nowhere without an audit":                    {past(-310, -360), false, true, time.Time{}},
		"nothing is changed where it is all compared": {past(-10, -10), false, false, noon(-10)},
	} {
		t.Run(name, func(t *testing.T) {
			after := history{test.frontier.Backfill}.comparing(test.enabled, test.whole)
			assert.Equal(t, test.compared, after.Compared)
			assert.False(t, after.Start.IsZero())
		})
	}
}

// What a comparison of history says moves nothing but what is compared.
func TestFrontierIsNotMovedByAComparisonOfHistory(t *testing.T) {
	f := past(-310, -590)
	after := f
	after.Backfill = history{f.Backfill}.compared(noon(-360), 3).Backfill
	assert.Equal(t, noon(-360), after.Backfill.Compared)
	assert.Equal(t, 3, after.Backfill.Proven)
	after.Backfill.Compared, after.Backfill.Proven = f.Backfill.Compared, 0
	assert.Equal(t, f, after)
	assert.Equal(t, f, f.advance(Backfill, noon(-500), noon(40)))
	assert.Equal(t, f, f.finish(Backfill, noon(40), noon(-480)))
}

func TestHistoryCountsWhatWasDeliveredOfIt(t *testing.T) {
	entries := []checkpoint.Entry{
		{Time: noon(-590)},
		{Time: noon(-61)},
		{Time: noon(-60)},
		{Time: noon(-11)},
		{Time: noon(-591)},
		{Time: noon(-10)},
		{Time: noon(-30), Stray: true},
	}
	b := history{past(-310, -590).Backfill}.took(entries)
	assert.Equal(t, 4, b.Delivered)
	assert.Equal(t, 2, b.Last, "from 11:00 on")
	assert.Zero(t, history{past(-10, -10).Backfill}.took(entries).Delivered, "not once it is complete")
}

func TestHistoryTellsHowFarItIs(t *testing.T) {
	for name, test := range map[string]struct {
		next, delivered, counted int
		share                    float64
	}{
		"by the events":                           {-580, 30, 120, 0.25},
		"by the time where none are counted":      {-445, 30, 0, 0.25},
		"or where 10,000 may be at least so many": {-445, 30, 10_000, 0.25},
		"or where the count is too small":         {-445, 30, 30, 0.25},
		"it is done when it is read":              {-10, 30, 120, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := past(test.next, -590)
			f.Backfill.Delivered, f.Backfill.Counted = test.delivered, test.counted
			assert.InDelta(t, test.share, history{f.Backfill}.share(), 1e-9)
		})
	}
}

func TestHistoryTellsHowLongTheRestTakes(t *testing.T) {
	var pace historyPace
	f := past(-590, -590)
	f.Backfill.Counted = 100
	at := func(minute, delivered int) time.Duration {
		f.Backfill.Delivered = delivered
		return pace.progress(history{f.Backfill}, noon(minute)).Left
	}
	assert.Zero(t, at(0, 20), "the pace is not known yet")
	assert.InDelta(t, 35*time.Minute, at(5, 30), float64(time.Second))
	assert.InDelta(t, 10*time.Minute, at(30, 80), float64(time.Second))
	f.Backfill.Counted = 1000
	assert.Zero(t, at(31, 81), "a share that falls begins anew")
	assert.Equal(t, HistoryProgress{}, pace.progress(history{known(30, 28).Backfill}, noon(31)))
}
