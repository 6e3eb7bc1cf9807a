// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// hourlyPatience is how long an answer is waited for. Live events wait meanwhile, and counts do as well.
const hourlyPatience = 10 * time.Second

// hourly asks for the numbers of all hours of a range at once, where the API answers that. What it says serves to find
// the hours that differ: those are counted.
type hourly struct {
	source Source
	clock  *clock
	// untrusted is until when it is not asked, since it did not answer, or said something else than a count.
	untrusted time.Time
}

func (h *hourly) trusted() bool { return !time.Now().Before(h.untrusted) }

func (h *hourly) distrust() { h.untrusted = time.Now().Add(countUnavailable) }

// ask returns the number of events of each hour by its start, or nil where that is not to be had, or where their sum
// is not the count of all of them. An hour that has none may be missing.
func (h *hourly) ask(ctx context.Context, services []string, of hours, count int) map[time.Time]int {
	ctx, cancel := context.WithTimeout(ctx, hourlyPatience)
	defer cancel()
	buckets, clock, err := h.source.Hours(ctx, of.query(services))
	if err != nil {
		h.clock.observeFailure(err)
		h.distrust()
		return nil
	}
	h.clock.observe(clock)
	numbers := make(map[time.Time]int, len(buckets))
	sum := 0
	for _, bucket := range buckets {
		hour := later(bucket.Start.Truncate(time.Hour), of.from)
		if bucket.Start.Before(of.from.Truncate(time.Hour)) || !hour.Before(of.to) {
			h.distrust()
			return nil
		}
		numbers[hour] += int(bucket.Count)
		sum += int(bucket.Count)
	}
	if sum != count {
		h.distrust()
		return nil
	}
	return numbers
}

// query ends a millisecond before the hour after, since it is not documented whether an end is inclusive.
func (h hours) query(services []string) insights.Query {
	return insights.Query{Services: services, Start: h.from, End: h.to.Add(-time.Millisecond)}
}
