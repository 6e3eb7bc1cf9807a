// SPDX-License-Identifier: Apache-2.0

package main

const (
	frontier = "internal/poll/frontier.go"
	clock    = "internal/poll/clock.go"
	arbiter  = "internal/poll/arbiter.go"
	pass     = "internal/poll/pass.go"
)

// timeMutants are mistakes in what is known of time, what is forgotten, and what is stored of it.
func timeMutants() []mutant {
	return []mutant{
		{
			"a tail's start is not bounded by the clock", frontier,
			`later(f.From, earlier(f.Watermark, now))`, `later(f.From, f.Watermark)`,
			"TestFrontierTellsWhereALaneBegins",
		},
		{
			"a rescan's position is not bounded by the clock", frontier,
			`later(f.From, earlier(f.Rescan.Position, now))`, `later(f.From, f.Rescan.Position)`,
			"TestFrontierTellsWhereALaneBegins",
		},
		{
			"a rescan's start is not bounded by the clock", frontier,
			`later(f.From, earlier(f.rescanNeeds(), now))`, `later(f.From, f.rescanNeeds())`,
			"TestFrontierTellsWhereALaneBegins",
		},
		{
			"a rescan starts at r - L where w is before it", frontier,
			`return earlier(f.Watermark, f.Rescanned.Add(-f.delay)).Add(-maxClockSkew)`,
			`return f.Rescanned.Add(-f.delay).Add(-maxClockSkew)`,
			"TestFrontierTellsWhereALaneBegins",
		},
		{
			"a rescan starts at r - L, for what an answer dated ahead hides", frontier,
			`return earlier(f.Watermark, f.Rescanned.Add(-f.delay)).Add(-maxClockSkew)`,
			`return earlier(f.Watermark, f.Rescanned.Add(-f.delay))`,
			"TestFault_E11_AnswerDatedAheadLosesNoEventLateByNearlyL",
		},
		{
			"a rescan starts at r, and not L before it", frontier,
			`return earlier(f.Watermark, f.Rescanned.Add(-f.delay)).Add(-maxClockSkew)`,
			`return earlier(f.Watermark, f.Rescanned).Add(-maxClockSkew)`,
			"TestFault_C1_LateByTheWholeDelay|TestFrontierTellsWhereALaneBegins",
		},
		{
			"a restart begins the rescan anew", frontier,
			"\tif f.Rescan.UnderWay() {\n\t\treturn later", "\tif false {\n\t\treturn later",
			"TestFault_E3_RescanUnderWayGoesOnAtOnceAfterARestart|TestFrontierTellsWhereALaneBegins",
		},
		{
			"what is needed before w is forgotten", frontier,
			`next := earlier(f.Watermark, f.Rescan.AsOf.Add(-f.delay)).Add(-maxClockSkew)`,
			`next := f.Rescan.AsOf.Add(-f.delay).Add(-maxClockSkew)`,
			"TestFrontierAdvancesWithAPass",
		},
		{
			"what is before a rescan's position is forgotten though the next one reads it", frontier,
			`return earlier(f.Rescan.Position, next)`, `return later(next.Add(-maxClockSkew), f.Rescan.Position)`,
			"TestFrontierAdvancesWithAPass",
		},
		{
			"what is behind a rescan's position is forgotten", frontier,
			`return earlier(f.Rescan.Position, next)`, `return next`,
			"TestFrontierAdvancesWithAPass",
		},
		{
			"nothing is forgotten while a rescan is under way", frontier,
			"\tif !f.Rescan.UnderWay() {\n\t\treturn f.rescanNeeds()", "\tif true {\n\t\treturn f.rescanNeeds()",
			"TestFault_E5_WhatIsRememberedDoesNotGrowWithAnOutage",
		},
		{
			"a larger L reads again what is forgotten", frontier,
			`f.From = later(f.From, f.edge())`, `f.From = f.edge()`,
			"TestLargerDelayBringsNoOldEventsAgain|TestFrontierForgetsNothingTwice",
		},
		{
			"history ends now and not L ago", frontier,
			`later(start, now.Add(-delay).Truncate(time.Second))`, `now`,
			"TestFrontierOfAFirstStart",
		},
		{
			"a slice of history has the length of a day where less is left", frontier,
			`end = earlier(start.Truncate(time.Second).Add(backfillSlice), f.Backfill.End)`,
			`end = start.Truncate(time.Second).Add(backfillSlice)`,
			"TestFrontierCutsHistoryIntoSlices",
		},
		{
			"w follows events that are dated ahead", frontier,
			`next, reached := f, earlier(position, asOf)`, `next, reached := f, position`,
			"TestEventsDatedAheadDoNotMoveTheWatermark",
		},
		{
			"history advances past its end", frontier,
			`later(f.Backfill.Next, earlier(reached, f.Backfill.End))`, `later(f.Backfill.Next, reached)`,
			"TestFrontierAdvancesWithAPass",
		},
		{
			"a rescan's position goes back", frontier,
			`checkpoint.Rescan{AsOf: asOf, Position: later(f.Rescan.Position, reached)}`,
			`checkpoint.Rescan{AsOf: asOf, Position: reached}`,
			"TestFrontierAdvancesWithAPass",
		},
		{
			"a tail stands for a rescan", frontier,
			"\tdefault:\n\t\tnext.Watermark = later(f.Watermark, asOf)", "\tdefault:\n\t\tnext.Rescanned, next.Watermark = asOf, later(f.Watermark, asOf)",
			"TestFault_E3_RestartsSoonerThanTheRescanIntervalPutNoRescanOff|TestFrontierFinishesAPass",
		},
		{
			"a rescan that is complete goes on", frontier,
			`next.Rescanned, next.Rescan = asOf, checkpoint.Rescan{}`, `next.Rescanned = asOf`,
			"TestFrontierFinishesAPass",
		},
		{
			"r stays, so that nothing is ever forgotten", frontier,
			`next.Rescanned, next.Rescan = asOf, checkpoint.Rescan{}`, `next.Rescan = checkpoint.Rescan{}`,
			"TestFrontierFinishesAPass",
		},
		{
			"clocks that differ by seconds make w go back", frontier,
			`f.Watermark.After(latest.Add(maxClockSkew))`, `f.Watermark.After(latest)`,
			"TestFrontierGoesBackWithTheClock",
		},
		{
			"w goes back to the API's time and not L before it", frontier,
			`back := now.Add(-f.delay)`, `back := now`,
			"TestFault_C9_WatermarkAheadGoesBackByTheDelayAtOnce",
		},
		{
			"r never goes back", frontier,
			`f.Rescanned = earlier(f.Rescanned, now)`, `f.Rescanned = later(f.Rescanned, now)`,
			"TestFrontierGoesBackWithTheClock",
		},
		{
			"a rescan under way outlives the clock that was set back", frontier,
			"\tf.Rescan = checkpoint.Rescan{}\n", "",
			"TestFrontierGoesBackWithTheClock",
		},
		{
			"From stays ahead of a clock that was set back", frontier,
			`if f.From.After(now) || f.From.Equal`, `if f.From.Equal`,
			"TestFault_C9_WatermarkAheadOfTheAPIIsRewound|TestFrontierGoesBackWithTheClock",
		},
		{
			"what was to become visible late and is forgotten is in no gap", frontier,
			`return later(f.From, f.unread())`, `return f.Watermark`,
			"TestFault_C10_OutageLongerThanTheRetentionIsDeclared|TestFrontierGivesUpWhatTheAPIRefuses",
		},
		{
			"a clamp declares past the history's end", frontier,
			`from, to = f.losable(kind), earlier(edge, f.Backfill.End)`, `from, to = f.losable(kind), edge`,
			"TestFrontierGivesUpWhatTheAPIRefuses",
		},
		{
			"a clamp leaves a rescan where the API refuses it", frontier,
			`f.Rescan.Position = later(f.Rescan.Position, edge)`, `f.Rescan.Position = later(f.Rescan.Position, from)`,
			"TestFrontierGivesUpWhatTheAPIRefuses",
		},
		{
			"the API's time is not taken back by the second that a date leaves open", clock,
			`local.Sub(answer.Received) - time.Second)`, `local.Sub(answer.Received))`,
			"TestClockKeepsTheAPIsTimeBetweenItsBounds",
		},
		{
			"asOf is when an answer came, and not when it was asked for", clock,
			`c.earliestAt(answer.Received.Add(-answer.Elapsed))`, `c.earliestAt(answer.Received)`,
			"TestClockKeepsTheAPIsTimeBetweenItsBounds",
		},
		{
			"the latest time is without its two seconds", clock,
			`2*time.Second+answer.Elapsed+time.Since`, `answer.Elapsed+time.Since`,
			"TestClockKeepsTheAPIsTimeBetweenItsBounds",
		},
		{
			"the latest time is without the request's duration", clock,
			`2*time.Second+answer.Elapsed+time.Since`, `2*time.Second+time.Since`,
			"TestClockKeepsTheAPIsTimeBetweenItsBounds",
		},
		{
			"the fastest of the API's clocks counts", clock,
			`if least.IsZero() || at.Before(least) {`, `if least.IsZero() || at.After(least) {`,
			"TestClockGoesByTheSlowestAndTheFastestOfFourAnswers",
		},
		{
			"the local clock is taken for the API's where nothing is known", clock,
			`return local.Round(0).UTC().Add(-maxClockSkew)`, `return local.Round(0).UTC()`,
			"TestFault_C4_WithoutADateTheWatermarkStaysFiveMinutesBehind",
		},
		{
			"small steps of the dates add up", clock,
			"case agree(c.anchor, answer):", "case agree(c.last(), answer):",
			"TestClockBelievesWhatIsSupported",
		},
		{
			"a contradicted date is asked about again and again", clock,
			`answer.Received.Sub(c.refuted.Received) < refutedFor &&`, `false &&`,
			"TestClockForgetsADisputeThatIsDecided",
		},
		{
			"dates that are wrong for hours are believed", arbiter,
			`case alike || reached == dated.After(continued):`, `case true:`,
			"TestFault_C5_DatesThatAreWrongForHoursLoseNothing",
		},
		{
			"the API's clock is not believed where it is set", arbiter,
			`case alike || reached == dated.After(continued):`, `case alike:`,
			"TestFault_C9_ClockOfTheAPIThatIsSetIsBelieved",
		},
		{
			"an API that answers whatever the start decides", arbiter,
			`case alike || reached == dated.After(continued):`, `case reached == dated.After(continued):`,
			"TestFault_C9_DatesAreBelievedWhereTheAPIDecidesNothing",
		},
		{
			"one answer that nothing supports is believed", clock,
			`return len(c.doubted) == confirmations }`, `return len(c.doubted) >= 1 }`,
			"TestClockBelievesWhatIsSupported",
		},
		{
			"answers that differ confirm each other", clock,
			`n > 0 && !agree(c.doubted[n-1], answer)`, `n > confirmations && !agree(c.doubted[n-1], answer)`,
			"TestClockBelievesWhatIsSupported",
		},
		{
			"a stranger's answers confirm each other", clock,
			"\t} else {\n\t\tc.support(answer)", "\t} else {\n\t\tc.observe(answer)",
			"TestClockBelievesWhatIsSupported",
		},
		{
			"asOf keeps the first page's, though a later page tells an earlier time", pass,
			`if p.asOf.IsZero() || at.Before(p.asOf) {`, `if p.asOf.IsZero() {`,
			"TestPassStandsForTheEarliestTimeThatItsPagesTold",
		},
		{
			"asOf is the last page's", pass,
			`if p.asOf.IsZero() || at.Before(p.asOf) {`, `if p.asOf.IsZero() || at.After(p.asOf) {`,
			"TestFault_G11_EventThatAppearsBehindARescanUnderWayIsFoundByTheNext|TestPassStandsForTheEarliestTimeThatItsPagesTold",
		},
		{
			"a tail reads whatever is dated ahead", pass,
			`return p.bounded && p.run.position.After`, `return false && p.run.position.After`,
			"TestFault_E18_EventsDatedFarAheadAreNotReadByEveryPoll",
		},
		{
			"an event that was met outside of its time is remembered by its own", pass,
			"if p.run.dated(event) {\n\t\treturn checkpoint", "if !event.Timestamp.IsZero() {\n\t\treturn checkpoint",
			"TestFault_E14_EventThatIsDatedOutsideOfItsSliceComesOnceOverARestart",
		},
		{
			"an event without a time is forgotten while it is shown", pass,
			`if p.kind == Rescan && !p.run.dated(event) {`, `if false && !p.run.dated(event) {`,
			"TestFault_P5_EventWithoutATimeIsDeliveredOnceForAsLongAsItIsShown",
		},
		{
			"the audit moves the watermark and the last rescan", frontier,
			"\tcase Audit:\n\t\treturn f\n\tcase Rescan:\n\t\tnext.Rescanned", "\tcase Rescan, Audit:\n\t\tnext.Rescanned",
			"TestFrontierIsNotMovedByTheAudit",
		},
		{
			"an hour is forgotten before it was audited", frontier,
			`edge = earlier(edge, f.Rescanned.Add(-f.depth))`, `_ = edge`,
			"TestFrontierKeepsHoursForTheAudit",
		},
		{
			"hours are audited that are not closed", frontier,
			`to:   earlier(f.Watermark, f.Rescanned).Truncate(time.Hour),`, `to:   f.Watermark.Truncate(time.Hour),`,
			"TestFrontierAuditsClosedHoursThatAreRememberedWhole",
		},
		{
			"hours are audited of which some ids are forgotten", frontier,
			`later(later(f.From, f.ComparableFrom), f.Rescanned.Add(-depth))`, `f.Rescanned.Add(-depth)`,
			"TestFrontierAuditsClosedHoursThatAreRememberedWhole",
		},
	}
}
