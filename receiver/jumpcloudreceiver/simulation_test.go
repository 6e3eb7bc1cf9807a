// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	seeds       = flag.Int("seeds", 60, "number of seeds of the simulation")
	firstSeed   = flag.Uint64("seed", 1, "first seed of the simulation")
	onlyActions = flag.String("actions", "", "numbers of the actions of the simulation's plan to keep, separated by commas; all where empty")
)

// shorterTries bounds the runs that look for a shorter schedule of a failure.
const shorterTries = 200

// TestSimulation runs the receiver against everything that may go wrong at once, decided by a
// seed: late, tied, disordered and future events, some without an id or a time, of one organization
// or several; faults of the API, a clock that is off or set meanwhile, a memory of a day only; one
// pipeline or two, which refuse for now or for good, take a part, or take and yet fail; a storage that
// fails, tears, or applies and yet fails; events that can't be fetched whole; a consumer that takes nothing for
// longer than the API's memory; restarts, and crashes at any step. A failure names its seed
// and a shortened schedule, and the command that runs it again.
func TestSimulation(t *testing.T) {
	all := make([]uint64, 0, *seeds)
	count := *seeds
	if testing.Short() {
		count = min(count, 10)
	}
	for n := range uint64(max(0, count)) {
		all = append(all, *firstSeed+n)
	}
	var total totals
	inParallel(t, all, func(t *testing.T, seed uint64) {
		p := newPlan(seed)
		p.keep(t, *onlyActions)
		came := simulate(t, p, nil)
		total.add(came)
		if len(came.violations) > 0 {
			t.Error(explain(t, p, came))
		}
	})
	t.Logf("%d seeds: %d events, %d crashes, %d ambiguous calls, %d events and %d spans of time declared lost",
		len(all), total.events, total.crashes, total.ambiguous, total.dropped, total.gaps)
}

// totals add up what came of many runs.
type totals struct {
	mu sync.Mutex
	result
}

func (t *totals) add(came result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.events += came.events
	t.crashes += came.crashes
	t.ambiguous += came.ambiguous
	t.dropped += came.dropped
	t.gaps += came.gaps
}

// inParallel calls test for each of cases, as many at a time as there are processors.
func inParallel[T any](t *testing.T, cases []T, test func(*testing.T, T)) {
	t.Helper()
	workers := runtime.GOMAXPROCS(0)
	t.Run("workers", func(t *testing.T) {
		for worker := range workers {
			t.Run(strconv.Itoa(worker), func(t *testing.T) {
				t.Parallel()
				for n := worker; n < len(cases) && !t.Failed(); n += workers {
					test(t, cases[n])
				}
			})
		}
	})
}

// keep leaves the actions of a plan whose numbers are listed.
func (p *plan) keep(t *testing.T, numbers string) {
	t.Helper()
	if numbers == "" {
		return
	}
	var kept []action
	for text := range strings.SplitSeq(numbers, ",") {
		number, err := strconv.Atoi(text)
		require.NoError(t, err)
		require.Less(t, number, len(p.actions))
		kept = append(kept, p.actions[number])
	}
	p.actions = kept
}

// explain says what went wrong in a run, and how it is seen again with as few actions as possible.
func explain(t *testing.T, p plan, came result) string {
	t.Helper()
	numbers := shorten(len(p.actions), func(numbers []int) bool {
		return len(simulate(t, p.only(numbers), nil).violations) > 0
	})
	var text strings.Builder
	fmt.Fprintf(&text, "seed %d: %s\n%d of its %d actions are enough, in %+v:\n", p.seed, strings.Join(came.violations, "; "), len(numbers), len(p.actions), p.world)
	list := make([]string, 0, len(numbers))
	for _, number := range numbers {
		fmt.Fprintf(&text, "%4d  %s\n", number, p.actions[number])
		list = append(list, strconv.Itoa(number))
	}
	fmt.Fprintf(&text, "again: go test ./receiver/jumpcloudreceiver -run 'TestSimulation$' -seeds 1 -seed %d", p.seed)
	if len(list) < len(p.actions) {
		fmt.Fprintf(&text, " -actions %s", strings.Join(list, ","))
	}
	return text.String()
}

func (p plan) only(numbers []int) plan {
	kept := make([]action, 0, len(numbers))
	for _, number := range numbers {
		kept = append(kept, p.actions[number])
	}
	p.actions = kept
	return p
}

// shorten looks for few of the numbers below count that still fail, leaving out ever smaller
// parts of them.
func shorten(count int, stillFails func([]int) bool) []int {
	kept := make([]int, count)
	for n := range kept {
		kept[n] = n
	}
	tries := 0
	for size := count / 2; size > 0; size /= 2 {
		for begin := 0; begin < len(kept) && tries < shorterTries; {
			tries++
			if without := slices.Delete(slices.Clone(kept), begin, min(begin+size, len(kept))); stillFails(without) {
				kept = without
			} else {
				begin += size
			}
		}
	}
	return kept
}

func TestSimulation_SeedDecidesThePlan(t *testing.T) {
	for seed := range uint64(20) {
		first := newPlan(seed)
		assert.Equal(t, first, newPlan(seed))
	}
	assert.NotEqual(t, newPlan(1).world, newPlan(2).world)
}

func TestSimulation_SchedulesAreShortened(t *testing.T) {
	failing := func(numbers []int) bool { return slices.Contains(numbers, 17) && slices.Contains(numbers, 71) }
	assert.Equal(t, []int{17, 71}, shorten(100, failing))
}

// FuzzSchedule lets the fuzzer decide what happens, and when.
func FuzzSchedule(f *testing.F) {
	f.Add(uint64(1), []byte("a schedule"))
	f.Fuzz(func(t *testing.T, seed uint64, decisions []byte) {
		p := drawPlan(seed, &decided{decisions: decisions, after: rand.NewPCG(seed, 3)})
		require.Empty(t, simulate(t, p, nil).violations, "%+v\n%v", p.world, p.actions)
	})
}
