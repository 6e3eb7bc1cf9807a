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
		ahead []time.Duration
		after time.Duration
	}{
		"within five minutes of the local clock":        {[]time.Duration{4 * time.Minute}, 4 * time.Minute},
		"within five minutes of the answer before":      {[]time.Duration{4 * time.Minute, 8 * time.Minute, 8 * time.Minute, 8 * time.Minute, 8 * time.Minute}, 8 * time.Minute},
		"not one answer, and not two":                   {[]time.Duration{0, time.Hour, time.Hour}, 0},
		"three in a row":                                {[]time.Duration{0, time.Hour, time.Hour, time.Hour}, time.Hour},
		"not three that differ":                         {[]time.Duration{0, time.Hour, 2 * time.Hour, time.Hour, 2 * time.Hour}, 0},
		"not three with another one between":            {[]time.Duration{0, time.Hour, time.Hour, 0, time.Hour}, 0},
		"three of which the first was preceded by else": {[]time.Duration{0, 3 * time.Hour, time.Hour, time.Hour, time.Hour}, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var c clock
				for _, ahead := range test.ahead {
					c.observe(answered(ahead, 0))
				}
				assert.Equal(t, time.Now().UTC().Add(test.after-time.Second), c.earliest())
			})
		})
	}
	for name, test := range map[string]struct {
		status int
		known  bool
	}{
		"refusals are the API's own":              {403, true},
		"what a gateway answers may be anybody's": {502, false},
	} {
		t.Run(name, func(t *testing.T) {
			var c clock
			for range 5 {
				c.observeFailure(&insights.StatusError{StatusCode: test.status, Clock: answered(time.Hour, 0)})
			}
			assert.Equal(t, test.known, c.known())
		})
	}
}
