// SPDX-License-Identifier: Apache-2.0

package main

const (
	lanes      = "internal/poll/lanes.go"
	lane       = "internal/poll/lane.go"
	ahead      = "internal/poll/ahead.go"
	runs       = "internal/poll/run.go"
	settlement = "internal/poll/settlement.go"
	batch      = "internal/poll/batch.go"
	read       = "internal/poll/read.go"
	handle     = "internal/poll/handle.go"
	isolation  = "internal/poll/isolation.go"
)

// laneMutants are mistakes in whose turn it is, in what is asked for, and on the way of an event.
func laneMutants() []mutant {
	return []mutant{
		{
			"a tail goes on at a place that a rescan has passed", read,
			`e.lanes.tail.overtaken(p.asOf)`, ``,
			"TestFault_E2_TailThatRescansOvertookReadsNothingAgain",
		},
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
			"a run begins in the future", lane,
			`start = earlier(start, now)`, `_ = start`,
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
			"a pass goes on with the page that another one asked ahead", ahead,
			`return r.run == run && bytes.Equal(r.query.SearchAfter, run.token)`, `return r.run != run || bytes.Equal(r.query.SearchAfter, run.token)`,
			"TestOnePageIsAskedForAheadAtMost",
		},
		{
			"a bypass goes on with the page that was asked ahead", lane,
			"l.pass.partial = reason\n\tl.begin(l.pass.run.position)", "l.pass.partial = reason\n\tl.pass.run.query.Fields = lightFields()",
			"TestFault_P2_EventThatBreaksItsPageBehindATieIsPassed|TestFault_E7_EventThatIsTooLargeIsPassedWhereTokensAreBoundToTheirQuery",
		},
		{
			"the page ahead outlives a failure", ahead,
			"page, nil\n\t\t}\n\t\tf.dropAhead()", "page, nil\n\t\t}",
			"TestAFailureEndsThePageThatWasAskedForAhead|TestAFailureOfThePageAheadIsMetAtItsTurn",
		},
		{
			"pages grow before the event that breaks them, each time anew", lane,
			`!full || run.position.After(run.query.Start)`, `true || run.position.After(run.query.Start)`,
			"TestFault_P2_EventThatBreaksItsPageBehindATieIsPassed",
		},
		{
			"a page out of order moves the start", runs,
			`if r.ordered && r.dated(event) {`, `if r.dated(event) {`,
			"TestFault_P11_PageOutOfOrderIsDelivered|TestFault_P11_AfterPagesOutOfOrderNothingIsPassedOver",
		},
		{
			"an order that breaks between two pages is not noticed", runs,
			`last := r.position`, `last := time.Time{}`,
			"TestRunIsWhereItsPagesLeadInOrder",
		},
		{
			"a pass's position is its start", runs,
			"r.position = later(r.position, event.Timestamp.Truncate(time.Millisecond))\n\t}\n}", "_ = event\n\t}\n}",
			"TestRunIsWhereItsPagesLeadInOrder",
		},
		{
			"a position is within a millisecond, whose other events are passed over", runs,
			"r.position = later(r.position, event.Timestamp.Truncate(time.Millisecond))\n\t}\n}", "r.position = later(r.position, event.Timestamp)\n\t}\n}",
			"TestRunIsWhereItsPagesLeadInOrder",
		},
		{
			"a slice excludes nothing", runs,
			`return !end.IsZero() && !event.Timestamp.Before(end) && event`, `return false && event`,
			"TestRunLeavesTheMillisecondOfItsEndToTheNext",
		},
		{
			"a slice excludes whatever is behind its end", runs,
			`&& event.Timestamp.Before(end.Add(time.Millisecond))`, ``,
			"TestRunLeavesTheMillisecondOfItsEndToTheNext",
		},
		{
			"an event from before the start tells where a run is", runs,
			`return !at.IsZero() && !at.Before(r.query.Start) && (`, `return !at.IsZero() && (`,
			"TestFault_E14_EventThatIsDatedOutsideOfItsSliceIsDelivered|TestFault_P12_EventThatWasNotAskedForIsDeliveredOnce",
		},
		{
			"paging runs in a circle of tokens", runs,
			`if r.hasToken(page.Token) {`, `if false {`,
			"TestFault_G5_EitherSignOfACircleEndsIt",
		},
		{
			"paging runs in a circle of pages", runs,
			"firstIDs[first] = struct{}{}\n\treturn found", "firstIDs[first] = struct{}{}\n\treturn found && false",
			"TestFault_G5_EitherSignOfACircleEndsIt",
		},
		{
			"an event that comes twice in a page is delivered twice", settlement,
			`known := pending.contains(id) || s`, `known := s`,
			"TestFault_P9_IDThatComesTwiceInAPageIsDeliveredOnce",
		},
		{
			"a light page passes over an event that is new", settlement,
			"\t\t\ts.stop(event)\n\t\t\treturn s.accept(ctx, pending)", "\t\t\tcontinue",
			"TestRescansAskForIDsUntilAnEventIsNew",
		},
		{
			"a page that is not light is taken for a light one", settlement,
			`if s.lane.pass.partial != "" || !slices`, `if true || !slices`,
			"TestFault_E24_RescansAreWholeWhereLightPagesAreNotAsDocumented",
		},
		{
			"a light page that stops moves the position past what it did not read", settlement,
			`if run := s.lane.pass.run; run.ordered && run.dated(event) {`, `if run := s.lane.pass.run; run.dated(event) {`,
			"TestFault_P11_LightPageOutOfOrderPassesOverNothing",
		},
		{
			"a known event does not move the position", settlement,
			"\tp.run.passed(event)\n\tp.renew", "\tp.renew",
			"TestFault_E3_RescanUnderWayGoesOnAtOnceAfterARestart",
		},
		{
			"a late event is told as live", settlement,
			`return DeliveryLate`, `return DeliveryLive`,
			"TestFault_C1_LateEventIsDeliveredOnce",
		},
		{
			"a batch is delivered after a stop", settlement,
			"if err := ctx.Err(); err != nil {", "if err := ctx.Err(); false {",
			"TestNoBatchIsDeliveredAfterAStop",
		},
		{
			"a batch that was not accepted is remembered", settlement,
			"delivered, err := e.keeper.consumer.Deliver(ctx, batch)\n\tif err != nil {",
			"delivered, err := e.keeper.consumer.Deliver(ctx, batch)\n\tif err != nil && false {",
			"TestFault_D2_BatchThatWasNotSettledComesAgain",
		},
		{
			"the frontier advances after the commit", settlement,
			"e.keeper.frontier = e.keeper.frontier.advance(p.kind, p.run.position, p.asOf)\n\tif err := e.keeper.commit(ctx, b.entries); err != nil {",
			"err = e.keeper.commit(ctx, b.entries)\n\te.keeper.frontier = e.keeper.frontier.advance(p.kind, p.run.position, p.asOf)\n\tif err != nil {",
			"TestBatchIsStoredTogetherWithThePositionBehindIt",
		},
		{
			"an event that could not be fetched is not declared", settlement,
			`if p.partial != "" {
		from, to`, `if false {
		from, to`,
			"TestFault_P6_EventLargerThanAnAnswerIsPassedBy",
		},
		{
			"a batch writes over the events of the one before", batch,
			`b.events, b.entries = nil, b.entries[:0]`, `b.events, b.entries = b.events[:0], b.entries[:0]`,
			"TestBatchesShareNoEvents",
		},
		{
			"a batch grows past its size", batch,
			`return len(b.events) >= b.size || len`, `return len`,
			"TestBatchesStayWithinTheirBounds",
		},
		{
			"a full page without any header is taken for the last", read,
			`more := page.Full() || page.HeadersMissing && page`, `more := page.Full() || false && page`,
			"TestFault_G8_TokenWithoutALimitIsFollowedUntilAPageIsEmpty|TestFault_G8_PagesWithoutAnyHeaderAreAllRead",
		},
		{
			"a page without events to deliver stores no progress", read,
			"\treturn e.keeper.commitProgress(ctx)", "\treturn nil",
			"TestFault_E3_RescanUnderWayGoesOnAtOnceAfterARestart",
		},
		{
			"a pass that ends does not remember what it met without a time", read,
			`return e.keeper.commit(ctx, p.renewed)`, `return e.keeper.commit(ctx, nil)`,
			"TestFault_P5_EventWithoutATimeIsDeliveredOnceForAsLongAsItIsShown",
		},
		{
			"after the event that was too large a rescan stays whole", read,
			`case l.light.allowed && p.mayBeLight(s.report.Delivered) && !p.missedAt.After(e.clock.latest()):`, `case false:`,
			"TestRescansAskForIDsUntilAnEventIsNew",
		},
		{
			"a repeated page's token is followed", read,
			`case page.Token != nil && !repeated:`, `case page.Token != nil:`,
			"TestFault_G5_EitherSignOfACircleEndsIt",
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
