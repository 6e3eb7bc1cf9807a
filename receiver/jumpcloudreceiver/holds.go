// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"crypto/sha256"
	"sync"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/backoff"
)

// holds has one hold for each key and endpoint, shared by all receivers of the process: what the API asks
// one reader to wait goes for whoever uses the key. It keeps hashes and no key.
type holds struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]*backoff.Hold
}

func newHolds() *holds { return &holds{known: make(map[[sha256.Size]byte]*backoff.Hold)} }

// of returns the hold of a key, which is empty where an extension authenticates, and an endpoint.
func (h *holds) of(key, endpoint string) *backoff.Hold {
	sum := sha256.Sum256([]byte(endpoint + "\n" + key))
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known[sum] == nil {
		h.known[sum] = new(backoff.Hold)
	}
	return h.known[sum]
}
