// SPDX-License-Identifier: Apache-2.0

package backoff

import (
	"sync"
	"time"
)

// Hold is the time until which an API asks not to be asked. All who share a key and an endpoint share
// one. It is safe for concurrent use, and its zero value holds nobody.
type Hold struct {
	mu    sync.Mutex
	until time.Time
}

// Extend holds everybody until a time. It never shortens the hold.
func (h *Hold) Extend(until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if until.After(h.until) {
		h.until = until
	}
}

// Until returns when the hold ends; it may be in the past.
func (h *Hold) Until() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.until
}
