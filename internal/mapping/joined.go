// SPDX-License-Identifier: Apache-2.0

package mapping

import "strings"

// maxJoined bounds the texts that are kept. There are some hundred event types and some
// thousand regions, but what an event says is its own.
const maxJoined = 1024

// joined keeps texts that are made of two, and that repeat from event to event.
type joined map[[2]string]string

// of returns what join makes of two texts.
func (j joined) of(first, second string, join func(first, second string) string) string {
	if text, found := j[[2]string{first, second}]; found {
		return text
	}
	text := join(first, second)
	if len(j) < maxJoined && len(first)+len(second) < maxKey {
		// Clones, because the texts are parts of an event that could not be freed.
		j[[2]string{strings.Clone(first), strings.Clone(second)}] = strings.Clone(text)
	}
	return text
}
