// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// FailureKind groups failures by what an operator does about them.
type FailureKind string

const (
	// FailureAuthentication: 401, the key is wrong, expired or was replaced.
	FailureAuthentication FailureKind = "authentication"
	// FailureLicense: 402, the organization has no Directory Insights.
	FailureLicense FailureKind = "license"
	// FailureForbidden: 403, the role, the region or the organization id doesn't fit.
	FailureForbidden FailureKind = "forbidden"
	// FailureRejected: another 4xx, or a redirect: the request itself is refused.
	FailureRejected FailureKind = "rejected"
	// FailureRateLimited: 429.
	FailureRateLimited FailureKind = "rate_limited"
	// FailureServer: 5xx, 408 or 425.
	FailureServer FailureKind = "server"
	// FailureTransport: no answer came, or it broke off.
	FailureTransport FailureKind = "transport"
	// FailureBadResponse: an answer that is no page.
	FailureBadResponse FailureKind = "bad_response"
	// FailureTooLarge: a page larger than the largest response that is read.
	FailureTooLarge FailureKind = "too_large"
	// FailureStuck: paging can't get on: too many events in one millisecond, and no usable token.
	FailureStuck FailureKind = "stuck"
	// FailureCheckpoint: the storage doesn't take the checkpoint.
	FailureCheckpoint FailureKind = "checkpoint"
	// FailureConsumer: the next consumer takes nothing.
	FailureConsumer FailureKind = "consumer"
	// FailureLoad: the checkpoint can't be read.
	FailureLoad FailureKind = "load"
	// FailureServiceAccount: the service account may not read.
	FailureServiceAccount FailureKind = "service_account"
	// FailureCredentials: the service account's client id or secret is wrong.
	FailureCredentials FailureKind = "credentials"
)

// remedies say what to do. They are constant: a status must not carry what a server answered.
var remedies = map[FailureKind]string{
	FailureAuthentication: "JumpCloud does not accept the API key (401): check api_key, whether the key has expired or was regenerated, and that region or endpoint is the organization's own",
	FailureServiceAccount: "the service account may not read events (403): check its role and its organizations",
	FailureCredentials:    "JumpCloud does not accept the service account's client id and secret: check both, and whether the secret has expired",
	FailureLicense:        "the organization has no Directory Insights (402): enable it in the JumpCloud admin console",
	FailureForbidden:      "JumpCloud forbids reading events (403): check the role of the key's administrator, the organization's id, and that region or endpoint is the organization's own",
	FailureRejected:       "JumpCloud refuses the request: check services and endpoint, and the message in the log",
	FailureRateLimited:    "JumpCloud limits the rate of requests (429): lower requests_per_second or raise poll_interval, and look for other users of the API",
	FailureServer:         "JumpCloud answers with server errors: see its status page; nothing is lost while it lasts",
	FailureTransport:      "JumpCloud cannot be reached: check DNS, proxy, firewall and TLS settings; nothing is lost while it lasts",
	FailureBadResponse:    "the answers are not Directory Insights pages: check endpoint, and whether a proxy answers in its place",
	FailureTooLarge:       "a page is larger than max_response_size: raise it",
	FailureStuck:          "paging makes no progress: more events than a page holds are in one millisecond and the API sends no usable token",
	FailureCheckpoint:     "the storage does not take the checkpoint: check its free space and permissions; reading has stopped and goes on when it does",
	FailureLoad:           "this replica leads and the checkpoint cannot be read from the storage: check that the storage can be reached and read; reading begins when it can",
	FailureConsumer:       "the next component of the pipeline does not accept events: see its own log; reading has stopped and goes on when it does",
}

// Remedy is what an operator does about failures of the kind. It holds nothing of an answer.
func (k FailureKind) Remedy() string { return remedies[k] }

// errStuck is returned where a full page brought paging no further.
var errStuck = errors.New("paging makes no progress: a full page has no usable token, and all of it is in one millisecond or out of order")

