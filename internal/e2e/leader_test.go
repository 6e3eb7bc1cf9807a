// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// election is two collectors with one redis and one lease, while events go on happening.
type election struct {
	t      *testing.T
	leases *leases
	api    *simulator.Simulator
	sink   *backend
	from   time.Time
	// first has led first.
	first, second *candidate
	quiet         func()
}

type candidate struct {
	*installation
	access *access
}

func (c *candidate) start() {
	c.t.Helper()
	c.t.Setenv("KUBECONFIG", c.access.kubeconfig)
	c.installation.start()
}

const (
	leads       = "This replica leads: it goes on from the checkpoint"
	leadsNoMore = "Lost leadership"
)

// times is how often a collector has printed a text.
func (c *candidate) times(text string) int { return strings.Count(c.output.String(), text) }

func newElection(t *testing.T) *election {
	t.Helper()
	redis := newRedis(t)
	e := &election{t: t, leases: &leases{}, api: simulator.New(simulator.Settings{}), sink: newBackend(t)}
	url := serve(t, e.api)
	candidates := make([]*candidate, 0, 2)
	for range 2 {
		c := &candidate{installation: install(t, url, e.sink.server.URL, fast+"page_size: 100\n"), access: e.leases.access(t)}
		c.useRedis(redis.address)
		c.elect()
		candidates = append(candidates, c)
	}
	e.first, e.second = candidates[0], candidates[1]
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the first:\n%s\nthe second:\n%s", candidates[0].output, candidates[1].output)
		}
	})
	e.first.start()
	require.Eventually(t, func() bool { return len(e.first.starts()) == 1 }, enough, often)
	e.second.start()
	require.Eventually(t, e.second.printed("Waiting to lead: another replica may be reading"), enough, often)
	e.from = time.Now()
	e.happen()
	return e
}

// happen lets events happen until quiet is called.
func (e *election) happen() {
	stop := make(chan struct{})
	var live sync.WaitGroup
	live.Go(func() {
		every := time.NewTicker(5 * time.Millisecond)
		defer every.Stop()
		for number := 0; ; number++ {
			select {
			case at := <-every.C:
				e.api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: fmt.Sprint("event-", number), Time: at})
			case <-stop:
				return
			}
		}
	})
	e.quiet = sync.OnceFunc(func() {
		close(stop)
		live.Wait()
	})
	e.t.Cleanup(e.quiet)
}

// delivers waits until events arrive that have happened since.
func (e *election) delivers() {
	e.t.Helper()
	now := e.sink.total.Load()
	require.Eventually(e.t, func() bool { return e.sink.total.Load() > now+200 }, enough, often)
}

// ends waits until all events have arrived, and returns how many came again.
func (e *election) ends(running ...*candidate) (again int) {
	e.t.Helper()
	e.quiet()
	expected := e.api.Expected("", e.from)
	require.Eventually(e.t, func() bool { missing, _ := e.sink.compare(expected); return missing == 0 }, enough, often)
	for _, c := range running {
		c.signal(syscall.SIGTERM)
	}
	_, again = e.sink.compare(expected)
	e.t.Logf("of %d events none is missing, %d came again", len(expected), again)
	return again
}

func TestFault_D9_CollectorThatLosesItsLeaseHandsOver(t *testing.T) {
	e := newElection(t)
	e.delivers()
	assert.Zero(t, e.second.times(leads), "one reads")
	for range 2 {
		lost, won := e.first.times(leadsNoMore), e.second.times(leads)
		e.first.access.cut.Store(true)
		require.Eventually(t, func() bool { return e.first.times(leadsNoMore) > lost }, enough, often)
		require.Eventually(t, func() bool { return e.second.times(leads) > won }, enough, often)
		e.delivers()
		e.first.access.cut.Store(false)
		e.first, e.second = e.second, e.first
	}
	assert.Equal(t, 2, e.first.times(leads), "the first one leads again")
	assert.Zero(t, e.ends(e.first, e.second))
}

func TestFault_D9_StandbyTakesOverFromACollectorThatIsKilled(t *testing.T) {
	e := newElection(t)
	e.delivers()
	holder := e.leases.holder()
	require.NoError(t, e.first.command.Process.Kill())
	require.Error(t, e.first.command.Wait())
	require.Eventually(t, func() bool { return e.second.times(leads) == 1 }, enough, often)
	assert.NotEqual(t, holder, e.leases.holder())
	e.delivers()
	assert.Equal(t, []string{"continued"}, e.second.starts())
	assert.LessOrEqual(t, e.ends(e.second), batch, "a kill costs one batch at the most")
}

func TestFault_D9_StopHandsOver(t *testing.T) {
	e := newElection(t)
	e.delivers()
	assert.Less(t, e.first.signal(syscall.SIGTERM), 10*time.Second)
	require.Eventually(t, func() bool { return e.second.times(leads) == 1 }, enough, often)
	e.delivers()
	assert.Zero(t, e.ends(e.second))
}

// TestFault_D10_CollectorThatIsHaltedForLongerThanItsLease: when it goes on it leads for a moment more.
func TestFault_D10_CollectorThatIsHaltedForLongerThanItsLease(t *testing.T) {
	e := newElection(t)
	for range 2 {
		e.delivers()
		lost, won := e.first.times(leadsNoMore), e.second.times(leads)
		require.NoError(t, e.first.command.Process.Signal(syscall.SIGSTOP))
		require.Eventually(t, func() bool { return e.second.times(leads) > won }, enough, often)
		e.delivers()
		require.NoError(t, e.first.command.Process.Signal(syscall.SIGCONT))
		require.Eventually(t, func() bool { return e.first.times(leadsNoMore) > lost }, enough, often)
		e.first, e.second = e.second, e.first
	}
	e.ends(e.first, e.second)
	for id, times := range e.sink.ids() {
		assert.LessOrEqual(t, times, e.first.times(leads)+e.second.times(leads), "%s: each lead delivers it once", id)
	}
}
