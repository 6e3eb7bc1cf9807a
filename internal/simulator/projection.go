// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"encoding/json"
	"strings"
	"sync"
)

// projections remember what is left of an event when only some fields are asked for: rescans ask for the
// same ones again and again. They are safe for concurrent use.
type projections struct {
	mu   sync.Mutex
	made map[projectionKey]projection
}

type projectionKey struct {
	// event is the first byte of the event's JSON.
	event  *byte
	fields string
}

type projection struct {
	JSON json.RawMessage
	// known means that the event has one of the fields.
	known bool
}

// project keeps the named fields of each event. A name that no event has is refused.
func (p *projections) project(events []json.RawMessage, fields []string) ([]json.RawMessage, *problem) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.made == nil {
		p.made = make(map[projectionKey]projection)
	}
	known := len(events) == 0
	projected := make([]json.RawMessage, len(events))
	key := projectionKey{fields: strings.Join(fields, "\n")}
	for i, event := range events {
		key.event = &event[0]
		kept, found := p.made[key]
		if !found {
			var err error
			if kept, err = projectOne(event, fields); err != nil {
				return nil, badRequest("an event can't be projected")
			}
			p.made[key] = kept
		}
		known = known || kept.known
		projected[i] = kept.JSON
	}
	if !known {
		return nil, badRequest("no known field in fields")
	}
	return projected, nil
}

func projectOne(event json.RawMessage, fields []string) (projection, error) {
	kept := make(map[string]json.RawMessage)
	var object map[string]json.RawMessage
	if json.Unmarshal(event, &object) == nil {
		for _, field := range fields {
			if value, found := lookupIn(object, field); found {
				kept[field] = value
			}
		}
	}
	data, err := json.Marshal(kept)
	return projection{JSON: data, known: len(kept) > 0}, err
}

// lookup returns the value at a path of names with dots between them.
func lookup(event json.RawMessage, path string) (json.RawMessage, bool) {
	var object map[string]json.RawMessage
	if json.Unmarshal(event, &object) != nil {
		return nil, false
	}
	return lookupIn(object, path)
}

func lookupIn(object map[string]json.RawMessage, path string) (json.RawMessage, bool) {
	name, rest, nested := strings.Cut(path, ".")
	value, found := object[name]
	if !found || !nested {
		return value, found
	}
	return lookup(value, rest)
}