// classify tells what kind of failure an error of the source is.
func classify(err error) FailureKind {
	if status, ok := errors.AsType[*insights.StatusError](err); ok {
		return classifyStatus(status.StatusCode)
	}
	if _, ok := errors.AsType[*insights.TooLargeError](err); ok {
		return FailureTooLarge
	}
	if _, ok := errors.AsType[*insights.ResponseError](err); ok {
		return FailureBadResponse
	}
	switch {
	case errors.Is(err, errStuck):
		return FailureStuck
	case errors.Is(err, insights.ErrInvalidQuery):
		return FailureRejected
	default:
		return FailureTransport
	}
}

func classifyStatus(code int) FailureKind {
	switch {
	case code == http.StatusUnauthorized:
		return FailureAuthentication
	case code == http.StatusPaymentRequired:
		return FailureLicense
	case code == http.StatusForbidden:
		return FailureForbidden
	case code == http.StatusTooManyRequests:
		return FailureRateLimited
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code >= http.StatusInternalServerError:
		return FailureServer
	default:
		return FailureRejected
	}
}

// isTimeout says that an answer did not come, or did not end, in time: a smaller page may.
func isTimeout(err error) bool {
	failed, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && failed.Timeout()
}

// Backoff is the pause after failures: it grows from Initial to Max. What an operator has to
// mend (a key, a license, a role) is asked for more rarely: from 12 times Initial to 3 times Max.
type Backoff struct {
	Initial, Max time.Duration
	// Random decides the waits by numbers in [0, 1). Nil is the process's own source.
	Random func() float64
}

func (b Backoff) random() float64 {
	if b.Random == nil {
		return rand.Float64() //nolint:gosec // spreads load, hides nothing
	}
	return b.Random()
}

// jittered is a part of wait, from nothing to all of it.
func (b Backoff) jittered(wait time.Duration) time.Duration {
	return time.Duration(b.random() * float64(wait))
}

// minWait keeps a random wait from being no wait at all.
const minWait = time.Second

// attempt counts consecutive failures and says how long to wait after each.
type attempt struct {
	kind        FailureKind
	consecutive int
	waits       *backoff.ExponentialBackOff
	notBefore   time.Time
}

// failed returns the wait after one more failure: exponential with full jitter, and not
// shorter than what the API asks for. What it asks for with a 429 is waited for as it is, and
// up to a tenth more, since others were told the same.
func (a *attempt) failed(kind FailureKind, err error, settings Backoff) time.Duration {
	a.consecutive++
	// Kinds that pass by themselves may alternate in one outage: their wait goes on growing.
	if a.waits == nil || needsOperator(kind) != needsOperator(a.kind) {
		a.waits = newWaits(kind, settings)
	}
	a.kind = kind
	wait := max(settings.jittered(a.waits.NextBackOff()), min(minWait, settings.Initial))
	if status, ok := errors.AsType[*insights.StatusError](err); ok && status.RetryAfter > 0 {
		// An answer to a request that was sent ahead may have been there for a while.
		asked := status.RetryAfter + settings.jittered(status.RetryAfter/10) - time.Since(status.Clock.Received)
		if kind == FailureRateLimited {
			wait = max(0, asked)
		}
		wait = max(wait, asked)
	}
	a.notBefore = time.Now().Add(wait)
	return wait
}

// asksToWait says that the API told when to come again.
func asksToWait(err error) bool {
	status, ok := errors.AsType[*insights.StatusError](err)
	return ok && status.RetryAfter > 0
}

// needsOperator says that a failure does not pass by itself.
func needsOperator(kind FailureKind) bool {
	switch kind {
	case FailureAuthentication, FailureLicense, FailureForbidden, FailureRejected:
		return true
	default:
		return false
	}
}

func newWaits(kind FailureKind, settings Backoff) *backoff.ExponentialBackOff {
	initial, limit := settings.Initial, settings.Max
	switch kind {
	case FailureAuthentication, FailureLicense, FailureForbidden:
		initial, limit = 12*initial, 3*limit
	case FailureRejected:
		limit *= 3
	}
	return &backoff.ExponentialBackOff{InitialInterval: initial, MaxInterval: limit, Multiplier: 2}
}
