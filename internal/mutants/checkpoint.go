// SPDX-License-Identifier: Apache-2.0

package main

const (
	commit = "internal/checkpoint/commit.go"
	store  = "internal/checkpoint/store.go"
	state  = "internal/checkpoint/state.go"
	span   = "internal/checkpoint/span.go"
	format = "internal/checkpoint/format.go"
)

// checkpointMutants are mistakes in what is remembered, and in what a crash or damage leaves of it.
func checkpointMutants() []mutant {
	return []mutant{
		{
			"ids are removed before the state that forgets them is written", commit,
			`operations = append(operations, storage.DeleteOperation(key))`,
			`operations = append([]*storage.Operation{storage.DeleteOperation(key)}, operations...)`,
			"TestFault_S13_TornCommitOnlyForgets",
		},
		{
			"a span of more than an hour is not looked into", commit,
			`l.ahead = l.ahead || of.width > 1`, `l.ahead = l.ahead && of.width > 1`,
			"TestEventsDatedAheadLeaveFewSegmentsAndNoneIsForgotten",
		},
		{
			"an hour that is forgotten is still looked into", commit,
			"delete(l.spans, of)\n\t\tl.recent = nil", `delete(l.spans, of)`,
			"TestAnHourIsForgottenWhenNoReaderCanMeetItAgain",
		},
		{
			"the state is written before the ids", commit,
			"operations = append(operations, storage.SetOperation(s.stateKey(), record))\n\tfor",
			"operations = append([]*storage.Operation{storage.SetOperation(s.stateKey(), record)}, operations...)\n\tfor",
			"TestFault_S13_TornCommitOnlyForgets",
		},
		{
			"a new span is not named before its ids are written", commit,
			`s.version == Version && (s.opens(c) || `, `s.version == Version && (`,
			"TestFault_S13_TornCommitOnlyForgets",
		},
		{
			"a commit that failed is remembered", commit,
			"if err := s.client.Batch(ctx, operations...); err != nil {", "if err := s.client.Batch(ctx, operations...); err != nil {\n\t\ts.apply(state, c)",
			"TestFault_S10_FailedCommitChangesNothingAndCanBeRepeated",
		},
		{
			"an id is written again with each commit", commit,
			`state.needs(of) && !s.keeps(of, id)`, `state.needs(of)`,
			"TestWhatIsRememberedIsNotWrittenAgain|TestCommitCostsWhatIsNew",
		},
		{
			"an id that nobody can meet is written", commit,
			`state.needs(of) && !s.keeps(of, id)`, `!s.keeps(of, id)`,
			"TestStoreKnowsWhatAModelKnows",
		},
		{
			"the segment that a torn commit left is not removed", commit,
			`for number := range s.spans[of].segments + 1 {`, `for number := range s.spans[of].segments {`,
			"TestFault_S13_TornCommitThatIsNotRepeatedLeavesNothing",
		},
		{
			"a damaged segment stays in the storage", commit,
			`slices.Concat(s.damaged, s.format1Keys(s.format1))`, `s.format1Keys(s.format1)`,
			"TestFault_S7_DamagedSegmentIsCountedAndRemoved",
		},
		{
			"the last segment is written without what it holds already", commit,
			`slices.Concat(known.tail, added)`, `added`,
			"TestSegmentThatIsWrittenAgainKeepsWhatItHeld",
		},
		{
			"a segment grows with every commit", commit,
			`if len(ids) < segmentFull {`, `if true {`,
			"TestCommitCostsWhatIsNew",
		},
		{
			"an event that is met again is forgotten by when it was met first", commit,
			`return found && last >= of.last()`, `return found && last != 0`,
			"TestAStrayIsKeptAsLongAsItIsMet",
		},
		{
			"the segment that a torn commit wrote is not read", store,
			`for number := range segments[of] + 1 {`, `for number := range segments[of] {`,
			"TestFault_S13_TornCommitOnlyForgets",
		},
		{
			"two writers use one number twice", store,
			`known.segments += apart`, `known.segments += 0`,
			"TestWhatTwoWritersRememberIsFoundByTheNext",
		},
		{
			"a damaged state is written over", store,
			`if err := s.client.Set(ctx, key, data); err != nil {`, `if err := s.client.Set(ctx, key, nil); err != nil {`,
			"TestFault_S7_DamagedStateIsKeptAndReported",
		},
		{
			"a read error is an empty storage", store,
			"data, err := s.client.Get(ctx, s.stateKey())\n\tif err != nil {", "data, err := s.client.Get(ctx, s.stateKey())\n\tif false {",
			"TestFault_S4_ReadErrorIsNoEmptyStorage",
		},
		{
			"what another load found is still known", store,
			"\ts.ledger = newLedger()\n\tdata", "\tdata",
			"TestLoadForgetsWhatItKnewBefore",
		},
		{
			"organizations share what was delivered", store,
			`prefix = "organization/" + organization + "/"`, `prefix = "organization/"`,
			"TestOrganizationsShareAClientAndNothingElse",
		},
		{
			"the hour of From is forgotten", state,
			`if of.last() >= hourOf(s.From) {`, `if of.last() > hourOf(s.From) {`,
			"TestAnHourIsForgottenWhenNoReaderCanMeetItAgain",
		},
		{
			"a span of many hours is forgotten when its first is over", state,
			`if of.last() >= hourOf(s.From) {`, `if of.first >= hourOf(s.From) {`,
			"TestSpanOfManyHoursIsKeptUntilItsLastHourIsOver",
		},
		{
			"what history delivered is forgotten while it goes on", state,
			`if !needed || of.last() < hourOf(from) {`, `if from = from.Add(0); true || needed {`,
			"TestAnHourIsForgottenWhenNoReaderCanMeetItAgain",
		},
		{
			"what history delivered is never forgotten", state,
			`if !needed || of.last() < hourOf(from) {`, `if !needed || false && of.last() < hourOf(from) {`,
			"TestAnHourIsForgottenWhenNoReaderCanMeetItAgain",
		},
		{
			"history is left before it was compared", state,
			`if !b.Compared.IsZero() && b.Compared.Before(from) {`, `if false {`,
			"TestAnHourIsForgottenWhenNoReaderCanMeetItAgain",
		},
		{
			"hours before 1970 are cut towards zero", span,
			`seconds -= length - 1`, `seconds -= 0`,
			"TestHoursBefore1970AreHours",
		},
		{
			"each hour ahead is a span of its own", span,
			`case ahead < 1<<14:
		return wide`, `case ahead < 1<<14:
		return 1`,
			"TestHoursWeeksAheadShareSpans",
		},
		{
			"a newer version's state is written over", format,
			`if r.Version > Version {`, `if false {`,
			"TestFault_S9_NewerStateIsRefusedAndLeftAlone",
		},
		{
			"a state is read without its checksum", format,
			`if r.Version < 1 || crc32.Checksum(r.Content, castagnoli) != r.Checksum {`, `if r.Version < 1 {`,
			"TestFault_S15_ForgedStateNeedsItsChecksum",
		},
		{
			"a segment is read without its checksum", format,
			`return body, crc32.Checksum(body, castagnoli) == binary.BigEndian.Uint32(sum)`, `return body, len(sum) > 0`,
			"TestFault_S7_DamagedSegmentIsCountedAndRemoved",
		},
		{
			"a segment under another key is read", format,
			`body, ok = bytes.CutPrefix(body, segmentHeader(of))`, `body, ok = bytes.CutPrefix(body, body[:min(len(body), len(segmentHeader(of)))])`,
			"TestFault_S7_SegmentUnderAnotherKeyIsDamaged",
		},
		{
			"the id that a torn commit of the first format left is not read", "internal/checkpoint/format1.go",
			`End: old.Next + 1}`, `End: old.Next}`,
			"TestFault_S8_FirstFormatIsRead|TestFault_S8_TornMigrationForgetsNothing",
		},
	}
}
