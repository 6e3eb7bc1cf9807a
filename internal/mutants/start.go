// SPDX-License-Identifier: Apache-2.0

package main

const (
	retention = "internal/poll/retention.go"
	keeper    = "internal/poll/keeper.go"
	start     = "internal/poll/start.go"
)

// startMutants are mistakes in where a process begins, in what is stored, and in what is declared lost.
func startMutants() []mutant {
	return []mutant{
		{
			"the edge of the retention goes by the API's clock alone", retention,
			`earlier(r.clock.earliest(), time.Now().UTC())`, `r.clock.earliest()`,
			"TestFault_E13_DatesFarAheadGiveNoHistoryUp",
		},
		{
			"the same loss is declared again and again", retention,
			"\t*judged = to\n", "",
			"TestRetentionTellsWhatAPageShowsNothingOf",
		},
		{
			"a loss is declared though the API shows that time", retention,
			"event.Timestamp.Before(edge) && !event", "false && !event",
			"TestRetentionTellsWhatAPageShowsNothingOf",
		},
		{
			"the retention is declared past the slice's end", retention,
			`to, judged = earlier(edge, end), &r.judgedHistory`, `judged = &r.judgedHistory`,
			"TestRetentionTellsWhatAPageShowsNothingOf",
		},
		{
			"a commit that failed counts as done", keeper,
			"delivered)\n\t\tif err == nil {", "delivered)\n\t\tif true {",
			"TestFault_S10_ReadingStopsWhileTheStorageRefuses",
		},
		{
			"a stop gives the batch that was delivered no time to be stored", keeper,
			`WithGrace(ctx, CommitGrace)`, `WithGrace(ctx, 0)`,
			"TestBatchThatWasDeliveredBeforeAStopIsRemembered",
		},
		{
			"progress without events is not stored", keeper,
			`if moved == k.stored {`, `if true {`,
			"TestFault_E3_RescanUnderWayGoesOnAtOnceAfterARestart",
		},
		{
			"ids of the first format are not looked for", keeper,
			`|| k.store.Migrated() && k`, `|| false && k`,
			"TestEventsThatTheFirstFormatRemembersDoNotComeAgain",
		},
		{
			"what the API refused to answer for is given up silently", keeper,
			`if from.Before(to) {`, `if false {`,
			"TestFault_A4_StartBeforeTheRetentionGoesOnAtItsEdge",
		},
		{
			"a watermark ahead of the clock is kept at a start", start,
			"\te.keeper.rewind()\n", "",
			"TestWatermarkThatAStartTellsIsWhereReadingBegins",
		},
		{
			"a rescan under way is put off by a restart", start,
			`if !f.Rescan.UnderWay() {`, `if true {`,
			"TestFault_E3_RescanUnderWayGoesOnAtOnceAfterARestart",
		},
		{
			"the first request asks for a whole event", start,
			"\t\tFields:   lightFields(),\n", "",
			"TestFault_E9_FirstContactNeedsNoWholeEventAndNoRightLocalClock",
		},
		{
			"an API's time that its answers do not agree on is believed at once", start,
			`if e.arbiter.settled(ctx) || len(e.clock.doubted) == 0 || answers`, `if true || answers`,
			"TestFirstStartBeginsAtTheAPIsTimeWhereTheLocalClockIsOff",
		},
		{
			"history from before the retention is not clamped", start,
			`start, clamped = edge, true`, `clamped = true`,
			"TestHistoryFromBeforeTheRetentionBeginsAtItsEdge",
		},
		{
			"a checkpoint that cannot be read is taken for an empty one", start,
			`if err == nil {
			e.loaded = loaded`, `if true {
			e.loaded = loaded`,
			"TestFault_S4_LoadFailsWhereTheStateIsNotKnown",
		},
	}
}
