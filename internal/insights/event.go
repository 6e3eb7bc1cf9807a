// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"encoding/json"
	"time"
)

// Event is one element of a page. Its shape is open: whatever the API sends is an Event, and
// the named fields are what could be read from it leniently.
type Event struct {
	// Raw is the element's JSON exactly as it was received. It shares memory with its page.
	Raw json.RawMessage
	// Tokens are those of Raw where it is valid UTF-8, and no escape in it is of half a
	// character. There are none where it is not.
	Tokens Tokens
	// ID is the event's id, or "" where there is none or it is no string.
	ID string
	// TimestampText is the event's timestamp as sent, or "" where there is none or it is no string.
	TimestampText string
	// Timestamp is TimestampText in UTC, or the zero time where it can't be read as RFC 3339.
	Timestamp time.Time
	// Organization is the field organization, or "".
	Organization string
	// Oversize says that the event was too large to be fetched whole: Raw holds only the
	// fields that were asked for in its place.
	Oversize bool
}
