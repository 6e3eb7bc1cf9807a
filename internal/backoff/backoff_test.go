// SPDX-License-Identifier: Apache-2.0

package backoff_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/backoff"
)

func TestWaitsGrowToTheirMaximum(t *testing.T) {
	for name, test := range map[string]struct {
		spread, random float64
		waits          []time.Duration
	}{
		"full jitter":  {0, 0.5, []time.Duration{500, 1000, 2000, 2500, 2500}},
		"no jitter":    {0.5, 0.5, []time.Duration{1000, 2000, 4000, 5000, 5000}},
		"least spread": {0.5, 0, []time.Duration{500, 1000, 2000, 2500, 2500}},
	} {
		t.Run(name, func(t *testing.T) {
			waits := backoff.NewWaits(backoff.Settings{
				Initial: time.Second, Max: 5 * time.Second, Spread: test.spread,
				Random: func() float64 { return test.random },
			})
			for _, wait := range test.waits {
				assert.Equal(t, wait*time.Millisecond, waits.Next())
			}
		})
	}
}

func TestSleepEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		assert.True(t, backoff.Sleep(t.Context(), time.Minute))
		assert.Equal(t, time.Minute, time.Since(began))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		assert.False(t, backoff.Sleep(ctx, time.Hour))
		assert.Equal(t, time.Minute+time.Second, time.Since(began))
	})
}

func TestHoldIsNeverShortened(t *testing.T) {
	var hold backoff.Hold
	now := time.Now()
	assert.True(t, hold.Until().Before(now))
	hold.Extend(now.Add(time.Minute))
	hold.Extend(now.Add(time.Second))
	assert.Equal(t, now.Add(time.Minute), hold.Until())
}
