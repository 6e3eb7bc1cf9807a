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

// staleAfter failures a refused token is given up, whatever the status was: nothing says how long
// the API knows one, nor how it refuses one that it knows no more.
const staleAfter = 5

// isolateAfter bad answers at the same place each further one halves the page size, to find the
// event that breaks the page.
const isolateAfter = 5

// handle settles what follows an error of a pass: another way to ask, or a wait.
func (e *Engine) handle(p *pass, err error) {
	e.clock.hear(errorClock(err))
	kind := classify(err)
	if e.askOtherwise(p, kind, err) {
		return
	}
	wait := p.attempt.failed(kind, err, e.settings.Backoff)
	e.report(Failure{Condition: p.condition(), Kind: kind, Err: err, Consecutive: p.attempt.consecutive, Wait: wait})
	if refused := kind == FailureServer || kind == FailureRejected; refused && p.token != nil && p.attempt.consecutive >= staleAfter {
		p.resume()
	}
	if p.kind == Backfill && asksToWait(err) {
		// That goes for whoever asks, so the live passes wait as well.
		e.lanes.tailAt = later(e.lanes.tailAt, p.attempt.notBefore)
	}
	if p.kind != Backfill && p.start.After(e.clock.latest()) {
		// The API's clock was set back under the pass: the next one is planned anew.
		e.lanes.live, e.lanes.tailAt = nil, p.attempt.notBefore
	}
}

// askOtherwise changes what is asked where that is the remedy, and reports whether it can be
// asked at once.
func (e *Engine) askOtherwise(p *pass, kind FailureKind, err error) bool {
	switch kind {
	case FailureTooLarge:
		return e.shrink(p, LossOversize)
	case FailureBadResponse:
		if p.bad++; p.bad >= isolateAfter && !e.size.halve() && isMalformed(err) {
			e.bypass(p, LossUnreadable)
		}
	case FailureTransport:
		if isTimeout(err) {
			e.size.halve()
		}
	case FailureRejected:
		return e.revise(p, err)
	case FailureStuck:
		p.resume()
	}
	return false
}

// shrink asks for a smaller page, and for a single event that is too large by its id only.
func (e *Engine) shrink(p *pass, reason LossReason) bool {
	return e.size.halve() || e.bypass(p, reason)
}

// bypass reports false where it was tried already.
func (e *Engine) bypass(p *pass, reason LossReason) bool {
	if p.bypass != "" {
		p.bypass = ""
		return false
	}
	p.bypass = reason
	return true
}

// revise looks for what the API refused: a start that it doesn't keep any more, or the token.
// A token lives for one pass; the pass begins again without one, at once for the first time
// and after a wait where that brought nothing.
func (e *Engine) revise(p *pass, err error) bool {
	status, ok := errors.AsType[*insights.StatusError](err)
	if !ok || status.StatusCode != http.StatusBadRequest {
		return false
	}
	if days := refusedRetention(status.Message); days > 0 {
		return e.reviseStart(p, time.Duration(days)*24*time.Hour, err)
	}
	if p.token == nil {
		return false
	}
	again := p.resume() || !p.restarted
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

// reviseStart goes on where the API still keeps events, which it does for a time. Where it keeps
// fewer days than was known, those count. Else the start came to be too long ago while the pass was
// read, or waited; where it did not, the edge moves an hour at a time, after a wait.
func (e *Engine) reviseStart(p *pass, kept time.Duration, err error) bool {
	switch {
	case kept < e.settings.Retention:
		e.settings.Retention = kept
		e.goToEdge(p)
		e.report(Failure{Condition: p.condition(), Kind: FailureRejected, Err: err, Consecutive: 1})
		return true
	case p.resume():
		return true
	case p.start.Before(e.clock.latest().Add(-kept)):
		e.goToEdge(p)
		return true
	default:
		e.settings.Retention = max(e.settings.Retention-time.Hour, time.Hour)
		e.goToEdge(p)
		return false
	}
}

// goToEdge begins a pass again at the edge of what the API keeps, or behind it where that is delivered.
func (e *Engine) goToEdge(p *pass) {
	if p.kind == Backfill {
		e.clampBackfill()
	} else {
		e.clampToRetention()
	}
	edge := e.retentionEdge()
	if p.end.IsZero() || edge.Before(p.end) {
		p.begin(later(p.position, edge))
	} else {
		e.lanes.backfill = nil
	}
}

func (e *Engine) report(failure Failure) {
	e.failing[failure.Condition] = true
	e.observer.Failed(failure)
	if !e.state.Watermark.IsZero() {
		e.observer.Progress(e.progress())
	}
}

// recovered tells of a success once. A rescan reads what a tail does.
func (e *Engine) recovered(p *pass) {
	p.attempt = attempt{}
	e.works(p.condition())
	if p.kind == Rescan {
		e.works(ConditionTail)
	}
}

func (e *Engine) works(condition Condition) {
	if e.failing[condition] {
		delete(e.failing, condition)
		e.observer.Recovered(condition)
	}
}

// besideFailure says that the lane that is not p's waits after a failure.
func (e *Engine) besideFailure(p *pass) bool {
	return p != e.lanes.live && failing(e.lanes.live) || p != e.lanes.backfill && failing(e.lanes.backfill)
}

func failing(p *pass) bool { return p != nil && p.attempt.consecutive > 0 }

func isMalformed(err error) bool {
	response, ok := errors.AsType[*insights.ResponseError](err)
	return ok && response.Malformed
}
