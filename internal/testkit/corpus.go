// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// Largest is the body of the largest event of a corpus, in bytes: as OTLP it fits into a message of
// Kafka's default size.
const Largest = 400_000

// Fields are the fields of an event.
type Fields map[string]json.RawMessage

// Corpus makes so many events of those in the NDJSON files of a folder, each with an id and a time of its
// own, the first of them 100 minutes ago. Among them are wide ones, and a large one.
func Corpus(folder string, count int) ([]simulator.Event, error) {
	known, err := read(folder)
	if err != nil {
		return nil, err
	}
	known = append(known, Wide(), Large(Largest))
	from := time.Now().Add(-100 * time.Minute).UTC().Truncate(time.Millisecond)
	events := make([]simulator.Event, count)
	for i := range events {
		id, at := fmt.Sprintf("corpus-%05d", i), from.Add(time.Duration(i)*500*time.Millisecond)
		if events[i], err = Stamped(known[i%len(known)], id, at); err != nil {
			return nil, err
		}
		// Of the large one there is one only.
		if i == len(known)-1 {
			known = known[:len(known)-1]
		}
	}
	return events, nil
}

func read(folder string) (known []Fields, err error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.ndjson"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for line := range bytes.Lines(data) {
			fields := make(Fields)
			// Some lines are no objects: they test what reads them.
			if json.Unmarshal(line, &fields) == nil && len(fields) > 0 {
				known = append(known, fields)
			}
		}
	}
	if len(known) == 0 {
		return nil, errors.New("no events in " + folder)
	}
	return known, nil
}

// Stamped is an event of fields with an id and a time.
func Stamped(fields Fields, id string, at time.Time) (simulator.Event, error) {
	fields["id"] = fmt.Appendf(nil, "%q", id)
	fields["timestamp"] = fmt.Appendf(nil, "%q", at.Format("2006-01-02T15:04:05.000Z"))
	var kind string
	// Where the type is no text, the event has none.
	_ = json.Unmarshal(fields["event_type"], &kind)
	data, err := json.Marshal(fields)
	return simulator.Event{Service: "directory", Type: kind, ID: id, Time: at, JSON: data}, err
}

// Wide has more fields than a record has attributes, deep in an object.
func Wide() Fields {
	fields := make([]string, 300)
	for i := range fields {
		fields[i] = fmt.Sprintf(`"f%d":%d`, i, i)
	}
	return Fields{
		"service": []byte(`"directory"`), "event_type": []byte(`"wide"`),
		"resource_of_the_event": []byte(`{"attributes_before_it":{"policy_values":{` + strings.Join(fields, ",") + `}}}`),
	}
}

// Large has a body of about so many bytes.
func Large(size int) Fields {
	return Fields{
		"service": []byte(`"mdm"`), "event_type": []byte(`"large"`),
		"command": []byte(`{"payload":"` + strings.Repeat("certificate+/", size/13) + `"}`),
	}
}
