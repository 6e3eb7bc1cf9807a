// SPDX-License-Identifier: Apache-2.0

package main

const (
	gaps  = "internal/poll/gaps.go"
	names = "internal/poll/names.go"
	notes = "internal/checkpoint/notes.go"
)

// gapMutants are mistakes in what is told of a loss, and of names.
func gapMutants() []mutant {
	return []mutant{
		{
			"a gap is forgotten that the pipeline did not take", gaps,
			`if !settled {`, `if !settled && false {`,
			"TestGapThatTheConsumerGivesUpIsOfferedAgain",
		},
		{
			"a gap leaves the state before the pipeline took it", gaps,
			"settled, err := k.consumer.Announce(ctx, gap)",
			"k.frontier.State = k.frontier.WithoutGap(gap)\n\t\t_ = k.commit(ctx, nil)\n\t\tsettled, err := k.consumer.Announce(ctx, gap)",
			"TestGapIsAnnouncedAfterAKillBeforeItWasAccepted",
		},
		{
			"a gap is stored behind the commit that gives its events up", settlement,
			`e.keeper.announceLater(lost)`, `defer e.keeper.announceLater(lost)`,
			"TestGapIsStoredWithWhatGivesItUp",
		},
		{
			"a loss that the engine declares is not announced", gaps,
			"k.observer.Lost(loss)\n\tk.announceLater(loss)", "k.observer.Lost(loss)",
			"TestOutagePastTheRetentionIsAnnouncedOnce|TestGapIsStoredWithWhatGivesItUp",
		},
		{
			"a gap that was taken is announced again", gaps,
			`k.frontier.State = k.frontier.WithoutGap(gap)`, `_ = gap`,
			"TestOutagePastTheRetentionIsAnnouncedOnce",
		},
		{
			"what was declared before a restart is declared again", gaps,
			`r.judged = later(r.judged, gap.To)`, `_ = gap.To`,
			"TestGapIsStoredWithWhatGivesItUp",
		},
		{
			"events overtake a gap", settlement,
			`if err := e.keeper.announce(ctx); err != nil {`, `if err := ctx.Err(); err != nil && false {`,
			"TestGapGoesBeforeTheNextBatch",
		},
		{
			"history's names are news", names,
			`if how != DeliveryHistory && k`, `if k`,
			"TestNamesOfHistoryAreNoNews",
		},
		{
			"names are forgotten by a restart", names,
			`k.frontier.State = k.frontier.WithNames(name.key())`, `_ = name.key()`,
			"TestNamesAreToldOnce",
		},
		{
			"names are kept without a bound", notes,
			`if !notes.Names.Full() && !notes`, `if !notes`,
			"TestNamesAreBounded",
		},
		{
			"gaps are kept without a bound", notes,
			`if len(notes.Gaps) > maxGaps {`, `if false {`,
			"TestGapsAreBounded",
		},
		{
			"ids of events that are given up are stored before their gap", commit,
			`s.opens(c) || s.loses(state)`, `s.opens(c)`,
			"TestTornCommitForgetsNoGap",
		},
		{
			"gaps of one reason that meet are two", notes,
			`slices.IndexFunc(notes.Gaps, gap.meets); i >= 0 {`, `-1; i >= 0 {`,
			"TestGapsThatMeetAreOne",
		},
	}
}
