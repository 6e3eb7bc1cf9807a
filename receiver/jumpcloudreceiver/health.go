// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
)

// repeatAfter is how rarely a state that lasts is logged again.
const repeatAfter = 10 * time.Minute

// failureConsumer is the state in which the next consumer takes nothing.
const failureConsumer poll.FailureKind = "consumer"

// remedies say what to do. They are constant: a status must not carry what a server answered.
var remedies = map[poll.FailureKind]string{
	poll.FailureAuthentication: "JumpCloud does not accept the API key (401): check api_key, whether the key has expired or was regenerated, and that region or endpoint is the organization's own",
	poll.FailureLicense:        "the organization has no Directory Insights (402): enable it in the JumpCloud admin console",
	poll.FailureForbidden:      "JumpCloud forbids reading events (403): check the role of the key's administrator, the organization's id, and that region or endpoint is the organization's own",
	poll.FailureRejected:       "JumpCloud refuses the request: check services and endpoint, and the message in the log",
	poll.FailureRateLimited:    "JumpCloud limits the rate of requests (429): lower requests_per_second or raise poll_interval, and look for other users of the API",
	poll.FailureServer:         "JumpCloud answers with server errors: see its status page; nothing is lost while it lasts",
	poll.FailureTransport:      "JumpCloud cannot be reached: check DNS, proxy, firewall and TLS settings; nothing is lost while it lasts",
	poll.FailureBadResponse:    "the answers are not Directory Insights pages: check endpoint, and whether a proxy answers in its place",
	poll.FailureTooLarge:       "a page is larger than max_response_size: raise it",
	poll.FailureStuck:          "paging makes no progress: more events than a page holds are in one millisecond and the API sends no usable token",
	poll.FailureCheckpoint:     "the storage does not take the checkpoint: check its free space and permissions; reading has stopped and goes on when it does",
	failureLoad:                "this replica leads and the checkpoint cannot be read from the storage: check that the storage can be reached and read; reading begins when it can",
	failureConsumer:            "the next component of the pipeline does not accept events: see its own log; reading has stopped and goes on when it does",
}

// health is the component's status over all organizations. It reports changes only.
type health struct {
	host component.Host
	// inMemory says that the checkpoint does not survive a restart; each status tells it.
	inMemory bool

	mu       sync.Mutex
	problems map[string]poll.FailureKind
	reported string
}

// newHealth reports at once where something has to be told although nothing fails.
func newHealth(host component.Host, inMemory bool) *health {
	h := &health{host: host, inMemory: inMemory, problems: make(map[string]poll.FailureKind)}
	if inMemory {
		h.report(componentstatus.StatusOK, nil)
	}
	return h
}

// failing takes the state of an organization; "" is none.
func (h *health) failing(organization string, kind poll.FailureKind) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if kind == "" {
		delete(h.problems, organization)
	} else {
		h.problems[organization] = kind
	}
	text := h.text()
	if text == h.reported {
		return
	}
	h.reported = text
	if text == "" {
		h.report(componentstatus.StatusOK, nil)
		return
	}
	h.report(componentstatus.StatusRecoverableError, errors.New(text))
}

func (h *health) report(status componentstatus.Status, err error) {
	attributes := pcommon.NewMap()
	if h.inMemory {
		attributes.PutStr("checkpoint", "in memory: it does not survive a restart, configure storage")
	}
	componentstatus.ReportStatus(h.host, componentstatus.NewEvent(status,
		componentstatus.WithError(err), componentstatus.WithAttributes(attributes)))
}

// text names the problem of each organization.
func (h *health) text() string {
	lines := make([]string, 0, len(h.problems))
	for _, organization := range slices.Sorted(maps.Keys(h.problems)) {
		line := remedies[h.problems[organization]]
		if organization != "" {
			line = "organization " + organization + ": " + line
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

// journal logs a state when it begins and then rarely, with the number of times it was met.
type journal struct {
	logger *zap.Logger
	kind   poll.FailureKind
	since  time.Time
	count  int
	// next is when each kind may be told again: in one outage they may alternate.
	next map[poll.FailureKind]time.Time
}

// failed logs at the level that the failure deserves: what passes by itself is a warning.
func (j *journal) failed(kind poll.FailureKind, err error, wait time.Duration) {
	now := time.Now()
	if kind != j.kind {
		j.kind, j.since, j.count = kind, now, 0
	}
	j.count++
	if now.Before(j.next[kind]) {
		return
	}
	if j.next == nil {
		j.next = make(map[poll.FailureKind]time.Time)
	}
	j.next[kind] = now.Add(repeatAfter)
	j.logger.Error(remedies[kind],
		zap.Error(err), zap.Int("failures", j.count), zap.Time("since", j.since), zap.Duration("next_attempt_in", wait.Round(time.Millisecond)))
}

func (j *journal) recovered() {
	if j.kind == "" {
		return
	}
	j.logger.Info("Working again", zap.String("after", string(j.kind)), zap.Int("failures", j.count), zap.Duration("duration", time.Since(j.since).Round(time.Millisecond)))
	j.kind, j.next = "", nil
}
