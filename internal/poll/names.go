// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// NameKind is what has a name.
type NameKind string

const (
	// NameService is a service of JumpCloud.
	NameService NameKind = "service"
	// NameEventType is a type of events.
	NameEventType NameKind = "event_type"
)

// Name is a service, or a type of events.
type Name struct {
	Kind NameKind
	Text string
}

// key is what a name is remembered by.
func (n Name) key() string { return string(n.Kind) + "/" + n.Text }

// met remembers the names of a batch, and returns those that are told: of live events, once the first complete rescan
// has shown what is usual.
func (k *keeper) met(names []Name, how Delivery) (news []Name) {
	for _, name := range names {
		known := k.frontier.Met()
		if known.Has(name.key()) {
			continue
		}
		if known.Full() {
			k.observer.Anomaly(AnomalyNamesFull)
			return news
		}
		k.frontier.State = k.frontier.WithNames(name.key())
		if how != DeliveryHistory && k.frontier.NamesLearned() {
			news = append(news, name)
		}
	}
	return news
}

// learned ends the silent learning of names.
func (k *keeper) learned() {
	if !k.frontier.NamesLearned() {
		k.frontier.State = k.frontier.WithNamesLearned()
	}
}

// newest takes the times of delivered events. One that is dated ahead is no sign that the next one comes.
func (k *keeper) newest(events []insights.Event) {
	latest := k.clock.latest()
	for i := range events {
		at := events[i].Timestamp
		if at.IsZero() || at.After(latest) {
			at = time.Time{}
		}
		k.frontier.Newest = later(k.frontier.Newest, at)
	}
}
