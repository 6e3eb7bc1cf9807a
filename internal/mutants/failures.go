// SPDX-License-Identifier: Apache-2.0

package main

const (
	handle    = "internal/poll/handle.go"
	isolation = "internal/poll/isolation.go"
	attempts  = "internal/poll/attempt.go"
)

// failureMutants are mistakes in what follows a failure.
func failureMutants() []mutant {
	return []mutant{
		{
			"what hangs is asked for again before live events had as long", attempts,
			`min(minWait, settings.Initial), a.took)`, `min(minWait, settings.Initial))`,
			"TestFault_E2_LiveEventsHaveAsMuchTimeAsWhatHangs",
		},
		{
			"the edge of the retention is taken where the position is further", handle,
			`if next := later(p.run.position, edge); p.end`, `if next := edge; p.end`,
			"TestFault_A4_RetentionThatEndsInsideASliceRepeatsNothing",
		},
		{
			"a refused start stays where it is", handle,
			`edge = start.Add(retentionStep)`, `edge = start`,
			"TestFault_A4_HistoryGoesOnWhereTheAPIKeepsLessThanItsRefusalSays",
		},
		{
			"a token that an outage made stale is kept for ever", handle,
			`l.attempt.consecutive >= staleAfter && !l`, `false && !l`,
			"TestFault_A1_TokenOfTheHistoryThatAnOutageMadeStaleIsGivenUp",
		},
		{
			"answers that are no page give an event up", handle,
			`!l.shrink() && isMalformed(err) {`, `!l.shrink() {`,
			"TestFault_P2_AnswersThatAreNoPageGiveNoEventUp",
		},
		{
			"an event that the API can't show stops the reading", isolation,
			"\tdefault:\n\t\tm.place = time.Time{}\n\t\tl.bypass(LossUnreadable)\n", "",
			"TestFault_E21_EventThatAGatewayRefusesIsPassedBy",
		},
		{
			"an API that shows no event whole for a while costs events", isolation,
			`m.seen < confirmations || now.Sub(m.since) < isolateFor`, `m.seen < confirmations`,
			"TestAPIThatShowsNoEventWholeForAWhileCostsNone",
		},
		{
			"an outage is taken for an event's fault", isolation,
			"m.place = time.Time{}\n\t\tif !l.light", "if !l.light",
			"TestOutageThatEndsBetweenTwoLooksCostsNoEvent",
		},
		{
			"a gateway that gives up on large pages gets them for ever", handle,
			`case l.misses.heavy < shrinkAfter || l.shrink():`, `case true:`,
			"TestFault_E1_GatewayThatGivesUpOnLargePagesGetsSmallOnes",
		},
		{
			"a pass outlives the clock that was set back under it", handle,
			`if (l.kind == Tail || l.kind == Rescan) && l.pass != nil && l.pass.run.query.Start.After(e.clock.latest()) {`, `if false {`,
			"TestFault_C5_ClockSetBackBehindWhatIsRememberedLosesNoLateEvent|TestFault_C5_ClockSetBackSoonAfterTheStartReachesNoFurtherBackThanTheStart|TestFault_C9_WatermarkAheadGoesBackByTheDelayAtOnce",
		},
	}
}
