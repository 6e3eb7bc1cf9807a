// SPDX-License-Identifier: Apache-2.0

package main

const (
	lanes = "internal/poll/lanes.go"
	lane  = "internal/poll/lane.go"
	ahead = "internal/poll/ahead.go"
)

// turnMutants are mistakes in whose turn it is, and in what is asked ahead.
func turnMutants() []mutant {
	return []mutant{
		{
			"a rescan that fails holds live events back", lanes,
			`if l.rescan.pass == nil || l.rescan.failing() {`, `if l.rescan.pass == nil {`,
			"TestFault_E20_LiveEventsComeWhereTheRescanAfterAnOutageFails",
		},
		{
			"after an outage everything is read twice", lanes,
			`return !position.After(now) && f.Watermark.Sub(position)`, `return false && f.Watermark.Sub(position)`,
			"TestFault_E6_BacklogOfAnOutageIsReadOnce",
		},
		{
			"live events wait for the whole rescan", lanes,
			`<= now.Sub(f.Watermark)`, `<= now.Sub(time.Time{})`,
			"TestFault_E4_RescanUnderWayHoldsNoLiveEventBack",
		},
		{
			"live events leave no time for the other lanes", lanes,
			`(other == nil || l.streak < liveShare):`, `(other == nil || true):`,
			"TestABackfillGetsOnWhereTailsTakeAllTheTime",
		},
		{
			"history starves the rescans", lanes,
			`beside := []*lane{l.rescan, l.past(), l.audit}
	first := slices.Index(beside, l.last) + 1`, `beside := []*lane{l.past(), l.rescan, l.audit}
	first := 0 * slices.Index(beside, l.last)`,
			"TestRescansGoOnBesideALongHistory",
		},
		{
			"rescans starve history", lanes,
			`first := slices.Index(beside, l.last) + 1`, `first := 0 * slices.Index(beside, l.last)`,
			"TestHistoryGoesOnBesideRescansThatNeverEnd",
		},
		{
			"a rescan that goes on takes the time of the restart for its own", lanes,
			`p.asOf, p.bounded = f.Rescan.AsOf, true`, `p.bounded = true`,
			"TestRescanThatGoesOnAfterARestartStandsForItsFirstPage",
		},
		{
			"each restart puts the next rescan off", lanes,
			`Add(l.rescanInterval - since)`, `Add(l.rescanInterval - 0*since)`,
			"TestFault_E3_RestartsSoonerThanTheRescanIntervalPutNoRescanOff",
		},
		{
			"a first answer that asks to wait is kept by one lane only", lanes,
			`lane.attempt.notBefore = tries.notBefore`, `_ = lane`,
			"TestEachLaneWaitsAfterAFirstRequestThatFailed",
		},
		{
			"a pass goes on with the page that another one asked ahead", ahead,
			`return r.run == run && bytes.Equal(r.query.SearchAfter, run.token)`, `return r.run != run || bytes.Equal(r.query.SearchAfter, run.token)`,
			"TestOnePageIsAskedForAheadAtMost",
		},
		{
			"the page ahead outlives a failure", ahead,
			"page, nil\n\t\t}\n\t\tf.dropAhead()", "page, nil\n\t\t}",
			"TestAFailureEndsThePageThatWasAskedForAhead|TestAFailureOfThePageAheadIsMetAtItsTurn",
		},
	}
}

// laneMutants are mistakes in what a lane asks for.
func laneMutants() []mutant {
	return []mutant{
		{
			"a run begins in the future", lane,
			`start = earlier(start, l.clock.earliest())`, `_ = start`,
			"TestFault_E18_EventsDatedFarAheadAreNotReadByEveryPoll",
		},
		{
			"a pass under a new query begins at its start", lane,
			`l.begin(before.position)`, `l.begin(before.query.Start)`,
			"TestFault_G3_WithoutATokenEachPageBeginsAtTheLastMillisecond",
		},
		{
			"a lane asks before its wait is over", lane,
			`return (l.pass != nil || l.asks) && !l.attempt.notBefore.After(now)`, `return l.pass != nil || l.asks`,
			"TestEachLaneWaitsAfterAFirstRequestThatFailed",
		},
		{
			"pages stay small for the sake of one event", lane,
			"\tl.whole = newPageSize(l.whole.configured)\n", "",
			"TestFault_P6_PagesAreAsLargeAsBeforeOnceALargeEventIsPassed",
		},
		{
			"a light pass stays light where an event is new", lane,
			`l.pass.missedAt, l.pass.partial, l.pass.raised = l.pass.run.position, "", false`, `l.pass.partial = ""`,
			"TestRescansGoOnBesideALongHistory",
		},
		{
			"what is beside an event that can't be fetched whole is not read whole before", pass,
			`if at.After(p.run.query.Start) && !at.Equal(p.missedAt) {`, `if at.After(p.run.query.Start) && false {`,
			"TestFault_E7_EventsBesideOneThatIsTooLargeAndDatedAheadComeWhole",
		},
		{
			"an event that can't be fetched whole is looked for without an end, ahead of now", pass,
			`if at.After(p.run.query.Start) && !at.Equal(p.missedAt) {`, `if at.After(p.run.query.Start) {`,
			"TestFault_E7_EventThatIsTooLargeAndDatedAheadStopsNothing",
		},
		{
			"a bypass goes on with the page that was asked ahead", lane,
			"l.pass.partial = reason\n\tl.begin(l.pass.run.place())", "l.pass.partial = reason\n\tl.pass.run.query.Fields = lightFields()",
			"TestFault_P2_EventThatBreaksItsPageBehindATieIsPassed|TestFault_E7_EventThatIsTooLargeIsPassedWhereTokensAreBoundToTheirQuery",
		},
		{
			"the page that failed is taken to be as large as pages are by now", lane,
			`if !l.size().halve(l.pass.run.query.Limit) {`, `if !l.size().halve(l.size().limit) {`,
			"TestFault_P2_EventThatBreaksItsPageBehindATieIsPassed",
		},
	}
}
