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
}

// observe takes an answer's clock; one without a date keeps the one before.
func (c *clock) observe(answer insights.ServerClock) {
	if !answer.Date.IsZero() {
		c.last = answer
	}
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
