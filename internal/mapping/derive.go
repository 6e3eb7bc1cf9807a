// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"cmp"
	"strings"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// identify names the actor and the device under one key each, whatever the event says of them.
func (f *findings) identify() {
	if name := f.actorName(); name != "" {
		f.found.derive(slotActorName, textValue(name))
	}
	if name := f.deviceName(); name != "" {
		f.found.derive(slotDeviceName, textValue(name))
	}
}

// actorName is the name, else the address, else the full name, else the id of initiated_by.
func (f *findings) actorName() string {
	for _, s := range [...]slot{slotUserName, slotUserEmail, slotUserFullName} {
		if name := f.found.text(s); name != "" {
			return name
		}
	}
	if id := &f.found.slots[slotUserID]; f.found.has(slotUserID) && id.from.parent.role == roleActor {
		return id.value.text
	}
	return ""
}

// deviceName is the device that an event is about, else the one that the actor used, else the
// resource where that is a device.
func (f *findings) deviceName() string {
	devices := &f.evidence.devices
	if kind := f.evidence.resourceType; !strings.EqualFold(kind, "system") && !strings.EqualFold(kind, "device") {
		devices[roleResourceHost-roleSystemName] = ""
	}
	name := cmp.Or(f.found.text(slotHostName), cmp.Or(devices[:]...))
	if len(name) > maxText {
		return ""
	}
	return name
}

// storeDelay is how long after its time JumpCloud stored an event. It reports false where the event
// does not say, or says what can't be.
func (f *findings) storeDelay(event *insights.Event) (delay time.Duration, known bool) {
	if f.evidence.serverTimestamp == "" || !inNanoseconds(event.Timestamp) {
		return 0, false
	}
	stored := insights.ParseTimestamp(f.evidence.serverTimestamp)
	return stored.Sub(event.Timestamp), inNanoseconds(stored)
}
