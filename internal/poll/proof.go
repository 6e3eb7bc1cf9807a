// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"time"
)

const (
	// stretchLength is how much history is compared at once, stretchIDs from how many events on it is less.
	stretchLength = 24 * time.Hour
	stretchIDs    = 100_000
	// proofTries is after how many failures in a row a stretch is left without a proof.
	proofTries = 2
)

// proof compares history with what the API counts, stretch by stretch, before its ids are forgotten. History waits
// for it, and goes on where the API gives no answer: the hours are then without a proof.
type proof struct {
	comparison

	settings  AuditSettings
	keeper    *keeper
	retention *retention
	// stretch is what is compared now.
	stretch hours
	// paused is until when no count is asked for.
	paused time.Time
	// total means that the number of all events was asked for, unfinished that history was not complete, and
	// that its end is to be told.
	total, unfinished bool
}

func newProof(settings Settings, source Source, keeper *keeper, retention *retention, clock *clock, lane *lane) *proof {
	delivered := func(all hours) (sum int) {
		for hour := range all.each() {
			if end := keeper.frontier.Backfill.End; hour.to.Equal(end) && end.Before(hourAfter(hour.from)) {
				sum += keeper.frontier.Backfill.Last
			} else {
				sum += keeper.store.Delivered(hour.from.Truncate(time.Hour))
			}
		}
		return sum
	}
	return &proof{
		comparison: newComparison(source, clock, lane, delivered),
		settings:   settings.Audit, keeper: keeper, retention: retention,
	}
}

func (p *proof) history() history { return history{p.keeper.frontier.Backfill} }

// plan ends a comparison that is done or not to be had, and begins the next one that is due.
func (p *proof) plan(now time.Time) {
	p.unfinished = p.unfinished || p.history().unfinished()
	switch {
	case p.stranded():
		p.leave(p.paused)
	case p.underWay() && p.lane.attempt.consecutive >= proofTries:
		p.leave(now.Add(p.settings.Interval))
	}
	if p.underWay() {
		return
	}
	if !p.stretch.empty() {
		p.settle()
	}
	b := p.keeper.frontier.Backfill
	if !p.total && p.settings.enabled() && b.Pending() && b.Next.Equal(b.Start) {
		p.lane.asks = true
		return
	}
	if due := p.due(); !due.empty() {
		p.compare(due, now)
		return
	}
	if p.unfinished && !p.history().unfinished() {
		p.unfinished = false
		p.keeper.observer.HistoryEnded(p.history().ended())
	}
}

// due is the history that was read and is to be compared now. The first hour is compared at once, since it may be at
// the edge of what the API keeps, and so is each where too many ids are remembered.
func (p *proof) due() hours {
	b, stretch := p.keeper.frontier.Backfill, p.history().stretch()
	if stretch.empty() || !b.Pending() || b.Compared.Equal(b.Start) ||
		p.settings.Budget.exceeded() || stretch.to.Sub(stretch.from) >= stretchLength || p.delivered(stretch) >= stretchIDs {
		return stretch
	}
	return hours{}
}

// compare begins with the hours of a stretch that the API still keeps.
func (p *proof) compare(stretch hours, now time.Time) {
	p.stretch = stretch
	kept := stretch
	if edge := p.retention.edge(); kept.from.Before(edge) {
		kept.from = wholeFrom(edge)
	}
	switch {
	case kept.empty():
	case now.Before(p.paused):
		p.keeper.observer.Compared(AuditReport{Verdict: VerdictUnknown, Hours: kept.number()})
	default:
		p.begin(kept)
		return
	}
	p.settle()
}

// settle leaves a stretch: its ids may be forgotten.
func (p *proof) settle() {
	proven := 0
	for _, known := range p.known {
		if known.verdict == VerdictComplete {
			proven++
		}
	}
	clear(p.known)
	p.keeper.frontier.Backfill = p.history().compared(p.stretch.to, proven).Backfill
	p.stretch = hours{}
}

// leave ends the comparison of a stretch without a proof, and asks for no count for a while.
func (p *proof) leave(until time.Time) {
	if !p.reading.empty() && p.lane.failing() {
		p.keeper.observer.Recovered(Condition(p.lane.kind)) // it is not tried any more
	}
	p.lane.attempt = attempt{}
	p.paused = until
	p.keeper.observer.Compared(p.abandon())
}

// ask asks for the count of all of history, once before it is read, or for the next one of a comparison. What is
// compared is stored.
func (p *proof) ask(ctx context.Context, services []string) {
	if !p.underWay() {
		p.askTotal(ctx, services)
		return
	}
	report, err := p.step(ctx, services)
	switch {
	case ctx.Err() != nil:
	case err == nil:
		p.lane.attempt = attempt{}
		if report.Verdict != "" {
			p.keeper.observer.Compared(report)
		}
	case notThere(err):
		p.leave(time.Now().Add(countUnavailable))
		p.keeper.observer.Anomaly(AnomalyNoCount)
	default:
		p.lane.attempt.failed(classify(err), err, p.keeper.backoff)
	}
	if !p.underWay() && ctx.Err() == nil {
		p.settle()
		_ = p.keeper.commitProgress(ctx) // an error means that ctx is done
	}
}

// askTotal is for what is told of the progress only, so that nothing follows where it is not answered.
func (p *proof) askTotal(ctx context.Context, services []string) {
	p.total, p.lane.asks = true, false
	b := &p.keeper.frontier.Backfill
	if counted, err := p.count(ctx, services, hours{b.Start, b.End}); err == nil {
		b.Counted = max(0, counted)
	}
}
