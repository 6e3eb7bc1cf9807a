// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestSimulation_TroubleOfOneOrganizationTouchesNoOther runs two organizations with and without trouble
// of the first one: its key is forbidden, its requests, its consumer and its storage fail. Not a step of
// the second one is another, or at another moment.
func TestSimulation_TroubleOfOneOrganizationTouchesNoOther(t *testing.T) {
	for seed := range uint64(10) {
		calmly, troubled := neighbours(seed, false), neighbours(seed, true)
		came, again := simulate(t, calmly, journaled), simulate(t, troubled, journaled)
		require.Empty(t, came.violations, "seed %d", seed)
		require.Empty(t, again.violations, "seed %d", seed)
		require.NotEqual(t, came.journal, again.journal, "seed %d: no trouble", seed)
		require.Equal(t, ofOrganization(came.journal, "1"), ofOrganization(again.journal, "1"), "seed %d", seed)
	}
}

// neighbours is a plan of two organizations, of which the first one may be in trouble.
func neighbours(seed uint64, trouble bool) plan {
	d := draw{rand.New(rand.NewPCG(seed, 7))}
	p := plan{seed: seed, world: world{
		pollInterval: 5 * time.Second, rescanInterval: 20 * time.Second, maxEventDelay: time.Minute, pageSize: 1000, latency: 50 * time.Millisecond,
	}, further: further{organizations: 2}}
	for n := range 200 {
		at := calm + d.duration(0, 2*time.Minute)
		p.add(eventsHappen{at: at, moment: at, delay: time.Duration(n%3) * 10 * time.Second, count: 1, organization: n % 2})
	}
	if !trouble {
		return p
	}
	p.add(forbidden{at: calm + d.duration(0, time.Minute), lasts: time.Minute})
	for step := range plannedSteps {
		for _, network := range []bool{false, true} {
			if d.chance(0.3) {
				p.add(stepFails{lane: laneName{network: network}, step: step, how: []outcome{fails, slow, partial, permanent}[d.IntN(4)], portion: d.Float64()})
			}
		}
	}
	return p
}

// ofOrganization are the lines of a journal that an organization has.
func ofOrganization(journal []string, organization string) (lines []string) {
	for _, line := range journal {
		lane, _, _ := strings.Cut(line, ":")
		if strings.Contains(lane, "of "+organization+" ") {
			lines = append(lines, line)
		}
	}
	return lines
}
