// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter is the longest wait that the API may ask for.
const maxRetryAfter = 15 * time.Minute

// retryAfter reads the header Retry-After: seconds, or a date, which is taken relative to the
// answer's own Date and never to the local clock. It returns 0 for everything else, and for
// what is past.
func retryAfter(header http.Header) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 63); err == nil {
		if seconds > uint64(365*24*time.Hour/time.Second) {
			return 0
		}
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return 0
	}
	return min(max(0, at.Sub(now)), maxRetryAfter)
}
