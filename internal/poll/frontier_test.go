// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
)

// noon is so many minutes after twelve o'clock.
func noon(minutes int) time.Time {
	return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC).Add(time.Duration(minutes) * time.Minute)
}

// known is a frontier in steady state: L is ten minutes, and From is the hour that it needs.
func known(watermark, rescanned int) frontier {
	return frontier{
		delay: 10 * time.Minute,
		State: checkpoint.State{From: noon(0), Watermark: noon(watermark), Rescanned: noon(rescanned)},
	}
}

func (f frontier) rescanning(asOf, position int) frontier {
	f.Rescan = checkpoint.Rescan{AsOf: noon(asOf), Position: noon(position)}
	return f
}

func (f frontier) from(minutes int) frontier {
	f.From = noon(minutes)
	return f
}

func (f frontier) history(next, end int) frontier {
	f.Backfill = checkpoint.Backfill{Next: noon(next), End: noon(end)}
	return f
}

func TestFrontierTellsWhereALaneBegins(t *testing.T) {
	for name, test := range map[string]struct {
		frontier     frontier
		now          int
		tail, rescan int
	}{
		"a tail at w, a rescan at r - L and five minutes":  {known(30, 28), 31, 30, 13},
		"nothing before From":                              {known(30, 28).from(29), 31, 30, 29},
		"nothing after the API's time":                     {known(34, 34), 31, 31, 19},
		"a rescan at w where that is before r - L":         {known(10, 30), 31, 10, 5},
		"a rescan before the API's time where r is ahead":  {known(60, 60), 31, 31, 31},
		"a rescan under way goes on at its position":       {known(30, 15).rescanning(29, 20), 31, 30, 20},
		"also where that is ahead of the API's time":       {known(34, 15).rescanning(34, 33), 31, 31, 31},
		"and never before From":                            {known(30, 15).rescanning(29, 20).from(25), 31, 30, 25},
		"From counts where w is before it, after a damage": {known(-90, -90), 31, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, noon(test.tail), test.frontier.tailStart(noon(test.now)), "tail")
			assert.Equal(t, noon(test.rescan), test.frontier.rescanStart(noon(test.now)), "rescan")
		})
	}
}

func TestFrontierAdvancesWithAPass(t *testing.T) {
	for name, test := range map[string]struct {
		before         frontier
		kind           PassKind
		position, asOf int
		after          frontier
	}{
		"a tail moves w":                              {known(30, 28), Tail, 31, 35, known(31, 28)},
		"no further than asOf":                        {known(30, 28), Tail, 39, 35, known(35, 28)},
		"never back":                                  {known(30, 28), Tail, 29, 35, known(30, 28)},
		"a rescan keeps asOf and position":            {known(30, 28), Rescan, 20, 35, known(30, 28).rescanning(35, 20)},
		"its position never goes back":                {known(30, 28).rescanning(35, 25), Rescan, 20, 35, known(30, 28).rescanning(35, 25)},
		"it moves w where it is the tail as well":     {known(30, 28).rescanning(35, 25), Rescan, 33, 35, known(33, 28).rescanning(35, 33)},
		"and neither further than asOf":               {known(30, 28), Rescan, 39, 35, known(35, 28).rescanning(35, 35)},
		"history moves its next":                      {known(30, 28).history(-300, -200), Backfill, -250, 35, known(30, 28).history(-250, -200)},
		"no further than its end":                     {known(30, 28).history(-300, -200), Backfill, -100, 35, known(30, 28).history(-200, -200)},
		"never back, and no further than asOf":        {known(30, 28).history(-300, 100), Backfill, 90, 35, known(30, 28).history(35, 100)},
		"an hour is forgotten as a whole":             {known(70, 74), Tail, 76, 76, known(76, 74)},
		"once no rescan reads of it any more":         {known(76, 75), Tail, 76, 76, known(76, 75).from(60)},
		"and not while w is still in it":              {known(63, 90), Tail, 64, 95, known(64, 90)},
		"a rescan under way forgets what it has read": {known(200, 70).rescanning(200, 70), Rescan, 130, 200, known(200, 70).rescanning(200, 130).from(120)},
		"but not what the next one reads":             {known(134, 70).rescanning(134, 70), Rescan, 131, 134, known(134, 70).rescanning(134, 131).from(60)},
		"nor the five minutes before w":               {known(120, 70).rescanning(200, 70), Rescan, 124, 200, known(124, 70).rescanning(200, 124).from(60)},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.after, test.before.advance(test.kind, noon(test.position), noon(test.asOf)))
		})
	}
}

