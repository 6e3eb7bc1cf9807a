// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver"
)

// replicas are receivers that nobody told of each other, on one storage.
type replicas struct {
	t    *testing.T
	api  *simulator.Simulator
	disk *memory

	mu    sync.Mutex
	times map[string]int
}

func (r *replicas) start(refuse func() error) receiver.Logs {
	return inProcess(r.t, r.api, r.disk, func(_ context.Context, logs plog.Logs) error {
		if err := refuse(); err != nil {
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, id := range recordIDs(logs) {
			r.times[id]++
		}
		return nil
	}, func(config *jumpcloudreceiver.Config) {
		config.PollInterval, config.RescanInterval, config.MaxEventDelay = 3*time.Second, 10*time.Second, time.Minute
		config.PageSize = 50
		config.RetryOnFailure.InitialInterval, config.RetryOnFailure.MaxInterval = time.Second, 10*time.Second
	})
}

func (r *replicas) count() (lost, most int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, event := range r.api.Expected("", time.Time{}) {
		times := r.times[event.ID]
		if times == 0 {
			lost++
		}
		most = max(most, times)
	}
	return lost, most
}

// happen lets events happen for a while, some of them late.
func (r *replicas) happen(random *rand.Rand, rounds int) {
	for range rounds {
		for range random.IntN(80) {
			at := time.Now()
			event := simulator.Event{Service: "sso", Type: "sso_auth", ID: fmt.Sprintf("event-%d", random.Uint64()), Time: at}
			if random.Float64() < 0.2 {
				event.Visible = at.Add(time.Duration(random.Float64() * float64(50*time.Second)))
			}
			r.api.Add(event)
		}
		<-time.After(2 * time.Second)
	}
}

func TestFault_D8_TwoReplicasOnOneStorageLoseNothing(t *testing.T) {
	accept := func() error { return nil }
	for number := range uint64(8) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(*seed+number, 7))
			r := &replicas{
				t: t, disk: newMemory(), times: make(map[string]int),
				api: simulator.New(simulator.Settings{Seed: number, ShuffleTies: true, Latency: 100 * time.Millisecond}),
			}
			first, second := r.start(accept), r.start(accept)
			<-time.After(15 * time.Second)
			r.happen(random, 20)
			<-time.After(3 * time.Minute)
			lost, most := r.count()
			assert.Zero(t, lost)
			assert.LessOrEqual(t, most, 2, "each replica delivers an event once")

			// Each of them starts again, in the middle, from whatever the other one has stored.
			for range 3 {
				r.happen(random, 1+random.IntN(10))
				require.NoError(t, first.Shutdown(t.Context()))
				<-time.After(time.Duration(random.Float64() * float64(time.Minute)))
				first, second = second, r.start(accept)
			}
			r.happen(random, 5)
			<-time.After(3 * time.Minute)
			lost, most = r.count()
			assert.Zero(t, lost)
			assert.LessOrEqual(t, most, 2+3, "and once again for each restart, at the most")
			require.NoError(t, first.Shutdown(t.Context()))
			require.NoError(t, second.Shutdown(t.Context()))
		})
	}
}
