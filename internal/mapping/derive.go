// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"cmp"
	"strings"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// identify names the actor and the device under one key each, whatever the event says of them.
func (w *walk) identify() {
	if name := w.actorName(); name != "" {
		w.found.derive(slotActorName, textValue(name))
	}
	if name := w.deviceName(); name != "" {
		w.found.derive(slotDeviceName, textValue(name))
	}
}

// actorName is the name, else the address, else the full name, else the id of initiated_by.
func (w *walk) actorName() string {
	for _, s := range [...]slot{slotUserName, slotUserEmail, slotUserFullName} {
		if name := w.found.text(s); name != "" {
			return name
		}
	}
	if id := &w.found.slots[slotUserID]; w.found.has(slotUserID) && id.from.parent.role == roleActor {
		return id.value.text
	}
	return ""
}

// deviceName is the device that an event is about, else the one that the actor used, else the
// resource where that is a device.
func (w *walk) deviceName() string {
	devices := &w.evidence.devices
	if kind := w.evidence.resourceType; !strings.EqualFold(kind, "system") && !strings.EqualFold(kind, "device") {
		devices[roleResourceHost-roleSystemName] = ""
	}
	name := cmp.Or(w.found.text(slotHostName), cmp.Or(devices[:]...))
	if len(name) > maxText {
		return ""
	}
	return name
}

// storeDelay is how long after its time JumpCloud stored an event. It reports false where the event
// does not say, or says what can't be.
func (w *walk) storeDelay(event *insights.Event) (delay time.Duration, known bool) {
	if w.evidence.serverTimestamp == "" || !inNanoseconds(event.Timestamp) {
		return 0, false
	}
	stored := insights.ParseTimestamp(w.evidence.serverTimestamp)
	return stored.Sub(event.Timestamp), inNanoseconds(stored)
}
