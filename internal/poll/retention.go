// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// retentionMargin keeps a start at the edge of the retention from being outside of it
// by the time the request arrives.
const retentionMargin = time.Minute

// retention is what is known of how long the API keeps events.
type retention struct {
	kept  time.Duration
	clock *clock
	// judged and judgedHistory are the edges before which nothing more of live events and of history is to be
	// declared lost where the API answers for the time before them, and shows nothing.
	judged, judgedHistory time.Time
}

// edge is the time before which the API keeps nothing, by its clock and by the local one: the
// earlier of the two, since a wrong clock must not give anything up.
func (r *retention) edge() time.Time {
	now := earlier(r.clock.earliest(), time.Now().UTC())
	return now.Add(retentionMargin - r.kept).Truncate(time.Second)
}

// missing returns the time between from and the edge of which a page that was asked for from start on shows
// nothing, each once: none where to is not after from. A zero end is no bound.
func (r *retention) missing(page *insights.Page, start, from, end time.Time) (lost, to time.Time) {
	edge := r.edge()
	if !start.Before(edge) {
		return edge, edge
	}
	to = edge
	judged := &r.judged
	if !end.IsZero() {
		to, judged = earlier(edge, end), &r.judgedHistory
	}
	if from = later(from, *judged); !from.Before(to) {
		return to, to
	}
	for _, event := range page.Events {
		if event.Timestamp.Before(edge) && !event.Timestamp.IsZero() {
			return to, to
		}
	}
	*judged = to
	return from, to
}
