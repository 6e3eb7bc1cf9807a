// SPDX-License-Identifier: Apache-2.0

package checkpoint_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
)

// gapAt is a gap of a reason, of a minute that begins so many minutes after start.
func gapAt(reason string, minutes int) checkpoint.Gap {
	from := start.Add(time.Duration(minutes) * time.Minute)
	return checkpoint.Gap{Reason: reason, From: from, To: from.Add(time.Minute), Events: 1, Declared: start}
}

func with(state checkpoint.State, gaps ...checkpoint.Gap) checkpoint.State {
	for _, gap := range gaps {
		state, _ = state.WithGap(gap)
	}
	return state
}

func TestNotesAreStored(t *testing.T) {
	client := newMemoryClient()
	state := with(stateAt(start), gapAt("retention", 0), gapAt("permanent", 7)).WithNames("service/sso", "event_type/x").WithNamesLearned()
	state.Newest = start.Add(time.Second)
	require.NoError(t, checkpoint.Open(client, "").Commit(t.Context(), state, nil))
	loaded, err := checkpoint.Open(client, "").Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, state, loaded.State)
	assert.True(t, loaded.State.NamesLearned())
	assert.True(t, loaded.State.Met().Has("service/sso"))
	assert.False(t, loaded.State.Met().Has("service/ldap"))
	assert.NotContains(t, string(client.values["own/state"]), "sso")
	assert.Equal(t, []checkpoint.Gap{gapAt("permanent", 7)}, loaded.State.WithoutGap(gapAt("retention", 0)).Gaps())
}

// A state that an earlier release stored has no notes.
func TestStateWithoutNotesIsLoaded(t *testing.T) {
	client := newMemoryClient()
	client.values["own/state"] = stored(2, `{"state":{"from":"2026-03-02T09:00:00Z","watermark":"2026-03-02T09:00:00Z","rescanned":"2026-03-02T09:00:00Z"},"segments":{}}`)
	loaded, err := checkpoint.Open(client, "").Load(t.Context())
	require.NoError(t, err)
	require.True(t, loaded.Found)
	assert.Empty(t, loaded.State.Gaps())
	assert.Empty(t, loaded.State.Met())
	assert.False(t, loaded.State.NamesLearned())
	assert.True(t, loaded.State.Newest.IsZero())
}

func TestStatesThatShareNotesAreEqual(t *testing.T) {
	one := with(stateAt(start), gapAt("retention", 0))
	other := one
	require.True(t, one == other)                                                         //nolint:testifylint // the operator is what is tried
	require.False(t, with(other, gapAt("retention", 5)) == one, "the first is as it was") //nolint:testifylint // as above
	assert.Len(t, one.Gaps(), 1)
}

func TestGapsThatMeetAreOne(t *testing.T) {
	state := with(stateAt(start), gapAt("retention", 0), gapAt("retention", 1), gapAt("permanent", 2), gapAt("retention", 3))
	joined := gapAt("retention", 0)
	joined.To, joined.Events = start.Add(2*time.Minute), 2
	assert.Equal(t, []checkpoint.Gap{joined, gapAt("permanent", 2), gapAt("retention", 3)}, state.Gaps())
}

func TestGapsAreBounded(t *testing.T) {
	state, joins := stateAt(start), 0
	for n := range 1000 {
		reason, at := "permanent", 10*n
		if n%2 == 0 {
			reason = "gave_up"
		}
		next, joined := state.WithGap(gapAt(reason, at))
		if state = next; joined {
			joins++
		}
	}
	require.Len(t, state.Gaps(), 128)
	assert.Equal(t, 1000-128, joins)
	events, told := 0, 0
	for _, gap := range state.Gaps() {
		events += gap.Events
		told += gap.Joined
	}
	assert.Equal(t, 1000, events, "none of them is forgotten")
	assert.Equal(t, 1000-128, told)
}

func TestGapOfATimeThatCannotBeStoredHasNone(t *testing.T) {
	far := checkpoint.Gap{Reason: "oversize", From: time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC), Events: 1, Declared: start}
	far.To = far.From.Add(time.Millisecond)
	state := with(stateAt(start), far)
	require.NoError(t, checkpoint.Open(newMemoryClient(), "").Commit(t.Context(), state, nil))
	assert.Equal(t, []checkpoint.Gap{{Reason: "oversize", Events: 1, Declared: start}}, state.Gaps())
}

func TestNamesAreBounded(t *testing.T) {
	state := stateAt(start)
	for n := range 1000 {
		state = state.WithNames(fmt.Sprint("name", n))
	}
	assert.True(t, state.Met().Full())
	assert.Len(t, state.Met(), 4*checkpoint.MaxNames)
	assert.True(t, state.Met().Has("name0"))
	assert.False(t, state.Met().Has("name999"))
}

// An event that is given up never comes again once its id is stored.
func TestTornCommitForgetsNoGap(t *testing.T) {
	for torn := range 6 {
		client := newMemoryClient()
		store := checkpoint.Open(client, "")
		commit(t, store, stateAt(start), entry(1, start))
		lossy := with(stateAt(start), gapAt("permanent", 0))
		client.tearAfter = torn
		_ = store.Commit(t.Context(), lossy, []checkpoint.Entry{entry(2, start)})
		client.tearAfter = -1
		again := checkpoint.Open(client, "")
		loaded, err := again.Load(t.Context())
		require.NoError(t, err)
		if seen(again, entry(2, start)) {
			assert.Len(t, loaded.State.Gaps(), 1, "torn after %d operations", torn)
		}
	}
}
