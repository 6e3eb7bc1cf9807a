// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// actors are fields that name an actor, the first first.
var actors = []string{
	"initiated_by.username", "username", "initiated_by.email", "jc_initiated_by_email", "initiated_by.name", "initiated_by.id",
}

// devices are fields that name a device, the first first.
var devices = []string{
	"system.hostname", "system.displayName", "auth_context.system.hostname", "auth_context.system.displayName", "resource.hostname",
}

// Of the fields from one on, the first is taken, in whatever order they come.
func TestActorAndDevice_TheFirstOfTheirFields(t *testing.T) {
	for key, fields := range map[string][]string{"jumpcloud.actor.name": actors, "jumpcloud.device.name": devices} {
		for i, field := range fields {
			t.Run(field, func(t *testing.T) {
				values := map[string]string{"resource.type": `"system"`}
				for _, later := range fields[i:] {
					values[later] = `"` + later + `"`
				}
				for _, text := range []string{object(values, false), object(values, true)} {
					assert.Equal(t, field, attributesOf(t, text)[key], text)
				}
			})
		}
	}
}

// object is an event with values at paths of at most three names, in the order of the alphabet or
// against it.
func object(values map[string]string, backwards bool) string {
	groups := make(map[string]map[string]string)
	for path, v := range values {
		name, rest, nested := strings.Cut(path, ".")
		if groups[name] == nil {
			groups[name] = make(map[string]string)
		}
		if nested {
			groups[name][rest] = v
		} else {
			groups[name][""] = v
		}
	}
	var members []string
	for name, group := range groups {
		v, scalar := group[""]
		if !scalar {
			v = object(group, backwards)
		}
		members = append(members, `"`+name+`":`+v)
	}
	slices.Sort(members)
	if backwards {
		slices.Reverse(members)
	}
	return "{" + strings.Join(members, ",") + "}"
}

func TestActorAndDevice(t *testing.T) {
	for text, expected := range map[string][2]any{
		`{}`:                                 {},
		`{"initiated_by":"ada"}`:             {"ada", nil},
		`{"initiated_by":"ada@example.com"}`: {"ada@example.com", nil},
		`{"initiated_by":[{"email":"ada@example.com"},{"id":"2"}]}`:                   {"ada@example.com", nil},
		`{"initiated_by":{"username":"","email":"ada@example.com"}}`:                  {"ada@example.com", nil},
		`{"initiated_by":{"username":"` + strings.Repeat("x", 4097) + `","id":"5f"}}`: {"5f", nil},
		`{"initiated_by":{"id":5}}`:                                                   {"5", nil},
		`{"jc_initiated_by_id":"5f"}`:                                                 {nil, nil},
		`{"actor":{"name":"ada"},"device":{"name":"a"}}`:                              {nil, nil},
		`{"system":{"host_name":"a","displayName":"b"}}`:                              {nil, "a"},
		`{"system":{"display_name":"b"}}`:                                             {nil, "b"},
		`{"system":{"display_name":"b","displayName":"a"}}`:                           {nil, "a"},
		`{"system":{"displayName":"` + strings.Repeat("x", 4097) + `"}}`:              {nil, nil},
		`{"resource":{"hostname":"a","type":"system"}}`:                               {nil, "a"},
		`{"resource":{"type":"DEVICE","hostname":"a"}}`:                               {nil, "a"},
		`{"resource":{"type":"user","hostname":"a"}}`:                                 {nil, nil},
		`{"resource":{"hostname":"a"}}`:                                               {nil, nil},
	} {
		t.Run(text[:min(len(text), 80)], func(t *testing.T) {
			attributes := attributesOf(t, text)
			assert.Equal(t, expected, [2]any{attributes["jumpcloud.actor.name"], attributes["jumpcloud.device.name"]})
		})
	}
}
