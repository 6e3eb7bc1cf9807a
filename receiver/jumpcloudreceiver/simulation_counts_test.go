// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// wrongCounts is the kind of strange answers that count events wrongly, at once or by the hour.
const wrongCounts = "counts are wrong"

func ofInterval(r simulator.Request) bool { return strings.HasSuffix(r.Path, "/interval") }

func ofCount(r simulator.Request) bool {
	return strings.HasSuffix(r.Path, "/count") || ofInterval(r)
}

// wrongCount answers counts, those of hours, or both wrongly.
func wrongCount(a answersStrangely) simulator.Fault {
	when := ofCount
	switch a.size % 5 {
	case 0:
		when = ofInterval
	case 1:
		when = func(r simulator.Request) bool { return ofCount(r) && !ofInterval(r) }
	}
	lies := 0
	effects := []simulator.Effect{
		simulator.Counts(func(int) int { return []int{0, -1, 7, a.size, 10_000, 1 << 40}[a.size%6] }),
		simulator.Counts(func(right int) int { return right + 1 + a.size%3 }),
		simulator.Counts(func(right int) int { return right - 1 - a.size%3 }),
		simulator.Counts(func(right int) int { return min(right, 5+a.size) }),
		simulator.Counts(func(right int) int { lies++; return right + lies%7 - 3 }),
		simulator.Behind(a.by), simulator.EndLater(time.Hour), simulator.EndLater(-time.Minute),
		simulator.BucketsBelow("timestamp"), simulator.BucketsBelow(""), failing(a), simulator.Status(http.StatusTooManyRequests, "", "Retry-After", "2"),
	}
	return simulator.Fault{When: when, Effect: effects[a.size%len(effects)]}
}

// drawWrongCounts makes counts wrong from the start, where history is compared.
func (p *plan) drawWrongCounts(d draw) {
	if d.chance(0.5) {
		p.strange.depth = time.Hour // so that history's ids are kept for its comparison alone
	}
	if !d.chance(0.5) {
		return
	}
	kind := slices.IndexFunc(strangeKinds, func(k strangeKind) bool { return k.name == wrongCounts })
	p.add(answersStrangely{lasts: d.duration(0, 2*time.Minute), kind: kind, size: d.IntN(60), by: d.duration(0, 40*time.Second)})
}

// judgeReadings checks that no hour is read again more often than it was counted, but for what was troubled.
func (r *run) judgeReadings() (violations []string) {
	type hour struct {
		organization string
		from         time.Time
	}
	counted, read := make(map[hour]int), make(map[hour]int)
	for _, request := range r.api.Requests() {
		q := request.Query
		if q.End.IsZero() || q.End.Sub(q.Start) > time.Hour {
			continue
		}
		asked := hour{request.Organization, q.Start}
		switch {
		case ofCount(request):
			counted[asked]++
		case q.Fields != nil && q.SearchAfter == nil:
			read[asked]++
		}
	}
	for of, times := range read {
		if times > counted[of]+r.troubles() {
			violations = append(violations, fmt.Sprintf("the hour at %s is read %d times, and counted %d times", of.from, times, counted[of]))
		}
	}
	return violations
}

// troubles is how many requests of a page may be sent again for a reason of their own.
func (r *run) troubles() (number int) {
	for _, planned := range r.plan.actions {
		switch planned := planned.(type) {
		case stepFails, restart, forbidden, clockJumps, delayChanges:
			number++
		case apiFails:
			number += planned.times
		case answersStrangely:
			if strangeKinds[planned.kind].name != wrongCounts {
				return 1 << 20
			}
		}
	}
	return number
}
