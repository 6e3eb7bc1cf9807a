// SPDX-License-Identifier: Apache-2.0

package main

const (
	comparison = "internal/poll/comparison.go"
	proof      = "internal/poll/proof.go"
	history    = "internal/poll/history.go"
)

// comparisonMutants are mistakes in what the API's counts say of what was delivered.
func comparisonMutants() []mutant {
	return []mutant{
		{
			"an audit goes on with hours that are forgotten", "internal/poll/audit.go",
			"a.forget(wholeFrom(f.From))", "_ = wholeFrom(f.From)",
			"TestAuditOfAnHourThatIsForgottenMeanwhileRepeatsNothing",
		},
		{
			"a count of ten thousand proves an hour", comparison,
			`case count == ledger && count != countCapped:`, `case count == ledger:`,
			"TestFault_E25_AuditBelievesNoCountOfTenThousand|TestHistoryIsNotProvenByACountOfTenThousand",
		},
		{
			"an hour of which the API has more is not read", comparison,
			`next.verdict, next.read, read = VerdictShort, false, true`, `next.verdict = VerdictShort`,
			"TestFault_C2_AuditDeliversWhatBecameVisibleTooLate|TestHistoryThatIsShortIsReadAgain",
		},
		{
			"a count that lies is believed after each reading", comparison,
			`case hour == c.justRead, known.read`, `case known.read`,
			"TestFault_E25_CountThatChangesEachTimeReadsAnHourOnceAnAudit|TestWrongCountsNeverStopHistory",
		},
		{
			"an hour that looks equal is proven by an answer that is wrong of another", comparison,
			`if !asked.within.empty() && count != asked.count && c.hourly.trusted() {`, `if false {`,
			"TestWrongIntervalsAreReplacedByCounts",
		},
		{
			"an answer of each hour that is wrong is asked for again and again", "internal/poll/hourly.go",
			`func (h *hourly) distrust() { h.untrusted = time.Now().Add(countUnavailable) }`, `func (h *hourly) distrust() {}`,
			"TestAuditAsksForEachHourOnceADayWhereThatIsWrong",
		},
		{
			"history's comparison moves w and r", lanes,
			`proof:   newLane(Backfill, settings, clock),`, `proof:   newLane(Rescan, settings, clock),`,
			"TestHistoryThatIsShortIsReadAgain",
		},
		{
			"history goes on while it is compared", lanes,
			`if l.proof.pass != nil || l.proof.asks {`, `if l.proof.asks && l.history.pass == nil {`,
			"TestHistoryIsProvenByAFewCounts",
		},
		{
			"a count that is not answered stops history", proof,
			`p.underWay() && p.lane.attempt.consecutive >= proofTries`, `false`,
			"TestHistoryGoesOnWithoutAProofWhereCountsAreNotAnswered|TestHistoryGoesOnWhereAnHourCanNotBeReadAgain",
		},
		{
			"an hour that is not compared counts as proven", proof,
			`if known.verdict == VerdictComplete {`, `if known.verdict != VerdictShort {`,
			"TestWrongCountsNeverStopHistory",
		},
		{
			"history's end is not told where a restart only compared it", proof,
			`p.unfinished = p.unfinished || p.history().unfinished()`, `p.unfinished = p.unfinished || p.keeper.frontier.Backfill.Pending()`,
			"TestHistoryThatIsReadIsComparedAfterARestart",
		},
		{
			"history keeps a day's ids, however many are remembered", proof,
			`p.settings.Budget.exceeded() || stretch`, `stretch`,
			"TestHistoryIsComparedHourByHourWhereTooManyIDsAreRemembered",
		},
		{
			"history is compared of which something else was asked for", history,
			`case b.Start.IsZero(), !whole, b`, `case b.Start.IsZero(), b`,
			"TestHistoryIsComparedFromWhereItIsRememberedWhole",
		},
		{
			"an hour of history is compared before it is read", history,
			`return hours{b.Compared, b.Next.Truncate(time.Hour)}`, `return hours{b.Compared, hourAfter(b.Next)}`,
			"TestHistoryIsComparedByTheHour",
		},
	}
}
