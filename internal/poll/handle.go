// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

const (
	// staleAfter failures a refused token is given up, whatever the status was: nothing says how long
	// the API knows one, nor how it refuses one that it knows no more.
	staleAfter = 5
	// isolateAfter bad answers at the same place each further one halves the page size, to find the
	// event that breaks the page.
	isolateAfter = 5
	// shrinkAfter failures at the same place that may come from a page's size each further one halves it.
	shrinkAfter = 2
	// retentionStep is how far a start moves that the API refuses although it should keep that time.
	retentionStep = time.Hour
)

// handle settles what follows an error of a pass: another way to ask, or a wait.
func (e *Engine) handle(l *lane, err error) {
	e.clock.observeFailure(err)
	kind := classify(err)
	if e.askOtherwise(l, kind, err) {
		return
	}
	wait := l.attempt.failed(kind, err, e.settings.Backoff)
	e.keeper.report(Failure{
		Condition: Condition(l.kind), Kind: kind, Err: err, Consecutive: l.attempt.consecutive, Wait: wait,
	})
	refused := kind == FailureServer || kind == FailureRejected
	if refused && l.pass != nil && l.pass.run.token != nil && l.attempt.consecutive >= staleAfter && !l.resume() {
		l.raise()
	}
	if (l.kind == Tail || l.kind == Rescan) && l.pass != nil && l.pass.run.query.Start.After(e.clock.latest()) {
		// The API's clock was set back under the pass: the next one is planned anew.
		l.close()
		l.due = l.attempt.notBefore
	}
}

// askOtherwise changes what is asked where that is the remedy, and reports whether it can be
// asked at once.
func (e *Engine) askOtherwise(l *lane, kind FailureKind, err error) bool {
	if mayBeSize(err, l.mayBeToken()) {
		l.misses.heavy++
		switch {
		case l.misses.heavy < shrinkAfter || l.shrink():
		case isTooLarge(err):
			l.bypass(LossOversize)
		case l.pass.partial == "" && l != e.lanes.audit && l != e.lanes.proof:
			l.isolate(time.Now())
		}
		return false
	}
	switch kind {
	case FailureTooLarge:
		return l.peek() || l.shrink() || l.bypass(LossOversize)
	case FailureBadResponse:
		if l.misses.bad++; l.misses.bad >= isolateAfter && !l.shrink() && isMalformed(err) {
			l.bypass(LossUnreadable)
		}
	case FailureRejected:
		return e.revise(l, err)
	case FailureStuck:
		l.resume()
	}
	return false
}

// revise looks for what the API refused: a start that it doesn't keep any more, or the token. Without its
// token the pass goes on by time, at once for the first time and where that brings it any further, and
// after a wait otherwise.
func (e *Engine) revise(l *lane, err error) (atOnce bool) {
	status, ok := errors.AsType[*insights.StatusError](err)
	if !ok || status.StatusCode != http.StatusBadRequest {
		return false
	}
	if days := refusedRetention(status.Message); days > 0 {
		return e.reviseStart(l, time.Duration(days)*24*time.Hour, err)
	}
	p := l.pass
	if l.refuseLight(e.observer) {
		return true
	}
	if p.run.token == nil {
		return false
	}
	again := l.resume() || !p.restarted || l.raise()
	p.restarted = true
	return again
}

// retentionText matches the documented refusal of a start before the retention, for instance
// "start_time is greater than Directory Insights' 90 day retention period".
var retentionText = regexp.MustCompile(`(\d{1,4}) day retention`)

func refusedRetention(message string) (days int) {
	match := retentionText.FindStringSubmatch(strings.ToLower(message))
	if match == nil {
		return 0
	}
	days, err := strconv.Atoi(match[1])
	if err != nil {
		return 0
	}
	return days
}

// reviseStart goes on where the API still keeps events, or where the pass is by now. A start that should not
// have been refused moves by an hour after each wait once it was refused a few times, and never past now.
func (e *Engine) reviseStart(l *lane, kept time.Duration, err error) (atOnce bool) {
	if kept < e.retention.kept {
		e.retention.kept = kept
		l.attempt.consecutive++
		e.keeper.report(Failure{Condition: Condition(l.kind), Kind: FailureRejected, Err: err, Consecutive: l.attempt.consecutive})
	}
	p := l.pass
	start := p.run.query.Start
	edge := e.retention.edge()
	// A start at the edge falls behind it while it waits. The edge itself moves while it is refused.
	atOnce = p.run.position.After(start) || edge.Sub(start) >= retentionMargin/2
	if !atOnce {
		edge = start.Add(retentionStep)
		if l.attempt.consecutive < confirmations || edge.After(e.clock.earliest()) {
			return false
		}
	}
	e.keeper.clamp(l.kind, edge)
	if next := later(p.run.position, edge); p.end.IsZero() || next.Before(p.end) {
		l.begin(next)
	} else {
		l.pass = nil
	}
	return atOnce
}

// recovered ends a lane's failures, and the tail's where a rescan brings live events in its place. The other
// lanes may have failed by the same cause, so they try at once.
func (e *Engine) recovered(l *lane) {
	e.endFailures(l)
	if l == e.lanes.live(e.keeper.frontier, e.clock.earliest()) {
		e.endFailures(e.lanes.tail)
	}
}

func (e *Engine) endFailures(l *lane) {
	if !l.failing() {
		return
	}
	l.attempt = attempt{}
	e.observer.Recovered(Condition(l.kind))
	for _, other := range e.lanes.all() {
		if other.failing() && !other.attempt.pace.needsOperator() {
			other.attempt.notBefore = time.Time{}
		}
	}
}

func isRefusal(err error) bool {
	status, ok := errors.AsType[*insights.StatusError](err)
	return ok && status.StatusCode >= http.StatusBadRequest && status.StatusCode < http.StatusInternalServerError
}

func isMalformed(err error) bool {
	response, ok := errors.AsType[*insights.ResponseError](err)
	return ok && response.Malformed
}

// isTooLarge reports whether what stands before the API says that an answer of one event is too large. Other
// statuses may come from anything.
func isTooLarge(err error) bool {
	status, ok := errors.AsType[*insights.StatusError](err)
	return ok && status.StatusCode == http.StatusRequestEntityTooLarge
}
