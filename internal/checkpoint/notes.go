// SPDX-License-Identifier: Apache-2.0

package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"time"
)

// MaxNames is how many names are kept: what is met beyond them is not told.
const MaxNames = 512

// maxGaps is how many gaps wait at the most: more are joined.
const maxGaps = 128

// Notes are what is kept beside the times, by reference: they are replaced and never changed, so that states can be
// compared.
type Notes struct {
	// Gaps are those that the pipeline has not taken yet, in the order in which they were declared.
	Gaps []Gap `json:"gaps,omitempty"`
	// Names are the names that were met.
	Names Names `json:"names,omitempty"`
	// Learned means that names which are met from here on are new.
	Learned bool `json:"learned,omitzero"`
}

// Gap is a loss that the pipeline is to be told of.
type Gap struct {
	Reason string `json:"reason"`
	// From and To bound the time of what is lost, [From, To). Both are zero where that is not known.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// Events is how many events are lost, or 0 where that is not known.
	Events int `json:"events,omitzero"`
	// Declared is the API's time when it was declared.
	Declared time.Time `json:"declared"`
	// Joined is how many gaps it was joined from, beside the first, with the time between them.
	Joined int `json:"joined,omitzero"`
}

// clone returns notes that may be changed; n may be nil.
func (n *Notes) clone() *Notes {
	if n == nil {
		return &Notes{}
	}
	return &Notes{Gaps: slices.Clone(n.Gaps), Names: slices.Clone(n.Names), Learned: n.Learned}
}

// Gaps returns those that the pipeline has not taken yet.
func (s State) Gaps() []Gap {
	if s.Notes == nil {
		return nil
	}
	return s.Notes.Gaps
}

// WithGap returns a state that has one more gap. One that meets a gap of the same reason is made one with it. Where
// there are too many, the two of one reason that are closest to each other are joined, and joined is true.
func (s State) WithGap(gap Gap) (with State, joined bool) {
	notes := s.Notes.clone()
	gap.From, gap.To, gap.Declared = gap.From.UTC(), gap.To.UTC(), gap.Declared.UTC()
	if !storable(gap.From) || !storable(gap.To) {
		gap.From, gap.To = time.Time{}, time.Time{}
	}
	if i := slices.IndexFunc(notes.Gaps, gap.meets); i >= 0 {
		notes.Gaps[i] = notes.Gaps[i].join(gap)
	} else {
		notes.Gaps = append(notes.Gaps, gap)
	}
	if len(notes.Gaps) > maxGaps {
		notes.joinClosest()
		joined = true
	}
	s.Notes = notes
	return s, joined
}

// WithoutGap returns a state in which the pipeline has taken a gap.
func (s State) WithoutGap(gap Gap) State {
	notes := s.Notes.clone()
	notes.Gaps = slices.DeleteFunc(notes.Gaps, func(other Gap) bool { return other == gap })
	s.Notes = notes
	return s
}

// storable reports whether JSON can hold a time. An event's may be any.
func storable(at time.Time) bool { return at.Year() >= 1 && at.Year() <= 9999 }

// meets reports whether nothing is between two gaps of one reason.
func (g Gap) meets(other Gap) bool {
	return g.Reason == other.Reason && !g.From.After(other.To) && !other.From.After(g.To)
}

func (g Gap) join(other Gap) Gap {
	if other.From.Before(g.From) {
		g.From = other.From
	}
	if other.To.After(g.To) {
		g.To = other.To
	}
	g.Events += other.Events
	g.Joined += other.Joined
	return g
}

// joinClosest joins two gaps of one reason, with the time between them.
func (n *Notes) joinClosest() {
	first, second, closest := 0, 0, time.Duration(-1)
	for i, a := range n.Gaps {
		for j, b := range n.Gaps[:i] {
			apart := max(a.From.Sub(b.To), b.From.Sub(a.To))
			if a.Reason == b.Reason && (closest < 0 || apart < closest) {
				first, second, closest = j, i, apart
			}
		}
	}
	if closest < 0 {
		return // there are fewer reasons than gaps
	}
	n.Gaps[first] = n.Gaps[first].join(n.Gaps[second])
	n.Gaps[first].Joined++
	n.Gaps = slices.Delete(n.Gaps, second, second+1)
}

// nameSize is how many bytes of a name's hash are kept: that two of 512 names share them is not to be expected.
const nameSize = 4

// Names are hashes of names, one after the other, since the storage holds nothing of an event.
type Names []byte

func hashOf(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:nameSize]
}

// Has reports whether a name is among them.
func (n Names) Has(name string) bool {
	hash := hashOf(name)
	for each := range slices.Chunk(n, nameSize) {
		if bytes.Equal(each, hash) {
			return true
		}
	}
	return false
}

// Full reports whether no more names are kept.
func (n Names) Full() bool { return len(n) >= MaxNames*nameSize }

// WithNames returns a state that has met names, as long as there is room for them.
func (s State) WithNames(names ...string) State {
	notes := s.Notes.clone()
	for _, name := range names {
		if !notes.Names.Full() && !notes.Names.Has(name) {
			notes.Names = append(notes.Names, hashOf(name)...)
		}
	}
	s.Notes = notes
	return s
}

// Met returns the names that were met.
func (s State) Met() Names {
	if s.Notes == nil {
		return nil
	}
	return s.Notes.Names
}

// WithNamesLearned returns a state by which names that are met from here on are new.
func (s State) WithNamesLearned() State {
	notes := s.Notes.clone()
	notes.Learned = true
	s.Notes = notes
	return s
}

// NamesLearned reports whether names that are met are new.
func (s State) NamesLearned() bool { return s.Notes != nil && s.Notes.Learned }

// possible reports whether this package can have written the notes.
func (n *Notes) possible() bool {
	return n == nil || len(n.Gaps) <= maxGaps && len(n.Names) <= MaxNames*nameSize && len(n.Names)%nameSize == 0
}
