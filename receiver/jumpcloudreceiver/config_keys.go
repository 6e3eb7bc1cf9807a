// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/confmap"
)

// fewKeys is how many keys a section may have and still have them all in a sentence.
const fewKeys = 12

// Unmarshal implements confmap.Unmarshaler. It returns all mistakes at once that only what was
// written shows: unknown keys, values of the wrong kind or without a unit, a region beside an
// endpoint, and an organization's key that is there and empty. What Validate says of the rest is
// returned too, since the collector does not go on to ask for it.
//
// The unknown keys are looked for here since confighttp.ClientConfig asks that they be ignored,
// for its own section and so for the one that it is squashed into.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	written := conf.ToStringMap()
	var found mistakes
	for _, unknown := range unknownKeys(reflect.TypeFor[Config](), written, "") {
		found = append(found, unknown)
		// An optional section refuses them as well, in other words.
		conf.Delete(unknown.path)
	}
	checkRegion(&found, written)
	checkEmptyKeys(&found, written)
	if !isBlank(written["endpoint"]) {
		c.Region = ""
	}
	unread := c.read(conf, &found)
	if len(found) == 0 {
		return nil
	}
	return errors.Join(append(found, sentencesWithout(confmap.Validate(c), unread)...)...)
}

func checkRegion(found *mistakes, written map[string]any) {
	if region := written["region"]; !isBlank(region) && !isBlank(written["endpoint"]) {
		found.add("region is %q and endpoint is set: only one of the two may be", fmt.Sprint(region))
	}
}

// checkEmptyKeys refuses an organization's key that is there and empty: the receiver's own in its
// place would be one that was not meant.
func checkEmptyKeys(found *mistakes, written map[string]any) {
	organizations, _ := written["organizations"].([]any)
	for i, organization := range organizations {
		section, _ := organization.(map[string]any)
		if key, given := section["api_key"]; given && isBlank(key) {
			found.add("%s is empty: it must be set (if it comes from an environment variable, that one is not set) or be left out", organizationKey(i))
		}
	}
}

func isBlank(value any) bool {
	return value == nil || value == ""
}

const listOrganizations = "events are read by organization; write organizations: [{id: ...}] with the id of each"

// elsewhere are keys that people look for, with what to write in their place.
var elsewhere = map[string]string{
	"provider_id":     listOrganizations,
	"org_id":          listOrganizations,
	"organization_id": listOrganizations,
}

// unknownKey is a key that was written and that nothing takes.
type unknownKey struct {
	path  string
	key   string
	known []string
}

// Error implements error.
func (u unknownKey) Error() string {
	if remedy, told := elsewhere[u.key]; told {
		return fmt.Sprintf("unknown key %q: %s", u.path, remedy)
	}
	switch near := nearest(u.key, u.known); {
	case near != "":
		return fmt.Sprintf("unknown key %q: did you mean %q?", u.path, near)
	case len(u.known) > 0 && len(u.known) <= fewKeys:
		return fmt.Sprintf("unknown key %q: the keys here are %s", u.path, strings.Join(u.known, ", "))
	default:
		return fmt.Sprintf("unknown key %q", u.path)
	}
}

// unknownKeys compares the keys that were written with those that a type takes, at every level.
func unknownKeys(config reflect.Type, written any, path string) []unknownKey {
	section, optional := sectionType(config)
	var found []unknownKey
	switch values := written.(type) {
	case map[string]any:
		// Anything else that is written as a map, such as headers, has keys of the user's own.
		if section.Kind() != reflect.Struct {
			return nil
		}
		known := sectionKeys(section)
		if optional {
			known["enabled"] = reflect.TypeFor[bool]()
		}
		for _, key := range slices.Sorted(maps.Keys(values)) {
			keyPath := joinPath(path, key)
			if keyType, ok := known[key]; ok {
				found = append(found, unknownKeys(keyType, values[key], keyPath)...)
				continue
			}
			found = append(found, unknownKey{path: keyPath, key: key, known: slices.Sorted(maps.Keys(known))})
		}
	case []any:
		if section.Kind() != reflect.Slice {
			return nil
		}
		for i, value := range values {
			found = append(found, unknownKeys(section.Elem(), value, joinPath(path, strconv.Itoa(i)))...)
		}
	}
	return found
}

// sectionType looks through pointers and through configoptional.Optional, which keeps its value
// in a field that cannot be seen and hands it out with Get.
func sectionType(config reflect.Type) (section reflect.Type, optional bool) {
	section = config
	for section.Kind() == reflect.Pointer {
		section = section.Elem()
	}
	pointer := reflect.PointerTo(section)
	if !pointer.Implements(reflect.TypeFor[interface{ HasValue() bool }]()) {
		return section, false
	}
	get, found := pointer.MethodByName("Get")
	if !found || get.Type.NumOut() != 1 || get.Type.Out(0).Kind() != reflect.Pointer {
		return section, false
	}
	return get.Type.Out(0).Elem(), true
}

// sectionKeys are the keys that a struct takes, with the type of each.
func sectionKeys(section reflect.Type) map[string]reflect.Type {
	keys := map[string]reflect.Type{}
	for field := range section.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get(confmap.MapstructureTag), ",")
		switch {
		case !field.IsExported() || name == "-":
		case slices.Contains(strings.Split(options, ","), "squash"):
			squashed, _ := sectionType(field.Type)
			maps.Copy(keys, sectionKeys(squashed))
		case name == "":
			keys[field.Name] = field.Type
		default:
			keys[name] = field.Type
		}
	}
	return keys
}

func joinPath(path, key string) string {
	if path == "" {
		return key
	}
	return path + confmap.KeyDelimiter + key
}
