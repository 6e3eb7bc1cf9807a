// SPDX-License-Identifier: Apache-2.0

package poll

import "time"

// PassKind is what a pass is for.
type PassKind string

const (
	// Tail reads what is newer than the watermark.
	Tail PassKind = "tail"
	// Rescan reads the last L again, for events that became visible late.
	Rescan PassKind = "rescan"
	// Backfill reads a slice of history.
	Backfill PassKind = "backfill"
	// Audit reads an hour of which the API counts more than was delivered.
	Audit PassKind = "audit"
)

// Observer is told what the engine does. Its methods are called from the engine's goroutine
// and must not block.
type Observer interface {
	// Started tells where the engine begins and why, once for each run.
	Started(start Start)
	// Page is called when every event of a page has been accepted and remembered.
	Page(page PageReport)
	// Progress is called after each commit, and with each failure.
	Progress(progress Progress)
	// Failed is called for each failure that the engine waits after. Another attempt always follows.
	Failed(failure Failure)
	// Recovered is called on the first success of what failed before.
	Recovered(condition Condition)
	// Audited tells what a count says of hours, and what is known of all of them.
	Audited(report AuditReport, state AuditState)
	// Compared tells what a count says of hours of history.
	Compared(report AuditReport)
	// HistoryEnded tells that all of history was read, and compared where it can be.
	HistoryEnded(report HistoryReport)
	// Lost declares a loss, each once. What the consumer refused is not among them.
	Lost(loss Loss)
	// Novel tells of names that were never met before, each once.
	Novel(names []Name)
	// Anomaly tells of an answer that is not as documented and that does no harm.
	Anomaly(anomaly Anomaly)
	// Stopped is called last: no progress is made from here on.
	Stopped()
}

// StartState says on what ground an engine begins.
type StartState string

const (
	// StartFresh: nothing was stored, so the engine begins at the API's now or at the backfill's start.
	StartFresh StartState = "fresh"
	// StartContinued: the stored state is continued.
	StartContinued StartState = "continued"
	// StartDamaged: the stored state can't be read; its bytes were kept, and the engine begins as if fresh.
	StartDamaged StartState = "damaged"
)

// Start is where an engine begins.
type Start struct {
	State     StartState
	Watermark time.Time
	// DelayHoldsFrom is not zero where the maximum event delay was raised: the larger one holds for events
	// from that time on.
	DelayHoldsFrom time.Time
	// BackfillFrom is the start of the history that is still to come, or zero.
	BackfillFrom time.Time
	// BackfillClamped says that the configured history reaches further back than the retention.
	BackfillClamped bool
	// QueryChanged says that the endpoint or the services are not those of the run before.
	QueryChanged bool
	// DamagedKey is the storage key of the bytes that could not be read, or "".
	DamagedKey string
	// DamagedSegments is the number of segments of ids that could not be read.
	DamagedSegments int
}

// PageReport is what became of one page.
type PageReport struct {
	Pass PassKind
	// Delivered is the number of events that were accepted, Late those among them with a
	// timestamp before the watermark that only a rescan found.
	Delivered, Late int
	// Duplicates is the number of events that had been delivered before.
	Duplicates int
	// Conflicts is the number of duplicates that differ from the event of the same batch whose id
	// and timestamp they have.
	Conflicts int
	// Nulls is the number of elements that were null.
	Nulls int
	// Limit is the page size that is asked for now.
	Limit int
}

// Progress is where the engine stands after a commit.
type Progress struct {
	Watermark time.Time
	// Now is the API's time, as a lower bound.
	Now time.Time
	// Skew is how far the local clock is ahead of the API's.
	Skew time.Duration
	// BackfillRemaining is the length of the history still to come.
	BackfillRemaining time.Duration
	// History is how far history is read.
	History HistoryProgress
	// Remembered is the number of ids that are kept.
	Remembered int
	// Newest is the time of the newest event that was delivered, or of the first start.
	Newest time.Time
}

// Condition is what may be wrong for an organization.
type Condition string

