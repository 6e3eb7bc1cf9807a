// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"encoding/json"
	"time"
)

// Page is one complete answer of POST /events.
type Page struct {
	Head

	Events []Event
	// Size is the inflated size of the body in bytes.
	Size int
}

// Head is what the headers of an answer tell.
type Head struct {
	// Limit is the page size that the API applied (X-Limit), or the one asked for where the
	// header is missing.
	Limit int
	// Token is the value of X-Search_after as it was received, to be sent back unchanged; nil
	// where the header is missing or can't be a token.
	Token json.RawMessage
	// HeadersMissing says that X-Limit was not there, so that nobody knows which page size the API applied.
	HeadersMissing bool
	// Clock tells the API's time at this answer.
	Clock ServerClock
	// RequestID is X-Request-Id, for error reports.
	RequestID string
}

// Full says whether another page follows: as many events as the page could hold. The API
// sends a token on the last page too, so the token tells nothing.
func (p *Page) Full() bool {
	return len(p.Events) > 0 && len(p.Events) >= p.Limit
}

// ServerClock is what one answer tells of the API's clock.
type ServerClock struct {
	// Date is the answer's Date header, in whole seconds; zero where it is missing.
	Date time.Time
	// Received is the local time, with its monotonic reading, at which the headers were there.
	Received time.Time
	// Elapsed is the time from the sending of the request to Received.
	Elapsed time.Duration
}
