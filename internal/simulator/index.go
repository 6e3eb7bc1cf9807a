// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"cmp"
	"encoding/json"
	"slices"
	"sort"
	"time"
)

// document is an event with what the API sorts by: the millisecond, then a document id that is
// not the event's id.
type document struct {
	milli int64
	id    uint64
	event Event
}

// index holds the documents of one organization in the order of the API.
type index struct {
	documents []document
	unsorted  bool
}

func (i *index) add(added document) {
	if last := len(i.documents) - 1; last >= 0 && compareDocuments(i.documents[last], added) > 0 {
		i.unsorted = true
	}
	i.documents = append(i.documents, added)
}

func (i *index) sort() {
	if i.unsorted {
		slices.SortFunc(i.documents, compareDocuments)
		i.unsorted = false
	}
}

func compareDocuments(a, b document) int {
	return cmp.Or(cmp.Compare(a.milli, b.milli), cmp.Compare(a.id, b.id))
}

// from returns where the documents of a millisecond, or the first after it, begin.
func (i *index) from(milli int64) int {
	return sort.Search(len(i.documents), func(n int) bool { return i.documents[n].milli >= milli })
}

// tied returns the end of the documents that share the millisecond of the one at begin.
func (i *index) tied(begin int) int {
	end := begin + 1
	for end < len(i.documents) && i.documents[end].milli == i.documents[begin].milli {
		end++
	}
	return end
}

// each visits the documents from a position on in the order of a run, until visit says no.
func (i *index) each(after position, run uint16, shuffle bool, visit func(document, position) bool) {
	i.sort()
	for begin := i.from(after.milli); begin < len(i.documents); {
		end := i.tied(begin)
		ties := i.documents[begin:end]
		if shuffle && end-begin > 1 {
			ties = slices.Clone(ties)
			slices.SortFunc(ties, func(a, b document) int { return cmp.Compare(scramble(a.id, run), scramble(b.id, run)) })
		}
		for _, document := range ties {
			at := position{milli: document.milli, key: document.id}
			if shuffle {
				at.key = scramble(document.id, run)
			}
			if !after.before(at) {
				continue
			}
			if !visit(document, at) {
				return
			}
		}
		begin = end
	}
}

// scramble is a one-to-one mixing of an id with the number of a run.
func scramble(id uint64, run uint16) uint64 {
	id ^= uint64(run) * 0x9e3779b97f4a7c15
	id ^= id >> 31
	id *= 0xbf58476d1ce4e5b9
	return id ^ id>>29
}

func (e Event) encode() []byte {
	data, err := json.Marshal(map[string]string{
		"id":           e.ID,
		"timestamp":    e.Time.UTC().Format(time.RFC3339Nano),
		"service":      e.Service,
		"event_type":   e.Type,
		"organization": e.Organization,
	})
	if err != nil {
		panic(err) // a map of strings is encoded without an error
	}
	return data
}
