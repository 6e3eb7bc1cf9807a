// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

const (
	// maxClockSkew is how far a clock may be off before more than one answer has to confirm it.
	maxClockSkew = 5 * time.Minute
	// confirmations is how many answers in a row must agree on a time that nothing else supports.
	confirmations = 3
	// recentAnswers is how many answers the estimate of the API's time rests on. The API may be
	// several servers, and their clocks differ.
	recentAnswers = 4
	// refutedFor is how long a contradicted date is believed no more without asking again.
	refutedFor = time.Hour
)

// clock estimates the API's time between two bounds. An answer's date is believed within what the first believed
// answer and the run of the local clock allow. Answers beyond that are disputed once a few in a row agree.
type clock struct {
	// anchor is the answer that the others are compared with: small steps must not add up.
	anchor insights.ServerClock
	// recent are the last believed answers, oldest first.
	recent []insights.ServerClock
	// doubted are the last answers in a row that agree with each other and with nothing else.
	doubted []insights.ServerClock
	// refuted is an answer whose date the API contradicted, and so are those that agree with it.
	refuted insights.ServerClock
}

// observe takes the clock of a page or of a refusal.
func (c *clock) observe(answer insights.ServerClock) {
	if answer.Date.IsZero() || c.support(answer) || c.isRefuted(answer) {
		return
	}
	if n := len(c.doubted); n > 0 && !agree(c.doubted[n-1], answer) {
		c.doubted = nil
	}
	c.doubted = append(c.doubted, answer)
	c.doubted = c.doubted[max(0, len(c.doubted)-confirmations):]
}

// isRefuted reports whether an answer tells a time that the API contradicted lately.
func (c *clock) isRefuted(answer insights.ServerClock) bool {
	return !c.refuted.Date.IsZero() && answer.Received.Sub(c.refuted.Received) < refutedFor && agree(c.refuted, answer)
}

// disputed reports whether answers agree on another time than what is known: see arbiter.
func (c *clock) disputed() bool { return len(c.doubted) == confirmations }

// claims are the API's time by the disputed dates, and by what is known.
func (c *clock) claims(now time.Time) (dated, continued time.Time) {
	last := c.doubted[len(c.doubted)-1]
	dated = last.Date.UTC().Add(now.Sub(last.Received))
	if !c.known() {
		return dated, now.Round(0).UTC()
	}
	return dated, c.earliestAt(now)
}

// believe ends a dispute: what the dates say is the API's time.
func (c *clock) believe() {
	last := c.doubted[len(c.doubted)-1]
	c.anchor, c.recent, c.doubted, c.refuted = last, []insights.ServerClock{last}, nil, insights.ServerClock{}
}

// refute ends a dispute: what is known is the API's time.
func (c *clock) refute() {
	last := c.doubted[len(c.doubted)-1]
	c.refuted, c.doubted = last, nil
	if !c.known() {
		c.anchor = insights.ServerClock{Date: last.Received.Round(0), Received: last.Received}
		c.recent = []insights.ServerClock{c.anchor}
	}
}

// observeFailure takes the clock of an error's answer. A refusal is likely to be the API's own.
func (c *clock) observeFailure(err error) {
	answer := serverClock(err)
	if isRefusal(err) {
		c.observe(answer)
	} else {
		c.support(answer)
	}
}

// support takes an answer's clock where what is known supports it. Anyone between the API and the
// receiver may have dated an answer that is neither a page nor a refusal, so such an answer never counts
// as a confirmation.
func (c *clock) support(answer insights.ServerClock) (supported bool) {
	switch {
	case answer.Date.IsZero():
		return false
	case !c.known():
		supported = agree(insights.ServerClock{Date: answer.Received, Received: answer.Received}, answer)
	case agree(c.anchor, answer):
		supported = true
	default:
		// After a suspend the monotonic clock is behind, and the local wall clock is right.
		if supported = agreeByWall(c.anchor, answer); supported {
			c.recent = nil
		}
	}
	if supported {
		if !c.known() {
			c.anchor = answer
		}
		c.doubted = nil
		c.recent = append(c.recent, answer)
		c.recent = c.recent[max(0, len(c.recent)-recentAnswers):]
	}
	return supported
}

func (c *clock) known() bool { return len(c.recent) > 0 }

func (c *clock) last() insights.ServerClock { return c.recent[len(c.recent)-1] }

// agree reports whether two answers come from clocks that run alike, by the local monotonic clock.
func agree(before, after insights.ServerClock) bool {
	apart := after.Date.Sub(before.Date) - after.Received.Sub(before.Received)
	return apart.Abs() <= maxClockSkew+after.Elapsed
}

func agreeByWall(before, after insights.ServerClock) bool {
	before.Received, after.Received = before.Received.Round(0), after.Received.Round(0)
	return agree(before, after)
}

// earliest is a time that the API's clock has passed.
func (c *clock) earliest() time.Time { return c.earliestAt(time.Now()) }

// earliestAt is what earliest was at a local time: the API wrote each date before the answer was received.
func (c *clock) earliestAt(local time.Time) time.Time {
	if !c.known() {
		return local.Round(0).UTC().Add(-maxClockSkew)
	}
	var least time.Time
	for _, answer := range c.recent {
		if at := passed(answer, local); least.IsZero() || at.Before(least) {
			least = at
		}
	}
	return least
}

// passed is a time that the clock of an answer has passed at a local time: the date is in whole seconds.
func passed(answer insights.ServerClock, local time.Time) time.Time {
	return answer.Date.UTC().Add(local.Sub(answer.Received) - time.Second)
}

// latest is a time that the API's clock has not reached.
func (c *clock) latest() time.Time {
	if !c.known() {
		return time.Now().UTC().Add(maxClockSkew)
	}
	var most time.Time
	for _, answer := range c.recent {
		most = later(most, answer.Date.UTC().Add(2*time.Second+answer.Elapsed+time.Since(answer.Received)))
	}
	return most
}

// asOf is a time at which everything that an answer shows was visible: when it was asked for. Dates that are doubted
// count as well where they are earlier: the API's clock may have been set back.
func (c *clock) asOf(answer insights.ServerClock) time.Time {
	asked := answer.Received.Add(-answer.Elapsed)
	at := c.earliestAt(asked)
	for _, doubted := range c.doubted {
		at = earlier(at, passed(doubted, asked))
	}
	return at
}

// skew is how far the local clock is ahead of the API's, less what the answer's duration leaves open;
// 0 where the API's time is not known.
func (c *clock) skew() time.Duration {
	if !c.known() {
		return 0
	}
	last := c.last()
	skew := last.Received.Round(0).Sub(last.Date)
	if margin := last.Elapsed + time.Second; skew >= 0 {
		return max(0, skew-margin)
	}
	return skew
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
