// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// answered is an answer that came now, after a request of that duration, from a clock that is ahead.
func answered(ahead, elapsed time.Duration) insights.ServerClock {
	return insights.ServerClock{Date: time.Now().Add(ahead), Received: time.Now(), Elapsed: elapsed}
}

// The API wrote the date, in whole seconds, at some time of the request.
func TestClockKeepsTheAPIsTimeBetweenItsBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c clock
		assert.Equal(t, time.Now().UTC().Add(-5*time.Minute), c.earliest(), "nothing is known")
		assert.Equal(t, time.Now().UTC().Add(5*time.Minute), c.latest(), "nothing is known")
		answer := answered(0, 3*time.Second)
		c.observe(answer)
		now := time.Now().UTC()
		assert.Equal(t, now.Add(-time.Second), c.earliest())
		assert.Equal(t, now.Add(2*time.Second+3*time.Second), c.latest())
		assert.Equal(t, now.Add(-time.Second-3*time.Second), c.asOf(answer), "the page was made after it was asked for")
		time.Sleep(time.Minute)
		assert.Equal(t, now.Add(time.Minute-time.Second), c.earliest())
		assert.Equal(t, now.Add(time.Minute+5*time.Second), c.latest())
	})
}

// The API may be several servers.
func TestClockGoesByTheSlowestAndTheFastestOfFourAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c clock
		now := time.Now().UTC()
		for _, ahead := range []time.Duration{-time.Minute, 10 * time.Second, 0, 20 * time.Second} {
			c.observe(answered(ahead, 0))
		}
		assert.Equal(t, now.Add(-time.Minute-time.Second), c.earliest())
		assert.Equal(t, now.Add(20*time.Second+2*time.Second), c.latest())
		c.observe(answered(5*time.Second, 0))
		assert.Equal(t, now.Add(-time.Second), c.earliest(), "the first of five counts no more")
	})
}

func TestClockBelievesWhatIsSupported(t *testing.T) {
	for name, test := range map[string]struct {
		minutes []int
		after   int
		// disputed means that the last answers agree on another time.
		disputed bool
	}{
		"within five minutes of the local clock":   {[]int{4}, 4, false},
		"within five minutes of the first answer":  {[]int{4, 8, 8, 8, 8}, 8, false},
		"small steps do not add up":                {[]int{0, 4, 8, 8, 8}, 0, true},
		"not one answer, and not two":              {[]int{0, 60, 60}, 0, false},
		"three in a row are disputed":              {[]int{0, 60, 60, 60}, 0, true},
		"and more of them":                         {[]int{0, 60, 60, 60, 60}, 0, true},
		"not three that differ":                    {[]int{0, 60, 120, 60, 120}, 0, false},
		"not three with another one between":       {[]int{0, 60, 60, 0, 60}, 0, false},
		"three after one that differs are as well": {[]int{0, 180, 60, 60, 60}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var c clock
				for _, ahead := range test.minutes {
					c.observe(answered(time.Duration(ahead)*time.Minute, 0))
				}
				assert.Equal(t, time.Now().UTC().Add(time.Duration(test.after)*time.Minute-time.Second), c.earliest())
				assert.Equal(t, test.disputed, c.disputed())
			})
		})
	}
	for name, test := range map[string]struct {
		status   int
		disputed bool
	}{
		"refusals are the API's own":              {403, true},
		"what a gateway answers may be anybody's": {502, false},
	} {
		t.Run(name, func(t *testing.T) {
			var c clock
			for range 5 {
				c.observeFailure(&insights.StatusError{StatusCode: test.status, Clock: answered(time.Hour, 0)})
			}
			assert.Equal(t, test.disputed, c.disputed())
		})
	}
}

// The page was made by the clock that dated it.
func TestPageOfADoubtedDateIsAsOfTheEarlierTime(t *testing.T) {
	for name, test := range map[string]struct {
		minutes []int
		asOf    int
	}{
		"behind":                            {[]int{0, -60}, -60},
		"the furthest of those in a row":    {[]int{0, -62, -60}, -62},
		"ahead":                             {[]int{0, 60}, 0},
		"behind, and contradicted by now":   {[]int{0, -60, 0}, 0},
		"behind, where nothing was known":   {[]int{-60}, -60},
		"within what a clock may be off by": {[]int{0, -4}, -4},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var c clock
				var last insights.ServerClock
				for _, ahead := range test.minutes {
					last = answered(time.Duration(ahead)*time.Minute, 0)
					c.observe(last)
				}
				assert.Equal(t, time.Now().UTC().Add(time.Duration(test.asOf)*time.Minute-time.Second), c.asOf(last))
			})
		})
	}
}

func TestClockForgetsADisputeThatIsDecided(t *testing.T) {
	for name, known := range map[string]bool{"an answer before": true, "the local clock": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var c clock
				dispute := func() {
					for range confirmations {
						c.observe(answered(time.Hour, 0))
					}
				}
				if known {
					c.observe(answered(0, 0))
				}
				dispute()
				dated, continued := c.claims(time.Now())
				assert.Equal(t, time.Now().UTC().Add(time.Hour), dated)
				assert.WithinDuration(t, time.Now(), continued, time.Second)
				c.refute()
				assert.WithinDuration(t, time.Now(), c.earliest(), time.Second)
				dispute()
				assert.False(t, c.disputed(), "what was contradicted is doubted no more")
				time.Sleep(refutedFor)
				dispute()
				assert.True(t, c.disputed(), "for an hour")
				c.believe()
				assert.WithinDuration(t, time.Now().Add(time.Hour), c.earliest(), time.Second)
				c.observe(answered(time.Hour, 0))
				assert.False(t, c.disputed())
			})
		})
	}
}
