// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
)

// conditions own what is wrong for the organizations of a receiver. The component's status, the log
// lines of failures and the number of consecutive failures follow from them.
type conditions struct {
	logger *zap.Logger

	mu       sync.Mutex
	health   health
	accounts []*account
	choruses map[topic]*chorus

	// history is what they tell together of its reading.
	history *history
}

// topic is what organizations may have to tell alike.
type topic struct {
	condition poll.Condition
	kind      poll.FailureKind
	recovered bool
}

func newConditions(logger *zap.Logger, health health) *conditions {
	health.begin()
	return &conditions{logger: logger, health: health, choruses: make(map[topic]*chorus), history: newHistory(logger)}
}

// account is what is wrong for one organization. It is safe for concurrent use.
type account struct {
	owner        *conditions
	organization string
	logger       *zap.Logger
	// consecutive takes the largest number of failures without a success.
	consecutive func(failures int)
	troubles    map[poll.Condition]*trouble
	// closed says that nobody reads: a report comes from a term that was ended.
	closed bool
}

// trouble is a condition that fails. It ends with the condition's first success.
type trouble struct {
	kind     poll.FailureKind
	since    time.Time
	failures int
	// met holds the kinds that were told: in one outage they may alternate.
	met map[poll.FailureKind]struct{}
}

// account adds an organization. Its lines go to logger.
func (c *conditions) account(organization string, logger *zap.Logger, consecutive func(failures int)) *account {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := &account{owner: c, organization: organization, logger: logger, consecutive: consecutive, troubles: make(map[poll.Condition]*trouble)}
	c.accounts = append(c.accounts, a)
	return a
}

// failed takes a failure. Condition, Kind, Err and Wait are used: an account counts by itself.
func (a *account) failed(failure poll.Failure) {
	a.whileOpen(func() {
		t := a.troubles[failure.Condition]
		if t == nil {
			t = &trouble{since: time.Now(), met: make(map[poll.FailureKind]struct{})}
			a.troubles[failure.Condition] = t
		}
		t.kind = failure.Kind
		t.failures++
		a.tellFailure(t, failure)
		a.changed()
	})
}

// recovered takes a success of a condition. It ends no other one.
func (a *account) recovered(condition poll.Condition) {
	a.whileOpen(func() {
		t := a.troubles[condition]
		if t == nil {
			return
		}
		a.tellRecovery(condition, t)
		delete(a.troubles, condition)
		a.changed()
	})
}

// open begins to hear reports again.
func (a *account) open() {
	a.owner.mu.Lock()
	defer a.owner.mu.Unlock()
	a.closed = false
}

// close forgets what is wrong, without a line, and hears no report until open is called. withdraw
// runs behind the last report that was heard.
func (a *account) close(withdraw func()) {
	a.whileOpen(func() {
		a.closed = true
		for condition, t := range a.troubles {
			a.owner.chorus(topic{condition: condition, kind: t.kind}).leave(a.organization)
		}
		clear(a.troubles)
		a.changed()
		withdraw()
	})
}

// whileOpen does nothing after close. What it does, close does not overtake.
func (a *account) whileOpen(do func()) {
	a.owner.mu.Lock()
	defer a.owner.mu.Unlock()
	if !a.closed {
		do()
	}
}

// changed brings the metric and the status up to date.
func (a *account) changed() {
	most := 0
	for condition, t := range a.troubles {
		if condition != poll.ConditionSilence { // no attempt has failed
			most = max(most, t.failures)
		}
	}
	a.consecutive(most)
	a.owner.health.tell(statusText(a.owner.failing()))
}

// failing holds the organizations that each kind of failure has.
func (c *conditions) failing() map[poll.FailureKind][]string {
	failing := make(map[poll.FailureKind][]string)
	for _, a := range c.accounts {
		kinds := make(map[poll.FailureKind]struct{}, len(a.troubles))
		for _, t := range a.troubles {
			kinds[t.kind] = struct{}{}
		}
		for kind := range kinds {
			failing[kind] = append(failing[kind], a.organization)
		}
	}
	return failing
}

// stop writes the lines that wait to be gathered. No failure is taken afterwards.
func (c *conditions) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, chorus := range c.choruses {
		chorus.end()
	}
	for _, a := range c.accounts {
		a.closed = true
	}
}
