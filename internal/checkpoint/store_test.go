// SPDX-License-Identifier: Apache-2.0

package checkpoint_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
)

func TestLoadFindsNothingInAnEmptyStorage(t *testing.T) {
	_, loaded := reopen(t, newMemoryClient())
	assert.Equal(t, checkpoint.Loaded{}, loaded)
}

func TestStateAndIDsSurviveARestart(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	zone := time.FixedZone("", 3600)
	state := checkpoint.State{
		From: start, Watermark: start.Add(time.Nanosecond), Rescanned: start.Add(123456789),
		Rescan: checkpoint.Rescan{AsOf: start.Add(987654321), Position: start.Add(2)},
		Backfill: checkpoint.Backfill{
			Next: start.Add(-time.Hour), End: start.Add(3), Start: start.Add(-9 * time.Hour), Compared: start.Add(-8 * time.Hour),
			Proven: 1, Counted: 70, Delivered: 50, Last: 7,
		},
		MaxEventDelay: time.Hour + 1, Query: "fingerprint",
	}
	elsewhere := state
	elsewhere.From, elsewhere.Watermark, elsewhere.Rescanned = state.From.In(zone), state.Watermark.In(zone), state.Rescanned.In(zone)
	elsewhere.Rescan = checkpoint.Rescan{AsOf: state.Rescan.AsOf.In(zone), Position: state.Rescan.Position.In(zone)}
	elsewhere.Backfill.Next, elsewhere.Backfill.End = state.Backfill.Next.In(zone), state.Backfill.End.In(zone)
	elsewhere.Backfill.Start, elsewhere.Backfill.Compared = state.Backfill.Start.In(zone), state.Backfill.Compared.In(zone)
	first, second := entries(0, 500, start), entries(500, 700, start.Add(59*time.Minute+59*time.Second+500*time.Millisecond))
	commit(t, store, elsewhere, first...)
	commit(t, store, elsewhere, second...)
	require.True(t, state.Rescan.UnderWay())
	require.False(t, checkpoint.Rescan{}.UnderWay())

	again, loaded := reopen(t, client)

	assert.Equal(t, checkpoint.Loaded{State: state, Found: true}, loaded)
	assert.Equal(t, 1200, again.Remembered())
	for _, e := range append(first, second...) {
		require.True(t, seen(again, e))
	}
	assert.False(t, seen(again, entry(1200, start)))
	assert.False(t, again.Seen(first[0].ID, start.Add(-time.Hour)), "each hour has its own")
	assert.False(t, again.Seen(first[0].ID, time.Time{}))
	assert.False(t, again.Migrated())
}

func TestLoadForgetsWhatItKnewBefore(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	commit(t, store, stateAt(start), entry(1, start), undated(2, start))
	clear(client.values)
	loaded, err := store.Load(t.Context())
	require.NoError(t, err)
	assert.False(t, loaded.Found)
	assert.Zero(t, store.Remembered())
	assert.False(t, seen(store, entry(1, start)))
	assert.False(t, seen(store, undated(2, start)))
}

func TestOrganizationsShareAClientAndNothingElse(t *testing.T) {
	client := newMemoryClient()
	for _, organization := range []string{"", "5f1b1c4e0e8b7d0001a1b2c3", "own"} {
		store := checkpoint.Open(client, organization)
		loaded, err := store.Load(t.Context())
		require.NoError(t, err)
		assert.False(t, loaded.Found, organization)
		commit(t, store, stateAt(start), entry(1, start))
	}
	assert.Len(t, client.segments(), 3)
	for key := range client.values {
		assert.Regexp(t, `^(own|organization/[0-9a-z]+)/(state|delivered/492345/0)$`, key)
	}
}

