// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// keptSeeds found a defect once, of the receiver or of the simulation, or are worth keeping.
var keptSeeds = []struct {
	seed uint64
	why  string
}{
	{14, "disordered pages of a backfill, after each of which the process may die"},
	{20, "the API's clock is set back during a long outage"},
	{390, "the API's clock is set back and then forward, and late events in between"},
	{935, "an undated event on an answer without a date, by a clock that is behind; a backfill beside passes that read what is the future since the API's clock was set back"},
	{1048, "crashes while the storage tears batches"},
	{1740, "an undated event on an answer without a date, soon after the first start: it came again"},
}

// TestSimulation_KeptSeeds runs them however many seeds TestSimulation is asked for.
func TestSimulation_KeptSeeds(t *testing.T) {
	for _, kept := range keptSeeds {
		p := newPlan(kept.seed)
		if came := simulate(t, p, nil); len(came.violations) > 0 {
			t.Errorf("%s: %s", kept.why, explain(t, p, came))
		}
	}
}

// strictSeeds is how many seeds are run twice and compared.
const strictSeeds = 40

// journaled keeps the journal of a run's steps.
func journaled(r *run, _ *parts) { r.process.keeps = true }

// TestSimulation_SeedDecidesEveryStep runs seeds twice: the second time does the same at the same
// moment, request by request, batch by batch, write by write.
func TestSimulation_SeedDecidesEveryStep(t *testing.T) {
	seeds := make([]uint64, strictSeeds)
	for n := range seeds {
		seeds[n] = *firstSeed + uint64(n)
	}
	inParallel(t, seeds, func(t *testing.T, seed uint64) {
		first, second := simulate(t, newPlan(seed), journaled), simulate(t, newPlan(seed), journaled)
		require.NotEmpty(t, first.journal)
		for n := range min(len(first.journal), len(second.journal)) {
			require.Equal(t, first.journal[n], second.journal[n], "seed %d, line %d", seed, n)
		}
		require.Len(t, second.journal, len(first.journal), "seed %d", seed)
		require.Equal(t, first, second, "seed %d", seed)
	})
}
