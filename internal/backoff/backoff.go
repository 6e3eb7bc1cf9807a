// SPDX-License-Identifier: Apache-2.0

package backoff

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Settings are those of waits that grow with each failure, by Multiplier from Initial to Max.
type Settings struct {
	Initial, Max time.Duration
	// Multiplier is 2 where it is zero.
	Multiplier float64
	// Spread is the factor by which a wait may be off, in both directions, from 0 to 1. The zero value
	// is full jitter: anything from no wait to the whole wait.
	Spread float64
	// Random returns numbers in [0, 1). Nil is the process's own source.
	Random func() float64
}

// Jittered returns wait with the settings' jitter.
func (s Settings) Jittered(wait time.Duration) time.Duration {
	random := s.Random
	if random == nil {
		random = rand.Float64
	}
	if s.Spread == 0 {
		return time.Duration(float64(wait) * random())
	}
	return time.Duration(float64(wait) * (1 + s.Spread*(2*random()-1)))
}

// Waits are the waits of consecutive failures. It is not safe for concurrent use.
type Waits struct {
	settings Settings
	grow     backoff.ExponentialBackOff
}

// NewWaits returns waits that begin at Initial.
func NewWaits(settings Settings) *Waits {
	if settings.Multiplier == 0 {
		settings.Multiplier = 2
	}
	return &Waits{settings: settings, grow: backoff.ExponentialBackOff{
		InitialInterval: settings.Initial,
		MaxInterval:     settings.Max,
		Multiplier:      settings.Multiplier,
	}}
}

// Next returns the wait after one more failure.
func (w *Waits) Next() time.Duration { return w.settings.Jittered(w.grow.NextBackOff()) }

// Sleep waits for d. It reports false where ctx was done first.
func Sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