func TestAnHourIsForgottenWhenNoReaderCanMeetItAgain(t *testing.T) {
	backfilling := func(next, end time.Duration) checkpoint.State {
		state := stateAt(start.Add(5 * time.Hour))
		state.Backfill = checkpoint.Backfill{Next: start.Add(next), End: start.Add(end)}
		return state
	}
	comparing := func(compared, end time.Duration) checkpoint.State {
		state := backfilling(end, end)
		state.Backfill.Compared = start.Add(compared)
		return state
	}
	dated, met := entry(1, start.Add(10*time.Minute)), undated(1, start.Add(10*time.Minute))
	for name, test := range map[string]struct {
		entry checkpoint.Entry
		state checkpoint.State
		kept  bool
	}{
		"in the hour of from":                   {dated, stateAt(start.Add(time.Hour - time.Nanosecond)), true},
		"before the hour of from":               {dated, stateAt(start.Add(time.Hour)), false},
		"in the hour where a backfill reads on": {dated, backfilling(59*time.Minute, 2*time.Hour), true},
		"behind it":                             {dated, backfilling(-9*time.Hour, 2*time.Hour), true},
		"in the hour of its end":                {dated, backfilling(-9*time.Hour, time.Minute), true},
		"before the backfill":                   {dated, backfilling(time.Hour, 2*time.Hour), false},
		"after the backfill":                    {dated, backfilling(-9*time.Hour, -time.Minute), false},
		"the backfill is complete":              {dated, backfilling(time.Minute, time.Minute), false},
		"history that is to be compared":        {dated, comparing(59*time.Minute, 9*time.Hour), true},
		"also in the hour of its end":           {dated, comparing(-9*time.Hour, time.Minute), true},
		"history that was compared":             {dated, comparing(time.Hour, 9*time.Hour), false},
		"all of it":                             {dated, comparing(time.Minute, time.Minute), false},
		"stray, in the hour of from":            {met, stateAt(start.Add(time.Hour - time.Nanosecond)), true},
		"stray, before the hour of from":        {met, stateAt(start.Add(time.Hour)), false},
		"stray, where a backfill reads on":      {met, backfilling(0, 2*time.Hour), false},
	} {
		t.Run(name, func(t *testing.T) {
			client := newMemoryClient()
			store := checkpoint.Open(client, "")
			commit(t, store, stateAt(start), test.entry)
			require.True(t, seen(store, test.entry))
			commit(t, store, test.state)
			assert.Equal(t, test.kept, seen(store, test.entry))
			assert.Equal(t, test.kept, len(client.segments()) == 1, "stored segments")

			client = newMemoryClient()
			store = checkpoint.Open(client, "")
			commit(t, store, test.state, test.entry)
			assert.Equal(t, test.kept, len(client.segments()) == 1, "what is past is not written")
			assert.Equal(t, test.kept, seen(store, test.entry))
		})
	}
}

func TestHoursBefore1970AreHours(t *testing.T) {
	epoch := time.Unix(0, 0).UTC()
	store := checkpoint.Open(newMemoryClient(), "")
	commit(t, store, stateAt(epoch.Add(-time.Hour)), entry(1, epoch.Add(-time.Minute)))
	commit(t, store, stateAt(epoch.Add(-time.Nanosecond)))
	assert.Equal(t, 1, store.Remembered())
	commit(t, store, stateAt(epoch))
	assert.Zero(t, store.Remembered())
}

func TestAStrayIsKeptAsLongAsItIsMet(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	commit(t, store, stateAt(start), undated(1, start.Add(time.Hour)), undated(2, start))
	commit(t, store, stateAt(start), undated(1, start), undated(2, start))
	assert.Equal(t, 1, client.operation, "what is kept for longer is not written again")
	assert.True(t, store.Seen(undated(1, start).ID, start.Add(-100*time.Hour)), "whatever its time")
	for range 2 {
		assert.Equal(t, 2, store.Remembered())
		store, _ = reopen(t, client)
	}
	commit(t, store, stateAt(start.Add(time.Hour)))
	assert.True(t, seen(store, undated(1, start)))
	assert.False(t, seen(store, undated(2, start)))
	commit(t, store, stateAt(start.Add(time.Hour)), undated(1, start.Add(2*time.Hour)))
	commit(t, store, stateAt(start.Add(2*time.Hour)))
	assert.True(t, seen(store, undated(1, start)))
	commit(t, store, stateAt(start.Add(3*time.Hour)))
	assert.Zero(t, store.Remembered())
	assert.Empty(t, client.segments())
}

func TestCommitCostsWhatIsNew(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	commit(t, store, stateAt(start), entries(-200, 128, start)...)
	commit(t, store, stateAt(start), entry(-1, start))
	first := client.written
	for i := range 500 {
		commit(t, store, stateAt(start), entries(i*200, 200, start)...)
	}
	commit(t, store, stateAt(start), entry(-2, start))
	assert.InDelta(t, first, client.written, 16)
	assert.Equal(t, 2, client.operation)
	assert.LessOrEqual(t, testing.AllocsPerRun(1, func() {
		commit(t, store, stateAt(start), entry(-3, start))
	}), 60.0)
	commit(t, store, stateAt(start), entries(0, 200, start)...)
	assert.Equal(t, 1, client.operation, "what is remembered is not written again")
}

func TestSmallBatchesBecomeFewSegments(t *testing.T) {
	const commits = 10_000
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	operations, most := 0, 0
	for i := range commits {
		at := start.Add(time.Duration(i) * time.Second)
		state := stateAt(start)
		state.Watermark = at
		commit(t, store, state, entry(i, at))
		operations += client.operation
		most = max(most, client.written)
	}
	assert.LessOrEqual(t, len(client.segments()), commits/128+3)
	assert.LessOrEqual(t, operations, 2*commits+3)
	assert.LessOrEqual(t, most, 128*16+2*500, "bytes of one commit")

	again, loaded := reopen(t, client)
	require.Zero(t, loaded.DamagedSegments)
	require.Equal(t, commits, again.Remembered())
	commit(t, again, stateAt(start.Add(commits*time.Second+time.Hour)))
	require.Empty(t, client.segments())
}

