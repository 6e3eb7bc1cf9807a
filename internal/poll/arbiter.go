// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/backoff"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

const (
	// arbiterMargin is how far before a time is asked, since the request takes time itself.
	arbiterMargin = time.Minute
	// arbiterAhead is how far in the future a start is that every API refuses that refuses any.
	arbiterAhead = time.Hour
)

// arbiter settles which time is the API's where the dates of its answers and the run of the local clock are apart.
// A host between may date the answers. The API itself refuses a start in the future, so it is asked for one that is
// in the future by one of the two clocks only.
type arbiter struct {
	source   Source
	services []string
	clock    *clock
	observer Observer
	backoff  backoff.Settings
	tries    attempt
	// contradicted counts the times in a row that the API contradicted the dates.
	contradicted int
}

// due reports whether there is something to decide.
func (a *arbiter) due(now time.Time) bool {
	return a.clock.disputed() && !a.tries.notBefore.After(now)
}

// settled reports whether the API's time is known before the first page. Dates that agree have to do there where the
// API does not decide.
func (a *arbiter) settled(ctx context.Context) bool {
	if a.clock.disputed() {
		a.decide(ctx)
		if a.clock.disputed() {
			a.clock.believe()
		}
	}
	return a.clock.known()
}

// decide asks the API, with two requests. Where it answers both alike its answers decide nothing, and the dates that
// agree are believed. Without an answer the dispute stays open.
func (a *arbiter) decide(ctx context.Context) {
	dated, continued := a.clock.claims(time.Now())
	control := earlier(dated, continued).Add(-arbiterMargin)
	reached, err := a.reached(ctx, later(dated, continued).Add(-arbiterMargin))
	if err == nil && reached {
		control = later(dated, continued).Add(arbiterAhead)
	}
	var alike bool
	if err == nil {
		alike, err = a.reached(ctx, control)
		alike = alike == reached
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		a.tries.failed(classify(err), err, a.backoff)
	case alike || reached == dated.After(continued):
		a.tries, a.contradicted = attempt{}, 0
		a.clock.believe()
	case a.contradicted == 0 && a.clock.known():
		// One answer may be wrong.
		a.contradicted++
		a.tries.notBefore = time.Now().Add(minWait)
	default:
		a.tries, a.contradicted = attempt{}, 0
		a.clock.refute()
		a.observer.Anomaly(AnomalyWrongDate)
	}
}

// reached reports whether the API has reached a time: it answers for a start then. An error means that it says neither.
func (a *arbiter) reached(ctx context.Context, at time.Time) (bool, error) {
	answer, err := a.source.Open(ctx, insights.Query{Services: a.services, Start: at, Limit: 1, Fields: lightFields()})
	if err == nil {
		_, err = answer.Page()
	}
	if err == nil {
		return true, nil
	}
	if status, ok := errors.AsType[*insights.StatusError](err); ok && status.StatusCode == http.StatusBadRequest && refusedRetention(status.Message) == 0 {
		return false, nil
	}
	return false, err
}
