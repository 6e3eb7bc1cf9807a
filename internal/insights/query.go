// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"encoding/json"
	"time"
)

// Query is what is asked of the API: the body of POST /events and POST /events/count.
type Query struct {
	// Services are the values of "service"; ["all"] asks for every service.
	Services []string
	// Start is inclusive. It is sent in UTC, rounded down to the millisecond.
	Start time.Time
	// End is left out of the request when it is zero. It is rounded up to the millisecond.
	End time.Time
	// Limit is the page size, 1 to 10,000 events.
	Limit int
	// SearchAfter is the paging token of the page before, byte for byte; nil for the first page.
	// A token is valid with the query that it came from and with no other: services, start, end and
	// fields must be the same, to the letter.
	SearchAfter json.RawMessage
	// Fields restricts each event to these fields; empty asks for whole events.
	Fields []string
}
