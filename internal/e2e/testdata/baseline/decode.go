// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"encoding/json"
	"io"
	"net/http"
	"sync"
)

// decoded holds the maps on their way to the mapper, by their events' ids.
var decoded sync.Map

// Decoded returns the map of an event, once.
func Decoded(event Event) map[string]any {
	fields, _ := decoded.LoadAndDelete(event.ID)
	values, _ := fields.(map[string]any)
	return values
}

// decodeBody takes the place of the shipped one: encoding/json into maps.
func decodeBody(response *http.Response, events int, size int64) (page decodedPage, more bool, err error) {
	body, err := io.ReadAll(io.LimitReader(response.Body, size+1))
	if more = int64(len(body)) > size; more || err != nil {
		return decodedPage{}, more, err
	}
	var elements []map[string]any
	if json.Unmarshal(body, &elements) != nil || len(elements) > events {
		return decodedPage{reason: reasonMalformed}, false, nil
	}
	page = decodedPage{events: make([]Event, len(elements)), size: len(body)}
	for i, fields := range elements {
		// Of the mean length: batches and records are as large as the shipped ones.
		length := len(body) / len(elements)
		page.events[i] = Event{
			Raw:           json.RawMessage(body[i*length : (i+1)*length]),
			ID:            textOf(fields, "id"),
			TimestampText: textOf(fields, "timestamp"),
			Timestamp:     ParseTimestamp(textOf(fields, "timestamp")),
			Organization:  textOf(fields, "organization"),
		}
		decoded.Store(page.events[i].ID, fields)
	}
	return page, false, nil
}

func textOf(fields map[string]any, name string) string {
	text, _ := fields[name].(string)
	return text
}
