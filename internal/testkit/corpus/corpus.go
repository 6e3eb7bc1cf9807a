// SPDX-License-Identifier: Apache-2.0

// Package corpus has the events of every known type, as many as a test wants. Tests only may import it.
package corpus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// Events makes so many events of the known ones, which are files in a folder, each with an id and a time of its
// own within the last 100 minutes. Beside them are one that is wide and one whose body has about so many bytes.
func Events(t testing.TB, folder string, count, largest int) []simulator.Event {
	t.Helper()
	known := read(t, folder)
	require.Greater(t, len(known), 100, "what is in %s", folder)
	known = append(known, Wide(), Large(largest))
	from := time.Now().Add(-100 * time.Minute).UTC().Truncate(time.Millisecond)
	events := make([]simulator.Event, count)
	for i := range events {
		events[i] = Stamped(t, known[i%len(known)], fmt.Sprintf("corpus-%05d", i), from.Add(time.Duration(i)*500*time.Millisecond))
		// Of the large one there is one only.
		if i == len(known)-1 {
			known = known[:len(known)-1]
		}
	}
	return events
}

// read returns the events of a folder's files, a line each, without those that are no JSON object.
func read(t testing.TB, folder string) (known []map[string]json.RawMessage) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.ndjson"))
	require.NoError(t, err)
	for _, file := range files {
		data, err := os.ReadFile(filepath.Clean(file))
		require.NoError(t, err)
		for line := range bytes.Lines(data) {
			fields := make(map[string]json.RawMessage)
			if json.Unmarshal(line, &fields) == nil && len(fields) > 0 {
				known = append(known, fields)
			}
		}
	}
	return known
}

// Stamped is an event with an id and a time.
func Stamped(t testing.TB, fields map[string]json.RawMessage, id string, at time.Time) simulator.Event {
	t.Helper()
	fields["id"] = fmt.Appendf(nil, "%q", id)
	fields["timestamp"] = fmt.Appendf(nil, "%q", at.Format("2006-01-02T15:04:05.000Z"))
	data, err := json.Marshal(fields)
	require.NoError(t, err)
	return simulator.Event{Service: "directory", ID: id, Time: at, JSON: data}
}

// Wide has more fields than a record has attributes, deep in an object.
func Wide() map[string]json.RawMessage {
	fields := make([]string, 300)
	for i := range fields {
		fields[i] = fmt.Sprintf(`"f%d":%d`, i, i)
	}
	return map[string]json.RawMessage{
		"service": []byte(`"directory"`), "event_type": []byte(`"wide"`),
		"resource_of_the_event": []byte(`{"attributes_before_it":{"policy_values":{` + strings.Join(fields, ",") + `}}}`),
	}
}

// Large has a body of about so many bytes.
func Large(bytes int) map[string]json.RawMessage {
	return map[string]json.RawMessage{
		"service": []byte(`"mdm"`), "event_type": []byte(`"large"`),
		"command": []byte(`{"payload":"` + strings.Repeat("certificate+/", bytes/13) + `"}`),
	}
}

// Compare says how many of the events are not among bodies by id, how many are there more than once, how many
// are not as they were sent, and how many ids no event has.
func Compare(events []simulator.Event, bodies map[string][]string) (missing, again, altered, strangers int) {
	strangers = len(bodies)
	for _, event := range events {
		found := bodies[event.ID]
		if len(found) == 0 {
			missing++
			continue
		}
		strangers--
		again += len(found) - 1
		if found[0] != string(event.JSON) {
			altered++
		}
	}
	return missing, again, altered, strangers
}
