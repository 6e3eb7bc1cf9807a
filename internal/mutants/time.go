// SPDX-License-Identifier: Apache-2.0

package main

const (
	clock   = "internal/poll/clock.go"
	arbiter = "internal/poll/arbiter.go"
	pass    = "internal/poll/pass.go"
)

// clockMutants are mistakes in what is taken for the API's time.
func clockMutants() []mutant {
	return []mutant{
		{
			"the API's time is not taken back by the second that a date leaves open", clock,
			`local.Sub(answer.Received) - time.Second)`, `local.Sub(answer.Received))`,
			"TestClockKeepsTheAPIsTimeBetweenItsBounds",
		},
		{
			"asOf is when an answer came, and not when it was asked for", clock,
			`asked := answer.Received.Add(-answer.Elapsed)`, `asked := answer.Received`,
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
			`least.IsZero() || at.Before(least) {`, `least.IsZero() || at.After(least) {`,
			"TestClockGoesByTheSlowestAndTheFastestOfFourAnswers",
		},
		{
			"the local clock is taken for the API's where nothing is known", clock,
			`return local.Round(0).UTC().Add(-maxClockSkew)`, `return local.Round(0).UTC()`,
			"TestFault_C4_WithoutADateTheWatermarkStaysFiveMinutesBehind",
		},
		{
			"a page of a clock that was set back is as of the time before", clock,
			`at = earlier(at, passed(doubted, asked))`, `_ = doubted`,
			"TestPageOfADoubtedDateIsAsOfTheEarlierTime",
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
	}
}

// passMutants are mistakes in what a pass knows.
func passMutants() []mutant {
	return []mutant{
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
	}
}
