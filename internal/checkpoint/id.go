// SPDX-License-Identifier: Apache-2.0

package checkpoint

import "time"

// ID identifies one event of one organization: 128 bits of a cryptographic hash.
type ID [16]byte

// Entry is a delivered event that must be remembered.
type Entry struct {
	ID ID
	// Time decides how long the ID is kept. It is the event's timestamp, or that of the meeting
	// where Stray is true.
	Time time.Time
	// Stray is true for an event without a timestamp, and for one that was met outside of its time.
	Stray bool
}
