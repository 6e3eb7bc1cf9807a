// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"slices"
	"time"
)

// drawApart makes a world in which history and rescans fail, and nothing else does: live events have to come
// as soon as ever.
func (p *plan) drawApart(d draw, end time.Duration) {
	p.apart = true
	p.further = further{pipelines: 1, organizations: p.further.organizations}
	p.strange.ahead = 0
	p.actions = slices.DeleteFunc(p.actions, func(a action) bool {
		happening, ok := a.(eventsHappen)
		return !ok || happening.delay > 0 && happening.moment > happening.at // of an outage that does not come
	})
	for range 1 + d.IntN(4) {
		p.add(answersStrangely{
			at: d.duration(calm, end), lasts: d.duration(10*time.Second, 5*time.Minute), kind: d.IntN(apartKinds), size: d.IntN(5),
		})
	}
}

// appearsAtOnce reports whether live events happen that can be found when they do.
func (a eventsHappen) appearsAtOnce() bool {
	return a.form == complete && a.delay == 0 && a.moment > 0 && a.moment <= a.at
}
