// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
)

const (
	// repeatAfter is how rarely a state that lasts is logged again.
	repeatAfter = 10 * time.Minute
	// gatherFor is how long lines are gathered after the first of their kind, for organizations that
	// have the same to tell. It doubles as long as there are any, up to repeatAfter.
	gatherFor = time.Minute
)

// chorus makes one line of what many organizations have to tell alike: the first one is told at once,
// and those that follow while a window is open are told together when it closes. The mutex of the
// conditions guards it.
type chorus struct {
	// together logs one line for all that were gathered.
	together func(gathered []string)
	// first is the organization whose line opened the window. It waits for no other's.
	first  string
	length time.Duration
	// window is nil where none is open.
	window *time.Timer
	// gathered holds all that were told since the first, and waiting those of them that are not yet.
	gathered, waiting []string
	// next is when a state that lasts may be told again.
	next time.Time
}

// chorus returns the one of a topic.
func (c *conditions) chorus(about topic) *chorus {
	found := c.choruses[about]
	if found == nil {
		found = &chorus{together: func(gathered []string) { c.tellTogether(about, gathered) }}
		c.choruses[about] = found
	}
	return found
}

// join tells what an organization has to tell: alone at once, or later with others.
func (c *conditions) join(about topic, organization string, alone func()) {
	voices := c.chorus(about)
	if voices.window != nil && voices.first != organization {
		voices.waiting = append(voices.waiting, organization)
		return
	}
	voices.next = time.Now().Add(repeatAfter)
	alone()
	if voices.window == nil {
		voices.first, voices.gathered = organization, []string{organization}
		voices.openWindow(c, gatherFor)
	}
}

// openWindow gathers for a while. It goes on with a longer while where something was gathered.
func (v *chorus) openWindow(c *conditions, length time.Duration) {
	v.length = length
	var window *time.Timer
	window = time.AfterFunc(length, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if v.window != window {
			return
		}
		v.window = nil
		if v.flush() {
			v.openWindow(c, min(2*v.length, repeatAfter))
		}
	})
	v.window = window
}

// flush logs what waits. It reports false where nothing does.
func (v *chorus) flush() bool {
	if len(v.waiting) == 0 {
		return false
	}
	v.gathered = append(v.gathered, v.waiting...)
	v.waiting = nil
	v.next = time.Now().Add(repeatAfter)
	v.together(v.gathered)
	return true
}

// flushBefore logs what waits where an organization is among it that has something new to tell.
func (v *chorus) flushBefore(organization string) {
	if slices.Contains(v.waiting, organization) {
		v.flush()
	}
}

// leave takes an organization out of what waits.
func (v *chorus) leave(organization string) {
	v.waiting = slices.DeleteFunc(v.waiting, func(waiting string) bool { return waiting == organization })
}

// end closes the window.
func (v *chorus) end() {
	if v.window != nil {
		v.window.Stop()
		v.window = nil
	}
	v.flush()
}

// tellFailure logs a kind of failure when it begins, and then rarely.
func (a *account) tellFailure(t *trouble, failure poll.Failure) {
	about := topic{condition: failure.Condition, kind: failure.Kind}
	alone := func() {
		a.logger.Error(failure.Kind.Remedy(), zap.String("condition", string(failure.Condition)), zap.Error(failure.Err),
			zap.Int("failures", t.failures), zap.Time("since", t.since), zap.Duration("next_attempt_in", failure.Wait.Round(time.Millisecond)))
	}
	if _, met := t.met[failure.Kind]; !met {
		t.met[failure.Kind] = struct{}{}
		a.owner.chorus(topic{condition: about.condition, kind: about.kind, recovered: true}).flushBefore(a.organization)
		a.owner.join(about, a.organization, alone)
		return
	}
	voices := a.owner.chorus(about)
	if time.Now().Before(voices.next) {
		return
	}
	voices.next = time.Now().Add(repeatAfter)
	if all, _ := a.owner.sharing(about); len(all) > 1 {
		voices.together(all)
		return
	}
	alone()
}

// tellRecovery logs the end of a trouble, behind the line of its beginning.
func (a *account) tellRecovery(condition poll.Condition, t *trouble) {
	for kind := range t.met {
		a.owner.chorus(topic{condition: condition, kind: kind}).flushBefore(a.organization)
	}
	a.owner.join(topic{condition: condition, kind: t.kind, recovered: true}, a.organization, func() {
		a.logger.Info("Working again", zap.String("condition", string(condition)), zap.String("after", string(t.kind)),
			zap.Int("failures", t.failures), zap.Duration("duration", time.Since(t.since).Round(time.Millisecond)))
	})
}

// tellTogether logs one line for several organizations: how many fail by now, or work again.
func (c *conditions) tellTogether(about topic, gathered []string) {
	if about.recovered {
		all := distinct(gathered)
		c.logger.Info("Working again", append(severalFields(about, all), zap.String("after", string(about.kind)))...)
		return
	}
	all, since := c.sharing(about)
	if len(all) == 0 {
		all = distinct(gathered)
	}
	c.logger.Error(about.kind.Remedy(), append(severalFields(about, all), zap.Time("since", since))...)
}

func severalFields(about topic, organizations []string) []zap.Field {
	return []zap.Field{
		zap.String("condition", string(about.condition)), zap.Int("organizations", len(organizations)),
		zap.Strings("first_organizations", organizations[:min(len(organizations), namedOrganizations)]),
	}
}

// sharing returns who fails alike now, and since when the first of them does.
func (c *conditions) sharing(about topic) (organizations []string, since time.Time) {
	for _, a := range c.accounts {
		t := a.troubles[about.condition]
		if t == nil || t.kind != about.kind {
			continue
		}
		organizations = append(organizations, a.organization)
		if since.IsZero() || t.since.Before(since) {
			since = t.since
		}
	}
	slices.Sort(organizations)
	return organizations, since
}

func distinct(organizations []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(organizations)))
}