const (
	// ConditionTail: new events can't be read.
	ConditionTail Condition = "tail"
	// ConditionRescan: late events can't be looked for.
	ConditionRescan Condition = "rescan"
	// ConditionBackfill: history can't be read.
	ConditionBackfill Condition = "backfill"
	// ConditionAudit: an hour of which the API counts more can't be read.
	ConditionAudit Condition = "audit"
	// ConditionStorage: the storage takes no checkpoint.
	ConditionStorage Condition = "storage"
	// ConditionPipeline: the next consumer takes no events.
	ConditionPipeline Condition = "pipeline"
	// ConditionSilence: no event came for long.
	ConditionSilence Condition = "silence"
	// ConditionLoad: the checkpoint can't be read.
	ConditionLoad Condition = "load"
)

// Failure is an attempt that did not succeed.
type Failure struct {
	Condition Condition
	Kind      FailureKind
	Err       error
	// Consecutive counts the failures since the last success, this one included.
	Consecutive int
	// Wait is the time until the next attempt.
	Wait time.Duration
}

// LossReason says why something is declared lost.
type LossReason string

const (
	// LossRetention: the API doesn't keep events of that time any more.
	LossRetention LossReason = "retention"
	// LossOversize: an event is larger than the largest response; only its id and timestamp are delivered.
	LossOversize LossReason = "oversize"
	// LossUnreadable: an event is not valid JSON; only its id and timestamp are delivered.
	LossUnreadable LossReason = "unreadable"
)

// Loss is a declared loss: of a span of time, or of the content of events.
type Loss struct {
	Reason LossReason
	// From and To bound the time of what is lost, [From, To), as far as it has one; both are zero where that is not
	// known.
	From, To time.Time
	// Events is how many events are lost, or 0 where that is not known.
	Events int
}

// Anomaly is an answer that is not as documented.
type Anomaly string

const (
	// AnomalyNoToken: a full page came without a usable paging token; paging goes on by time.
	AnomalyNoToken Anomaly = "no_token"
	// AnomalyRepeatedPage: a page or its token came twice; paging goes on by time.
	AnomalyRepeatedPage Anomaly = "repeated_page"
	// AnomalyNoDate: the API doesn't tell its time; the local clock and its known difference stand in, or
	// the local clock less five minutes.
	AnomalyNoDate Anomaly = "no_date"
	// AnomalyWrongDate: the dates of answers are not the API's time: it contradicts them.
	AnomalyWrongDate Anomaly = "wrong_date"
	// AnomalyClockRewound: the watermark is after the API's time; the last L is read again.
	AnomalyClockRewound Anomaly = "clock_rewound"
	// AnomalyNoCount: the API does not answer counts; it is asked again after a day.
	AnomalyNoCount Anomaly = "no_count"
	// AnomalyDepthShortened: more ids than allowed would be kept for the whole depth of the audit.
	AnomalyDepthShortened Anomaly = "audit_depth_shortened"
	// AnomalyGapsJoined: so many gaps wait for the pipeline that some are joined.
	AnomalyGapsJoined Anomaly = "gaps_joined"
	// AnomalyNamesFull: so many names were met that no further one is told.
	AnomalyNamesFull Anomaly = "names_full"
	// AnomalyNotLight: pages of ids and timestamps are not as documented; rescans read whole events.
	AnomalyNotLight Anomaly = "not_light"
)

// AuditReport is what a count says.
type AuditReport struct {
	Verdict Verdict
	// Hours is how many hours it is said of.
	Hours int
	// From is the hour, where it is one.
	From time.Time
	// Counted and Delivered are the events of that hour by the API's count, and that are remembered.
	Counted, Delivered int
}

// AuditState sums up what is known of the audited hours.
type AuditState struct {
	// Counted is how many events the API counts, Delivered how many were, and Missing how many of the counted
	// ones were not.
	Counted, Delivered, Missing int
	// ProvenTo is the time up to which every audited hour is complete, or zero.
	ProvenTo time.Time
	// Depth is how far back hours are kept.
	Depth time.Duration
}