// aheadOf commits one event of now and one that is dated ahead, again and again.
func aheadOf(t *testing.T, client storage.Client, commits int, ahead func(i int) time.Duration) (*checkpoint.Store, []checkpoint.Entry, checkpoint.State) {
	t.Helper()
	store := checkpoint.Open(client, "")
	var dated []checkpoint.Entry
	var state checkpoint.State
	for i := range commits {
		now := start.Add(time.Duration(i) * 30 * time.Second)
		state = stateAt(now)
		state.From = now.Add(-65 * time.Minute)
		dated = append(dated, entry(2*i, now.Add(ahead(i))))
		commit(t, store, state, dated[i], entry(2*i+1, now))
	}
	return store, dated, state
}

func TestEventsDatedAheadLeaveFewSegmentsAndNoneIsForgotten(t *testing.T) {
	client := newMemoryClient()
	year := func(int) time.Duration { return 365 * 24 * time.Hour }
	store, dated, state := aheadOf(t, client, 20_000, year) // a week of polls every 30 s
	assert.Less(t, len(client.segments()), 1000)
	again, _ := reopen(t, client)
	for _, e := range dated {
		require.True(t, seen(store, e))
		require.True(t, seen(again, e))
	}
	state.From = start.AddDate(2, 0, 0)
	commit(t, again, state)
	assert.Zero(t, again.Remembered())
	assert.Empty(t, client.segments())
}

func TestAnyNumberOfEventsDatedAheadIsRemembered(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	const commits = 100_000
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	for i := range commits {
		commit(t, store, stateAt(start), entry(i, start.Add(365*24*time.Hour)))
	}
	again, _ := reopen(t, client)
	for i := range commits {
		require.True(t, seen(again, entry(i, start.Add(365*24*time.Hour))), i)
	}
	assert.Equal(t, commits, store.Remembered())
	assert.LessOrEqual(t, len(client.segments()), commits/128+1)
}

func TestWrongClocksDoNotMakeEveryCommitPay(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for name, hours := range map[string]int{"each hour": 1, "each third day": 72, "over two centuries": 250} {
		t.Run(name, func(t *testing.T) {
			client := newMemoryClient()
			store, dated, state := aheadOf(t, client, 10_000, func(i int) time.Duration { return time.Duration(i*hours) * time.Hour })
			commit(t, store, state, entry(-1, state.Watermark))
			assert.Less(t, client.written, 4<<10)
			again, _ := reopen(t, client)
			for _, e := range dated[9_000:] {
				require.True(t, seen(store, e))
				require.True(t, seen(again, e))
			}
		})
	}
}

func TestAnEventDatedAheadKeepsNoOthers(t *testing.T) {
	client := newMemoryClient()
	store := checkpoint.Open(client, "")
	ahead := entry(1, start.Add(24*30*time.Hour))
	commit(t, store, stateAt(start), ahead, entry(2, start))
	for i := range 1000 {
		at := start.Add(time.Duration(i) * 10 * time.Minute)
		commit(t, store, stateAt(at), entry(100+i, at))
	}
	assert.LessOrEqual(t, store.Remembered(), 1+6)
	assert.True(t, seen(store, ahead))
	client.read = 0
	again, loaded := reopen(t, client)
	assert.Zero(t, loaded.DamagedSegments)
	assert.True(t, seen(again, ahead))
	assert.LessOrEqual(t, client.read, 8, "what is forgotten is not looked for")
}

// TestMemoryIsNearThatOfTheIDs remembers a million ids and forgets them.
func TestMemoryIsNearThatOfTheIDs(t *testing.T) {
	for _, batch := range []int{1000, 100_000} {
		added := random(1_000_000, start)
		before := heap()
		store := remember(t, storage.NewNopClient(), added, batch)
		require.Equal(t, len(added), store.Remembered())
		full := heap()
		commit(t, store, stateAt(start.Add(time.Hour)))
		t.Logf("%.1f bytes an id", (full-before)/float64(len(added)))
		assert.Less(t, full-before, 48.0*float64(len(added)), "batches of %d", batch)
		assert.Less(t, heap()-before, 1.0*float64(len(added)), "batches of %d, forgotten", batch)
		runtime.KeepAlive(added)
		runtime.KeepAlive(store)
	}
}

// A replica that does not know yet that it leads no more writes beside the one that leads.
func TestWhatTwoWritersRememberIsFoundByTheNext(t *testing.T) {
	client := newMemoryClient()
	former := checkpoint.Open(client, "")
	commit(t, former, stateAt(start), entry(0, start))
	leader, _ := reopen(t, client)
	var all []checkpoint.Entry
	for i := range 25 {
		ofFormer, ofLeader := entries(1000+100*i, 100, start), entries(5000+70*i, 70, start)
		commit(t, former, stateAt(start), ofFormer...)
		commit(t, leader, stateAt(start), ofLeader...)
		all = append(append(all, ofFormer...), ofLeader...)
	}
	next, loaded := reopen(t, client)
	assert.Zero(t, loaded.DamagedSegments)
	for _, e := range all {
		require.True(t, seen(next, e))
	}
	past := stateAt(start.Add(48 * time.Hour))
	commit(t, next, past)
	assert.Empty(t, client.segments(), "and it removes all of it")
}
