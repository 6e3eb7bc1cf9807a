// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// announcement is a record of a gap that a pipeline took, or refused for good.
type announcement struct {
	reason   string
	from, to time.Time
}

// tookGap notes the record of a gap that has come as far as it can come.
func (o *oracle) tookGap(logs plog.Logs, came answer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if came.taken == 0 && !came.forGood {
		return
	}
	for _, record := range gapsIn(logs) {
		attributes := record.Attributes().AsRaw()
		told := announcement{reason: attributes["jumpcloud.gap.reason"].(string)}
		for key, at := range map[string]*time.Time{"jumpcloud.gap.from": &told.from, "jumpcloud.gap.to": &told.to} {
			text, found := attributes[key].(string)
			if !found {
				continue
			}
			var err error
			if *at, err = time.Parse(time.RFC3339Nano, text); err != nil {
				o.violated("a gap with a time that is none: %v", err)
			}
		}
		o.losses.announced = append(o.losses.announced, told)
	}
}

// judgeAnnouncements checks that each declared span, and each event that was lost, is in the record of a gap.
func (o *oracle) judgeAnnouncements(r *run, t *tenant) {
	for _, each := range o.losses.gaps {
		if !o.spanAnnounced(each.from, each.to) {
			o.violated("the gap from %s to %s was not announced", each.from, each.to)
		}
	}
	for _, event := range r.api.Expected(t.id, time.Time{}) {
		if o.losses.of[event.ID] > 0 && !o.everywhere(event.ID) && !o.eventAnnounced(event) {
			o.violated("the loss of %s of %s was not announced: %v", event.ID, event.Time, o.losses.announced)
		}
	}
}

// everywhere says that each pipeline accepted an event.
func (o *oracle) everywhere(mark string) bool {
	for _, accepted := range o.accepted {
		if accepted[mark] == 0 {
			return false
		}
	}
	return true
}

// spanAnnounced says that records lead from one end to the other. The log has microseconds.
func (o *oracle) spanAnnounced(from, to time.Time) bool {
	at := from.Add(time.Millisecond)
	for further := true; further && at.Before(to); {
		further = false
		for _, each := range o.losses.announced {
			if each.reason == "retention" && !each.from.After(at) && each.to.After(at) {
				at, further = each.to, true
			}
		}
	}
	return !at.Before(to.Add(-time.Millisecond))
}

// eventAnnounced says that a record has the time of an event, or may have one that tells no time. What was refused by a
// process that then ended may be forgotten by the API before it comes again.
func (o *oracle) eventAnnounced(event simulator.Event) bool {
	undated := event.JSON != nil && !tellsTime(event)
	for _, each := range o.losses.announced {
		if undated && each.reason != "retention" || !event.Time.Before(each.from) && event.Time.Before(each.to) {
			return true
		}
	}
	return false
}