func TestFrontierFinishesAPass(t *testing.T) {
	for name, test := range map[string]struct {
		before    frontier
		kind      PassKind
		asOf, end int
		after     frontier
	}{
		"a tail moves w and not r":            {known(30, 28), Tail, 35, 0, known(35, 28)},
		"w never goes back":                   {known(36, 28), Tail, 35, 0, known(36, 28)},
		"a rescan moves r and w, and is over": {known(30, 28).rescanning(35, 30), Rescan, 35, 0, known(35, 35)},
		"r goes back with the clock":          {known(36, 37), Rescan, 35, 0, known(36, 35)},
		"history is read to the slice's end":  {known(30, 28).history(-300, -100), Backfill, 35, -200, known(30, 28).history(-200, -100)},
		"and not read again":                  {known(30, 28).history(-150, -100), Backfill, 35, -200, known(30, 28).history(-150, -100)},
		"what r passed is forgotten":          {known(70, 30), Rescan, 76, 0, known(76, 76).from(60)},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.after, test.before.finish(test.kind, noon(test.asOf), noon(test.end)))
		})
	}
}

func TestFrontierForgetsNothingTwice(t *testing.T) {
	f := known(130, 128).from(60)
	f.delay = 6 * time.Hour // raised: the ids of that time are forgotten
	assert.Equal(t, f, f.forget())
}

func TestFrontierOfAFirstStart(t *testing.T) {
	fresh := func(from, watermark int) frontier {
		return frontier{delay: 10 * time.Minute, State: checkpoint.State{From: noon(from), Watermark: noon(watermark), Rescanned: noon(watermark)}}
	}
	late := fresh(-600, 0).history(-600, -10)
	late.Watermark, late.Backfill.Start = noon(-10), noon(-600)
	short := fresh(-5, 0).history(-5, -5)
	short.Watermark, short.Backfill.Start = noon(-5), noon(-5)
	for name, test := range map[string]struct {
		start time.Time
		first bool
		after frontier
	}{
		"without history everything begins now":         {time.Time{}, false, fresh(0, 0)},
		"nor does history that begins in the future":    {noon(5), false, fresh(0, 0)},
		"history ends L ago, where live events begin":   {noon(-600), false, late},
		"no history is left where it is shorter than L": {noon(-5), false, short},
		"history first is read as live events":          {noon(-600), true, fresh(-600, -600)},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.after, freshFrontier(noon(0), test.start, 10*time.Minute, test.first))
		})
	}
}

func TestFrontierCutsHistoryIntoSlices(t *testing.T) {
	const day = 24 * 60
	for name, test := range map[string]struct {
		next, last int
		end        int
		pending    bool
	}{
		"a day":               {-3 * day, -10, -2 * day, true},
		"what is left":        {-100, -10, -10, true},
		"nothing is left":     {-10, -10, -10, false},
		"read past its end":   {-5, -10, -10, false},
		"a day and no longer": {-day - 10, -10, -10, true},
	} {
		t.Run(name, func(t *testing.T) {
			start, end, pending := known(30, 28).history(test.next, test.last).slice()
			assert.Equal(t, test.pending, pending)
			if pending {
				assert.Equal(t, []time.Time{noon(test.next), noon(test.end)}, []time.Time{start, end})
			}
		})
	}
}

func TestFrontierGoesBackWithTheClock(t *testing.T) {
	assert.False(t, known(35, 35).ahead(noon(30)), "clocks may be five minutes apart")
	assert.True(t, known(36, 36).ahead(noon(30)))
	for name, test := range map[string]struct {
		before frontier
		now    int
		after  frontier
	}{
		"w goes back by L, r to now":            {known(90, 88), 30, known(20, 30)},
		"r stays where it is before now":        {known(90, 20), 30, known(20, 20)},
		"a rescan under way is over":            {known(90, 88).rescanning(90, 80), 30, known(20, 30)},
		"From goes back with the time":          {known(190, 188).from(120), 30, known(20, 30).from(20)},
		"and where the ids of L are forgotten":  {known(190, 188).from(120), 125, known(115, 125).from(115)},
		"but not before the very first contact": {known(190, 188).from(121), 125, known(121, 125).from(121)},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.after, test.before.rewind(noon(test.now)))
		})
	}
}

func TestFrontierGivesUpWhatTheAPIRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		before   frontier
		kind     PassKind
		edge     int
		after    frontier
		lost     bool
		from, to int
	}{
		"live events up to the edge":         {known(30, 28), Tail, 50, known(50, 28).from(50), true, 13, 50},
		"late events where w is further":     {known(30, 28), Rescan, 20, known(30, 28).from(20), true, 13, 20},
		"nothing where no event is to come":  {known(30, 28), Rescan, 12, known(30, 28).from(12), false, 0, 0},
		"nothing again":                      {known(30, 28).from(15), Rescan, 20, known(30, 28).from(20), true, 15, 20},
		"a rescan under way as well":         {known(30, 28).rescanning(35, 18), Rescan, 25, known(30, 28).rescanning(35, 25).from(25), true, 18, 25},
		"history up to the edge":             {known(30, 28).history(-300, -100), Backfill, -200, known(30, 28).history(-200, -100), true, -300, -200},
		"history no further than its end":    {known(30, 28).history(-300, -100), Backfill, -50, known(30, 28).history(-100, -100), true, -300, -100},
		"no history where it is read by now": {known(30, 28).history(-150, -100), Backfill, -200, known(30, 28).history(-150, -100), false, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			after, from, to := test.before.clamp(test.kind, noon(test.edge))
			assert.Equal(t, test.after, after)
			assert.Equal(t, test.lost, from.Before(to))
			if test.lost {
				assert.Equal(t, []time.Time{noon(test.from), noon(test.to)}, []time.Time{from, to})
			}
		})
	}
}

func TestFrontierTellsFromWhenALargerDelayHolds(t *testing.T) {
	for name, test := range map[string]struct {
		before, delay time.Duration
		rescanned     int
		holds         time.Time
	}{
		"the same":                              {10 * time.Minute, 10 * time.Minute, 30, time.Time{}},
		"smaller":                               {20 * time.Minute, 10 * time.Minute, 30, time.Time{}},
		"larger than what is remembered":        {10 * time.Minute, 6 * time.Hour, 30, noon(0)},
		"larger, and all of it is remembered":   {10 * time.Minute, time.Hour, 70, time.Time{}},
		"unknown, in a state that has no delay": {0, 6 * time.Hour, 30, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			f := known(30, test.rescanned)
			f.MaxEventDelay, f.delay = test.before, test.delay
			assert.Equal(t, test.holds, f.delayHoldsFrom())
		})
	}
}

// What the audit reads moves nothing: a count that is wrong costs requests and no event.
func TestFrontierIsNotMovedByTheAudit(t *testing.T) {
	f := known(30, 28)
	assert.Equal(t, f, f.advance(Audit, noon(29), noon(40)))
	assert.Equal(t, f, f.finish(Audit, noon(40), noon(60)))
	clamped, from, to := f.clamp(Audit, noon(29))
	assert.Equal(t, f, clamped)
	assert.False(t, from.Before(to), "nothing is declared lost")
}

func TestFrontierAuditsClosedHoursThatAreRememberedWhole(t *testing.T) {
	const depth = 6 * time.Hour
	for name, test := range map[string]struct {
		frontier frontier
		from, to int
	}{
		"within the depth":                         {known(30, 28).from(-24 * 60), -5 * 60, 0},
		"from the hour after From":                 {known(30, 28).from(-90), -60, 0},
		"not beyond a rescan":                      {known(30, -1).from(-24 * 60), -6 * 60, -60},
		"not beyond the watermark":                 {known(-1, 28).from(-24 * 60), -5 * 60, -60},
		"after the history that is still to come":  {known(30, 28).from(-24*60).history(-300, -150), -120, 0},
		"all of them once that is there":           {known(30, 28).from(-24*60).history(-150, -150), -5 * 60, 0},
		"not of before what was asked was changed": {known(30, 28).from(-24 * 60).comparable(-61), -60, 0},
	} {
		t.Run(name, func(t *testing.T) {
			whole := test.frontier.auditable(depth)
			assert.Equal(t, noon(test.from), whole.from)
			assert.Equal(t, noon(test.to), whole.to)
		})
	}
}

func TestFrontierKeepsHoursForTheAudit(t *testing.T) {
	f := known(30, 28).from(-24 * 60)
	f.depth = 6 * time.Hour
	assert.Equal(t, noon(-6*60), f.finish(Tail, noon(31), time.Time{}).From)
	f.depth = time.Minute
	assert.Equal(t, noon(0), f.finish(Tail, noon(31), time.Time{}).From, "never fewer than L needs")
}

func (f frontier) comparable(minutes int) frontier {
	f.ComparableFrom = noon(minutes)
	return f
}
