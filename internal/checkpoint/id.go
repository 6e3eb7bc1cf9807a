// SPDX-License-Identifier: Apache-2.0

package checkpoint

import "time"

// ID identifies one event of one organization: 128 bits of a cryptographic hash.
type ID [16]byte

// Entry is a delivered event that must be remembered.
type Entry struct {
	ID ID
	// Time is the event's timestamp. It decides how long the ID is kept.
	Time time.Time
}

// Lane says which reader delivered an event, and so which reader may meet it again.
type Lane uint8

const (
	// Live is the lane of tails and rescans: ids are kept while they are not before State.From.
	Live Lane = iota + 1
	// History is the lane of the backfill: ids are kept while they are not before
	// State.Backfill.Next either.
	History
)
