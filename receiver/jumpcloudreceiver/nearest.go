// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

// nearest returns the word that takes the fewest edits to become what was written, or "" where
// they would have to change more than half of the longer of the two.
func nearest(written string, words []string) string {
	best, fewest := "", 0
	from := []rune(written)
	for _, word := range words {
		to := []rune(word)
		edits := editDistance(from, to)
		if edits <= max(len(from), len(to))/2 && (best == "" || edits < fewest) {
			best, fewest = word, edits
		}
	}
	return best
}

// editDistance is the Levenshtein distance: how many characters must be put in, left out or
// replaced to make b of a.
func editDistance(a, b []rune) int {
	// above and row hold the distances of the first characters of a to each beginning of b.
	above := make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	row := make([]int, len(b)+1)
	for i, from := range a {
		row[0] = i + 1
		for j, to := range b {
			replaced := above[j]
			if from != to {
				replaced++
			}
			row[j+1] = min(replaced, above[j+1]+1, row[j]+1)
		}
		above, row = row, above
	}
	return above[len(b)]
}
