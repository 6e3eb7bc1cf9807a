// SPDX-License-Identifier: Apache-2.0

package poll

import "github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"

// lightFields are what a light page has of each event.
func lightFields() []string { return []string{"id", "timestamp"} }

// isLight reports whether an event has an id, a timestamp that can be read, and nothing else. An API that
// sends more than it was asked for may have left out anything else as well.
func isLight(event insights.Event) bool {
	if event.ID == "" || event.Timestamp.IsZero() {
		return false
	}
	cursor := event.Tokens.Cursor(string(event.Raw))
	for token := range 6 {
		text := cursor.Next()
		if isName := token == 1 || token == 3; isName && text != `"id"` && text != `"timestamp"` {
			return false
		}
	}
	return cursor.Offset() > 0 && cursor.Next() == ""
}
