// SPDX-License-Identifier: Apache-2.0

package main

const (
	frontier = "internal/poll/frontier.go"
)

// startTimeMutants are mistakes in where a lane begins.
func startTimeMutants() []mutant {
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
			"a slice of history has the length of a day where less is left", frontier,
			`end = earlier(start.Truncate(time.Second).Add(backfillSlice), f.Backfill.End)`,
			`end = start.Truncate(time.Second).Add(backfillSlice)`,
			"TestFrontierCutsHistoryIntoSlices",
		},
	}
}

// frontierMutants are mistakes in how far a lane is, what is forgotten, and what is given up.
func frontierMutants() []mutant {
	return []mutant{
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
