// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"errors"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/backoff"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// minWait keeps a random wait from being no wait at all.
const minWait = time.Second

// attempt counts consecutive failures and holds how long to wait after each.
type attempt struct {
	pace        pace
	consecutive int
	waits       *backoff.Waits
	notBefore   time.Time
	// took is how long a request took that failed while the tail waited for it. The tail has as long before the
	// next.
	took time.Duration
}

// failed returns the wait after one more failure: exponential with full jitter, and not shorter than what
// the API asks for. What it asks for with a 429 is waited for as it is, and up to a tenth more, since
// others were asked the same.
func (a *attempt) failed(kind FailureKind, err error, settings backoff.Settings) time.Duration {
	a.consecutive++
	// Kinds that pass by themselves may alternate in one outage: their wait goes on growing.
	if a.waits == nil || kind.pace().needsOperator() != a.pace.needsOperator() {
		a.waits = backoff.NewWaits(kind.pace().settings(settings))
	}
	a.pace = kind.pace()
	wait := max(a.waits.Next(), min(minWait, settings.Initial), a.took)
	a.took = 0
	if asked := retryAfter(err); asked > 0 {
		// An answer to a request that was sent ahead may have been there for a while.
		asked += settings.Jittered(asked/10) - time.Since(serverClock(err).Received)
		if kind == FailureRateLimited {
			wait = max(0, asked)
		}
		wait = max(wait, asked)
	}
	a.notBefore = time.Now().Add(wait)
	return wait
}

func (p pace) settings(usual backoff.Settings) backoff.Settings {
	switch p {
	case paceOperator:
		usual.Initial, usual.Max = 12*usual.Initial, 3*usual.Max
	case paceRejected:
		usual.Max *= 3
	case paceUsual:
	}
	return usual
}

// retryAfter is the wait that the API asks for, or 0.
func retryAfter(err error) time.Duration {
	if failure, ok := errors.AsType[insights.Failure](err); ok {
		return failure.RetryAfter()
	}
	return 0
}

func serverClock(err error) insights.ServerClock {
	if failure, ok := errors.AsType[insights.Failure](err); ok {
		return failure.ServerClock()
	}
	return insights.ServerClock{}
}
