// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"errors"
	"net/http"
	"slices"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// FailureKind groups failures by what an operator does about them. It is the value of the metrics' label.
type FailureKind string

const (
	// FailureAuthentication: the key is wrong, expired or was replaced.
	FailureAuthentication FailureKind = "authentication"
	// FailureServiceAccount: the API does not accept what an extension sends, for instance a service account's token.
	FailureServiceAccount FailureKind = "service_account"
	// FailureCredentials: the token endpoint refuses the client.
	FailureCredentials FailureKind = "credentials"
	// FailureLicense: the organization has no Directory Insights.
	FailureLicense FailureKind = "license"
	// FailureForbidden: the role, the region or the organization id doesn't fit.
	FailureForbidden FailureKind = "forbidden"
	// FailureRejected: the request itself is refused, or redirected.
	FailureRejected FailureKind = "rejected"
	// FailureRateLimited: too many requests.
	FailureRateLimited FailureKind = "rate_limited"
	// FailureServer: the API, or a gateway before it, failed.
	FailureServer FailureKind = "server"
	// FailureTransport: no answer came, or it broke off.
	FailureTransport FailureKind = "transport"
	// FailureBadResponse: an answer that is no page.
	FailureBadResponse FailureKind = "bad_response"
	// FailureTooLarge: a page larger than the largest response that is read.
	FailureTooLarge FailureKind = "too_large"
	// FailureStuck: paging can't get on.
	FailureStuck FailureKind = "stuck"
	// FailureCheckpoint: the storage doesn't take the checkpoint.
	FailureCheckpoint FailureKind = "checkpoint"
	// FailureLoad: the checkpoint can't be read from the storage.
	FailureLoad FailureKind = "load"
	// FailureSilence: no event came for longer than it is configured.
	FailureSilence FailureKind = "silence"
	// FailureConsumer: the next consumer takes no events.
	FailureConsumer FailureKind = "consumer"
)

// pace is how long a kind of failure is waited for.
type pace int

const (
	// paceUsual is from the initial to the maximum interval: what passes by itself.
	paceUsual pace = iota
	// paceRejected is up to three times the maximum: the request has to be changed.
	paceRejected
	// paceOperator is from twelve times the initial to three times the maximum interval: the API is asked
	// rarely until somebody has changed something.
	paceOperator
)

// needsOperator reports whether a failure of that pace does not pass by itself.
func (p pace) needsOperator() bool { return p != paceUsual }

// failureTable has all there is to know of a kind: the statuses of the API that mean it, its pace, and what to
// do about it. The text is constant, since a status must not carry what a server answered.
var failureTable = map[FailureKind]struct {
	statuses []int
	pace     pace
	remedy   string
}{
	FailureAuthentication: {
		[]int{http.StatusUnauthorized},
		paceOperator,
		"JumpCloud does not accept the API key (401): check api_key, whether the key has expired or was regenerated, and that region or endpoint is the organization's own",
	},
	FailureServiceAccount: {
		nil, paceOperator,
		"JumpCloud does not accept the credentials of the extension that auth names (401): check the key or token there; for a service account, its role and that it was not removed; and that region or endpoint is the organization's own",
	},
	FailureCredentials: {
		nil, paceOperator,
		"the token endpoint refuses the client: check client id and secret, whether the secret has expired, scopes and token_url, in the extension that auth names",
	},
	FailureLicense: {
		[]int{http.StatusPaymentRequired},
		paceOperator,
		"the organization has no Directory Insights (402): enable it in the JumpCloud admin console",
	},
	FailureForbidden: {
		[]int{http.StatusForbidden},
		paceOperator,
		"JumpCloud forbids reading events (403): check the role of the key's administrator or of the service account, the organization's id, and that region or endpoint is the organization's own",
	},
	FailureRejected: {
		nil, paceRejected,
		"JumpCloud refuses the request: check services and endpoint, and the message in the log",
	},
	FailureRateLimited: {
		[]int{http.StatusTooManyRequests},
		paceUsual,
		"JumpCloud limits the rate of requests (429): lower requests_per_second or raise poll_interval, and look for other users of the API",
	},
	FailureServer: {
		[]int{http.StatusRequestTimeout, http.StatusTooEarly, http.StatusRequestEntityTooLarge},
		paceUsual,
		"JumpCloud, or a gateway before it, answers with server errors: see JumpCloud's status page; nothing is lost while it lasts",
	},
	FailureTransport: {
		nil, paceUsual,
		"JumpCloud cannot be reached: check DNS, proxy, firewall and TLS settings; nothing is lost while it lasts",
	},
	FailureBadResponse: {
		nil, paceUsual,
		"the answers are not Directory Insights pages: check endpoint, and whether a proxy answers in its place",
	},
	FailureTooLarge: {
		nil, paceUsual,
		"a page is larger than max_response_size: raise it",
	},
	FailureStuck: {
		nil, paceUsual,
		"paging makes no progress: more events than a page holds are in one millisecond and the API sends no usable token",
	},
	FailureCheckpoint: {
		nil, paceUsual,
		"the storage does not take the checkpoint: check its free space and permissions; reading has stopped and goes on when it does",
	},
	FailureLoad: {
		nil, paceUsual,
		"this replica leads and the checkpoint cannot be read from the storage: check that the storage can be reached and read; reading begins when it can",
	},
	FailureSilence: {
		nil, paceUsual,
		"JumpCloud answers, and has shown no event for longer than silence_after: check that the organization is in use, that Directory Insights is on, what the key's administrator may see, services, and the organization's id; raise silence_after, or set it to 0s, where such quiet is usual",
	},
	FailureConsumer: {
		nil, paceUsual,
		"the next component of the pipeline does not accept events: see its own log; reading has stopped and goes on when it does",
	},
}

// Remedy is what an operator does about it: a constant sentence.
func (k FailureKind) Remedy() string { return failureTable[k].remedy }

func (k FailureKind) pace() pace { return failureTable[k].pace }

// errStuck is returned where a full page brought paging no further.
var errStuck = errors.New("paging makes no progress: a full page has no usable token, and all of it is in one millisecond or out of order")

// classify returns the kind of an error of the source.
func classify(err error) FailureKind {
	if status, ok := errors.AsType[*insights.StatusError](err); ok {
		return classifyStatus(status)
	}
	if _, ok := errors.AsType[*insights.CredentialsError](err); ok {
		return FailureCredentials
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

func classifyStatus(err *insights.StatusError) FailureKind {
	if err.StatusCode == http.StatusUnauthorized && err.ByExtension {
		return FailureServiceAccount
	}
	if err.StatusCode >= http.StatusInternalServerError {
		return FailureServer
	}
	for kind, row := range failureTable {
		if slices.Contains(row.statuses, err.StatusCode) {
			return kind
		}
	}
	return FailureRejected
}

// mayBeSize reports whether a smaller page may be answered: the answer did not come in time, or the API or what
// stands before it gave up on it. ofToken means that a token may be the cause as well.
func mayBeSize(err error, ofToken bool) bool {
	status, ok := errors.AsType[*insights.StatusError](err)
	if !ok {
		failure, ok := errors.AsType[insights.Failure](err)
		return ok && failure.Timeout()
	}
	switch code := status.StatusCode; code {
	case http.StatusRequestEntityTooLarge, http.StatusBadGateway, http.StatusGatewayTimeout:
		return true
	case http.StatusInternalServerError:
		return !ofToken
	case http.StatusServiceUnavailable:
		return status.RetryAfter() == 0
	default:
		return code >= 520 && code <= 524
	}
}
