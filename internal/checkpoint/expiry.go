// SPDX-License-Identifier: Apache-2.0

package checkpoint

import "container/heap"

// expiry is a heap of segments: the one that is forgotten first is the first. A segment knows its
// position in it.
type expiry []*segment

var _ heap.Interface = (*expiry)(nil)

// Len implements heap.Interface.
func (e expiry) Len() int { return len(e) }

// Less implements heap.Interface.
func (e expiry) Less(i, j int) bool { return e[i].newest < e[j].newest }

// Swap implements heap.Interface.
func (e expiry) Swap(i, j int) {
	e[i], e[j] = e[j], e[i]
	e[i].position, e[j].position = i, j
}

// Push implements heap.Interface.
func (e *expiry) Push(added any) {
	last := added.(*segment)
	last.position = len(*e)
	*e = append(*e, last)
}

// Pop implements heap.Interface.
func (e *expiry) Pop() any {
	last := (*e)[len(*e)-1]
	(*e)[len(*e)-1] = nil
	*e = (*e)[:len(*e)-1]
	return last
}

// before appends the segments whose ids are all dated before edge. It starts at the root 0, and
// looks at no more than twice as many as it finds.
func (e expiry) before(edge int64, root int, found []*segment) []*segment {
	if root >= len(e) || e[root].newest >= edge {
		return found
	}
	found = append(found, e[root])
	found = e.before(edge, 2*root+1, found)
	return e.before(edge, 2*root+2, found)
}
