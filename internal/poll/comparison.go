// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// question is what is asked next: how many events hours have.
type question struct {
	hours
	// perHour asks for the number of each of them, after their count.
	perHour bool
	count   int
	// within is the range whose hours were told one by one, where this is one that differs: it was told to have
	// count events.
	within hours
}

const (
	// countCapped is a count that means "at least".
	countCapped = 10_000
	// countUnavailable is how long the API is not asked again that does not answer counts.
	countUnavailable = 24 * time.Hour
)

// Verdict is what a comparison says of an hour.
type Verdict string

const (
	// VerdictComplete: everything that the API has was delivered.
	VerdictComplete Verdict = "complete"
	// VerdictShort: the API counts more than was delivered. The hour is read again.
	VerdictShort Verdict = "short"
	// VerdictSurplus: the API counts fewer than were delivered.
	VerdictSurplus Verdict = "surplus"
	// VerdictUnknown: the API did not answer, or only that there are at least 10,000.
	VerdictUnknown Verdict = "unknown"
)

// hours are hours of events' time, [from, to). The first and the last of them may be a part of one.
type hours struct{ from, to time.Time }

func (h hours) empty() bool { return !h.from.Before(h.to) }

func (h hours) single() bool { return !h.to.After(hourAfter(h.from)) }

// halves cuts at an hour. There are two hours at least.
func (h hours) halves() (first, second hours) {
	middle := later(h.from.Add(h.to.Sub(h.from)/2).Truncate(time.Hour), hourAfter(h.from))
	return hours{h.from, middle}, hours{middle, h.to}
}

// each goes through the hours one by one.
func (h hours) each() iter.Seq[hours] {
	return func(yield func(hours) bool) {
		for from := h.from; from.Before(h.to); from = hourAfter(from) {
			if !yield(hours{from, earlier(hourAfter(from), h.to)}) {
				return
			}
		}
	}
}

func (h hours) number() int {
	if h.empty() {
		return 0
	}
	return int(wholeFrom(h.to).Sub(h.from.Truncate(time.Hour)) / time.Hour)
}

// hourAfter is the end of the hour that a time is in.
func hourAfter(at time.Time) time.Time { return at.Truncate(time.Hour).Add(time.Hour) }

// wholeFrom is the first hour that begins at a time or after it.
func wholeFrom(at time.Time) time.Time { return at.Add(time.Hour - 1).Truncate(time.Hour) }

// audited is what is known of an hour.
type audited struct {
	verdict         Verdict
	counted, ledger int
	// read means that the hour's pages were read to their end since, so that they prove it.
	read bool
}

// comparison asks for counts of hours, range by range, and finds the hours that differ from what was delivered. A
// short hour is read again by its lane. It moves nothing: what a count says costs requests and no event.
type comparison struct {
	source Source
	clock  *clock
	lane   *lane
	// delivered returns how many events of hours are remembered as delivered.
	delivered func(hours) int

	hourly  *hourly
	waiting []question
	known   map[time.Time]audited
	// reading is the hour that the lane's pass reads, justRead the one whose pages it has read.
	reading, justRead hours
}

func newComparison(source Source, clock *clock, lane *lane, delivered func(hours) int) comparison {
	return comparison{
		source: source, clock: clock, lane: lane, delivered: delivered,
		hourly: &hourly{source: source, clock: clock}, known: make(map[time.Time]audited),
	}
}

func (c *comparison) begin(whole hours) {
	c.waiting, c.justRead = []question{{hours: whole}}, hours{}
	c.lane.asks = true
}

// underWay reports whether some hours are not compared to the end.
func (c *comparison) underWay() bool { return len(c.waiting) > 0 || !c.reading.empty() }

// stranded reports whether an hour is to be read, and nothing reads it.
func (c *comparison) stranded() bool { return !c.reading.empty() && c.lane.pass == nil }

// step asks the next question, and begins to read an hour that is short. It returns what the answer says, if
// anything.
func (c *comparison) step(ctx context.Context, services []string) (report AuditReport, err error) {
	next := c.waiting[len(c.waiting)-1]
	if next.perHour {
		numbers := c.hourly.ask(ctx, services, next.hours, next.count)
		if err := ctx.Err(); err != nil {
			return report, err
		}
		c.waiting = c.waiting[:len(c.waiting)-1]
		report = c.told(next.hours, numbers)
	} else {
		count, err := c.count(ctx, services, next.hours)
		if err != nil {
			return report, err
		}
		c.waiting = c.waiting[:len(c.waiting)-1]
		report = c.answered(next, count)
	}
	c.lane.asks = len(c.waiting) > 0 && c.reading.empty()
	return report, nil
}

func (c *comparison) count(ctx context.Context, services []string, of hours) (int, error) {
	counted, clock, err := c.source.Count(ctx, of.query(services))
	if err != nil {
		c.clock.observeFailure(err)
		return 0, err
	}
	c.clock.observe(clock)
	return int(counted), nil
}

