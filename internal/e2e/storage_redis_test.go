// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

func TestKillsLoseNothingWithRedis(t *testing.T) {
	redis := newRedis(t)
	api, expected := history(20_000)
	sink := newBackend(t)
	collector := install(t, serve(t, api), sink.server.URL, hour)
	collector.useRedis(redis.address)
	killTwice(t, collector, sink, expected)
}

func TestFault_S10_StoppedRedisStopsReadingUntilItIsBack(t *testing.T) {
	redis := newRedis(t)
	api, expected := history(20_000)
	sink := newBackend(t)
	collector := install(t, serve(t, api), sink.server.URL, hour)
	collector.useRedis(redis.address)
	collector.start()
	for stops, share := range []int{5, 2} {
		require.Eventually(t, func() bool { return len(sink.ids()) > len(expected)/share }, enough, often, collector.output.String)
		redis.stop()
		require.Eventually(t, func() bool {
			return strings.Count(collector.output.String(), "the storage does not take the checkpoint") > stops
		}, enough, often, collector.output.String)
		taken := sink.total.Load()
		assert.Never(t, func() bool { return sink.total.Load() > taken+batch }, time.Second, often, "no more than the batch under way")
		redis.start()
	}
	sink.complete(t, collector, expected)
	collector.signal(syscall.SIGTERM)
	_, again := sink.compare(expected)
	assert.Zero(t, again, "a storage that fails costs no duplicate while the collector lives")

	collector.start()
	api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: "after", Time: time.Now()})
	require.Eventually(t, func() bool { return sink.ids()["after"] == 1 }, enough, often, collector.output.String)
	collector.signal(syscall.SIGTERM)
	_, again = sink.compare(expected)
	assert.Zero(t, again)
}

func TestFault_S4_StoppedRedisAtTheStartIsNoEmptyStorage(t *testing.T) {
	redis := newRedis(t)
	api, expected := history(500)
	sink := newBackend(t)
	collector := install(t, serve(t, api), sink.server.URL, hour)
	collector.useRedis(redis.address)
	collector.start()
	sink.complete(t, collector, expected)
	collector.signal(syscall.SIGTERM)
	redis.stop()

	collector.chapter()
	collector.refused()
	assert.Contains(t, collector.output.String(), "loading the checkpoint: reading the stored state")
	assert.Contains(t, collector.output.String(), "connection refused")
	assert.Empty(t, collector.starts())

	redis.start()
	collector.chapter()
	collector.start()
	require.Eventually(t, func() bool { return len(collector.starts()) == 1 }, enough, often, collector.output.String)
	collector.signal(syscall.SIGTERM)
	assert.Equal(t, []string{"continued"}, collector.starts())
	_, again := sink.compare(expected)
	assert.Zero(t, again)
}

func TestFault_S6_FlushedRedisIsAFreshStartThatIsTold(t *testing.T) {
	redis := newRedis(t)
	api, expected := history(500)
	sink := newBackend(t)
	collector := install(t, serve(t, api), sink.server.URL, hour)
	collector.useRedis(redis.address)
	collector.start()
	sink.complete(t, collector, expected)
	collector.signal(syscall.SIGTERM)

	require.Equal(t, "+OK\r\n", redis.ask("FLUSHALL"))
	collector.chapter()
	collector.start()
	require.Eventually(t, func() bool { return len(collector.starts()) == 1 }, enough, often, collector.output.String)
	assert.Equal(t, []string{"fresh"}, collector.starts())
	assert.Equal(t, 1, strings.Count(collector.output.String(), "No checkpoint is stored: beginning now"))
	require.Eventually(t, func() bool { _, again := sink.compare(expected); return again == len(expected) }, enough, often,
		"the backfill is read again, and so nothing is lost")
	collector.signal(syscall.SIGTERM)
}

func TestFault_S6_RedisFlushedWhileTheCollectorRunsCostsNothingYet(t *testing.T) {
	redis := newRedis(t)
	api, expected := history(500)
	sink := newBackend(t)
	collector := install(t, serve(t, api), sink.server.URL, hour)
	collector.useRedis(redis.address)
	collector.start()
	sink.complete(t, collector, expected)
	require.Equal(t, "+OK\r\n", redis.ask("FLUSHALL"))
	api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: "after", Time: time.Now()})
	require.Eventually(t, func() bool { return sink.ids()["after"] == 1 }, enough, often, collector.output.String)
	collector.signal(syscall.SIGTERM)
	collector.start()
	require.Eventually(t, func() bool { return len(collector.starts()) == 2 }, enough, often, collector.output.String)
	assert.Equal(t, []string{"fresh", "continued"}, collector.starts(), "the running collector has written its state again")
	collector.signal(syscall.SIGTERM)
}

func TestFault_S13_KillInATornBatchLosesNothing(t *testing.T) {
	redis := newRedis(t)
	proxy := newTearing(t, redis.address)
	api, expected := history(20_000)
	sink := newBackend(t)
	collector := install(t, serve(t, api), sink.server.URL, hour)
	collector.useRedis(proxy.listener.Addr().String())
	const kills = 4
	for kill := range kills {
		collector.start()
		require.Eventually(t, func() bool { return len(sink.ids()) > len(expected)*(kill+1)/(kills+2) }, enough, often, collector.output.String)
		torn := proxy.torn.Load()
		proxy.active.Store(true)
		require.Eventually(t, func() bool { return proxy.torn.Load() > torn }, enough, often, collector.output.String)
		collector.signal(syscall.SIGKILL)
		proxy.active.Store(false)
	}
	collector.start()
	sink.complete(t, collector, expected)
	collector.signal(syscall.SIGTERM)
	_, again := sink.compare(expected)
	t.Logf("of %d events none is missing after %d torn batches, %d came again", len(expected), kills, again)
	assert.LessOrEqual(t, again, kills*batch)
	assert.NotContains(t, collector.output.String(), "The stored checkpoint is damaged")
}
