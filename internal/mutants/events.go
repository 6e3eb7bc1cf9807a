// SPDX-License-Identifier: Apache-2.0

package main

const (
	runs       = "internal/poll/run.go"
	settlement = "internal/poll/settlement.go"
	batch      = "internal/poll/batch.go"
	read       = "internal/poll/read.go"
)

// runMutants are mistakes in a chain of pages.
func runMutants() []mutant {
	return []mutant{
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
			"an event that is too large and dated ahead is asked for without a pause", runs,
			`return later(r.from, r.position)`, `return r.position`,
			"TestFault_E7_EventThatIsTooLargeInATieAheadIsAskedForRarely",
		},
	}
}

// eventMutants are mistakes on the way of an event.
func eventMutants() []mutant {
	return []mutant{
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
	}
}

// pageMutants are mistakes in what follows a page.
func pageMutants() []mutant {
	return []mutant{
		{
			"a tail goes on at a place that a rescan has passed", read,
			`e.lanes.tail.overtaken(p.asOf)`, ``,
			"TestFault_E2_TailThatRescansOvertookReadsNothingAgain",
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
	}
}
