// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// maxClockSkew is how far the local clock may be off where the API doesn't tell its time.
const maxClockSkew = 5 * time.Minute

// clock tells the API's time between two bounds, from the last answer that told it.
type clock struct {
	last insights.ServerClock
	// doubted is the last time of a refusal that was not believed.
	doubted insights.ServerClock
}

// observe takes an answer's clock; one without a date keeps the one before.
func (c *clock) observe(answer insights.ServerClock) {
	if !answer.Date.IsZero() {
		c.last, c.doubted = answer, insights.ServerClock{}
	}
}

// hear takes the time of an answer that is no page. Whoever stands between may have written it,
// so it must be near the time that is known, or near the local one; a refusal's, also near what
// the refusal before it told.
func (c *clock) hear(answer insights.ServerClock, refusal bool) {
	expected := insights.ServerClock{Date: answer.Received, Received: answer.Received}
	if c.known() {
		expected = c.last
	}
	switch {
	case answer.Date.IsZero():
	case agree(expected, answer), refusal && agree(c.doubted, answer):
		c.last, c.doubted = answer, insights.ServerClock{}
	case refusal:
		c.doubted = answer
	}
}

// agree says that two answers come from clocks that are not further apart than clocks may be.
func agree(before, after insights.ServerClock) bool {
	if before.Date.IsZero() {
		return false
	}
	apart := after.Date.Sub(before.Date) - after.Received.Sub(before.Received)
	return apart.Abs() <= maxClockSkew+after.Elapsed
}

func (c *clock) known() bool { return !c.last.Date.IsZero() }

// earliest is a time that the API's clock has passed.
func (c *clock) earliest() time.Time {
	if !c.known() {
		return time.Now().UTC().Add(-maxClockSkew)
	}
	return asOf(c.last).Add(time.Since(c.last.Received))
}

// latest is a time that the API's clock has not reached.
func (c *clock) latest() time.Time {
	if !c.known() {
		return time.Now().UTC().Add(maxClockSkew)
	}
	return c.last.Date.UTC().Add(2*time.Second + time.Since(c.last.Received))
}

// skew is the local clock less the API's, and zero where that is not known.
func (c *clock) skew() time.Duration {
	if !c.known() {
		return 0
	}
	skew := c.last.Received.Round(0).Sub(c.last.Date)
	// The date is in whole seconds and was written while the request was under way.
	if margin := c.last.Elapsed + time.Second; skew >= 0 {
		return max(0, skew-margin)
	}
	return skew
}

// asOf is a time at which everything that an answer shows was visible: its date, which the
// API may have written at any moment of the request, less the request and the second to which
// a date is rounded. Where there is no date the local clock stands in, less its possible skew.
func asOf(answer insights.ServerClock) time.Time {
	if answer.Date.IsZero() {
		return answer.Received.Round(0).UTC().Add(-maxClockSkew)
	}
	return answer.Date.UTC().Add(-answer.Elapsed - time.Second)
}
