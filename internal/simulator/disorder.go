// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"slices"
	"time"
)

// eachDisordered visits what a query with an end matches in an order that is not that of time:
// the oldest, the newest, the second oldest, and so on. Every page of it shows the disorder.
func (i *index) eachDisordered(query Query, now time.Time, endExclusive bool, visit func(document, position) bool) {
	var matching []document
	i.each(position{milli: query.Start.UnixMilli()}, 0, false, func(d document, _ position) bool {
		if d.milli > query.End.UnixMilli() {
			return false
		}
		if query.matches(d.event, now, endExclusive) {
			matching = append(matching, d)
		}
		return true
	})
	disordered := zigzag(matching)
	begin := 0
	if query.SearchAfter != nil {
		begin = 1 + slices.IndexFunc(disordered, func(d document) bool {
			return d.milli == query.token.milli && d.id == query.token.key
		})
	}
	for _, d := range disordered[begin:] {
		if !visit(d, position{milli: d.milli, key: d.id}) {
			return
		}
	}
}

func zigzag(sorted []document) []document {
	result := make([]document, 0, len(sorted))
	for low, high := 0, len(sorted)-1; low <= high; low, high = low+1, high-1 {
		result = append(result, sorted[low])
		if low < high {
			result = append(result, sorted[high])
		}
	}
	return result
}