// answered takes a count.
func (c *comparison) answered(asked question, count int) AuditReport {
	if !asked.within.empty() && count != asked.count && c.hourly.trusted() {
		// What was told hour by hour is not what is counted, so the hours that looked equal may not be.
		c.hourly.distrust()
		c.waiting = []question{{hours: asked.within}}
		return AuditReport{}
	}
	ledger := c.delivered(asked.hours)
	switch {
	case count == ledger && count != countCapped:
		return c.equal(asked.hours)
	case !asked.single() && count != countCapped && c.hourly.trusted():
		c.waiting = append(c.waiting, question{hours: asked.hours, perHour: true, count: count})
		return AuditReport{}
	case !asked.single():
		c.halve(asked.hours)
		return AuditReport{}
	default:
		return c.differs(asked.hours, count, ledger)
	}
}

func (c *comparison) halve(all hours) {
	first, second := all.halves()
	c.waiting = append(c.waiting, question{hours: second}, question{hours: first})
}

// told takes the number of each hour: those that differ are counted. Where there are none, halves are.
func (c *comparison) told(all hours, numbers map[time.Time]int) AuditReport {
	if numbers == nil {
		c.halve(all)
		return AuditReport{}
	}
	report := AuditReport{Verdict: VerdictComplete}
	for hour := range all.each() {
		if number := numbers[hour.from]; number != c.delivered(hour) || number == countCapped {
			c.waiting = append(c.waiting, question{hours: hour, within: all, count: number})
			continue
		}
		report.Hours += c.equal(hour).Hours
	}
	if report.Hours == 0 {
		return AuditReport{}
	}
	return report
}

// equal proves hours.
func (c *comparison) equal(all hours) AuditReport {
	for hour := range all.each() {
		delivered := c.delivered(hour)
		c.known[hour.from] = audited{verdict: VerdictComplete, counted: delivered, ledger: delivered, read: c.known[hour.from].read}
	}
	return AuditReport{Verdict: VerdictComplete, Hours: all.number()}
}

// differs judges an hour whose count is not what was delivered.
func (c *comparison) differs(hour hours, count, ledger int) AuditReport {
	known := c.known[hour.from]
	next := audited{counted: count, ledger: ledger, read: known.read}
	read := false
	switch {
	case count < ledger && count != countCapped:
		next.verdict = VerdictSurplus
	case hour == c.justRead, known.read && known.counted == count && known.ledger == ledger:
		// Its pages were read, and what they showed is delivered: the count is wrong, or too coarse.
		next.verdict = VerdictComplete
	case count == countCapped && ledger >= countCapped:
		next.verdict, read = VerdictUnknown, true
	default:
		next.verdict, next.read, read = VerdictShort, false, true
	}
	c.known[hour.from], c.justRead = next, hours{}
	if read {
		c.reading = hour
		c.lane.open(hour.from, hour.to)
	}
	return AuditReport{Verdict: next.verdict, Hours: 1, From: hour.from, Counted: count, Delivered: ledger}
}

// wasRead takes that the hour's pages were read to their end: what they showed is delivered. It is counted again.
func (c *comparison) wasRead() {
	hour := c.reading
	c.reading, c.justRead = hours{}, hour
	known := c.known[hour.from]
	known.read, known.ledger = true, c.delivered(hour)
	c.known[hour.from] = known
	c.waiting = append(c.waiting, question{hours: hour})
	c.lane.asks = true
}

// forget leaves out the hours before a time: what was delivered of them is not remembered any more, so that it can't be
// compared, and would be delivered again where it is read.
func (c *comparison) forget(before time.Time) {
	var kept []question
	for _, asked := range c.waiting {
		asked.within.from = later(asked.within.from, before)
		if asked.from.Before(before) {
			asked = question{hours: hours{from: before, to: asked.to}} // its count was of more hours
		}
		if !asked.empty() {
			kept = append(kept, asked)
		}
	}
	c.waiting = kept
	if !c.reading.empty() && c.reading.from.Before(before) {
		c.reading, c.lane.pass = hours{}, nil
	}
	c.lane.asks = len(c.waiting) > 0 && c.reading.empty()
}

// abandon gives up the hours that are not compared, since a count or the pages of an hour were not to be had.
func (c *comparison) abandon() AuditReport {
	report := AuditReport{Verdict: VerdictUnknown}
	for _, left := range append(c.waiting, question{hours: c.reading}) {
		report.Hours += left.number()
	}
	c.waiting, c.reading, c.justRead = nil, hours{}, hours{}
	c.lane.pass, c.lane.asks = nil, false
	return report
}

// notThere reports whether an error is an API's that does not answer counts at all.
func notThere(err error) bool {
	if _, ok := errors.AsType[*insights.ResponseError](err); ok {
		return true
	}
	status, ok := errors.AsType[*insights.StatusError](err)
	if !ok {
		return false
	}
	switch status.StatusCode {
	case http.StatusBadRequest:
		return refusedRetention(status.Message) == 0
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotImplemented:
		return true
	default:
		return false
	}
}
