// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
)

// shorthand are the sections that people write as a text, with the key that the text belongs to.
var shorthand = map[string]string{"organizations": "id", "middlewares": "id", "auth": "authenticator"}

// kindMistakes says of values that can't be decoded what they must be. It returns none where the
// decoder's own words are the best there are.
func kindMistakes(config reflect.Type, written any, path string) []error {
	section, _ := sectionType(config)
	switch values := written.(type) {
	case nil:
		return nil
	case map[string]any:
		return sectionMistakes(section, values, path)
	case []any:
		if section.Kind() != reflect.Slice {
			return kindMistake(section, path+" is a list")
		}
		var found []error
		for i, value := range values {
			found = append(found, kindMistakes(section.Elem(), value, joinPath(path, strconv.Itoa(i)))...)
		}
		return found
	default:
		return valueMistakes(section, written, path)
	}
}

func sectionMistakes(section reflect.Type, values map[string]any, path string) []error {
	if section.Kind() != reflect.Struct || readsItself(section) {
		return kindMistake(section, path+" is a section")
	}
	known := sectionKeys(section)
	var found []error
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if keyType, ok := known[key]; ok {
			found = append(found, kindMistakes(keyType, values[key], joinPath(path, key))...)
		}
	}
	return found
}

// valueMistakes shows a value where its key can hold no secret.
func valueMistakes(section reflect.Type, value any, path string) []error {
	text, isText := value.(string)
	key, _, _ := strings.Cut(path, confmap.KeyDelimiter)
	inner, short := shorthand[key]
	switch kind := section.Kind(); {
	case readsItself(section):
		return nil
	case kind == reflect.String:
		if isText {
			return nil
		}
		return []error{notAText(section, value, path)}
	case short && kind == reflect.Struct:
		return []error{fmt.Errorf("%s is %q: it must be a section; write {%s: %s}", path, fmt.Sprint(value), inner, quotedWhereNeeded(value))}
	case short && kind == reflect.Slice:
		entries := strings.Split(fmt.Sprint(value), ",")
		for i, entry := range entries {
			entries[i] = fmt.Sprintf("{%s: %s}", inner, strings.TrimSpace(entry))
		}
		return []error{fmt.Errorf("%s is %q: it must be a list of sections; write [%s]", path, fmt.Sprint(value), strings.Join(entries, ", "))}
	case isText && kind != reflect.Slice && kind != reflect.Struct:
		return kindMistake(section, fmt.Sprintf("%s is %q", path, text))
	default:
		return kindMistake(section, path+" is a single value")
	}
}

// notAText speaks of what YAML took for a number, a date or a truth: an id or a key of digits. How it
// was written is not known any more.
func notAText(section reflect.Type, value any, path string) error {
	if section == reflect.TypeFor[configopaque.String]() {
		return fmt.Errorf("%s is no text to YAML: write it in quotes", path)
	}
	return fmt.Errorf("%s is %v to YAML, which is no text: write it in quotes", path, value)
}

func quotedWhereNeeded(value any) string {
	if text, isText := value.(string); isText {
		return text
	}
	return fmt.Sprintf("%q", fmt.Sprint(value))
}

func kindMistake(section reflect.Type, begin string) []error {
	must := ""
	switch kind := section.Kind(); {
	case readsItself(section):
		return nil
	case kind == reflect.String:
		must = "a text"
	case kind == reflect.Bool:
		must = "true or false, without quotes"
	case kind == reflect.Float64:
		must = "a number, without quotes"
	case section.Kind() >= reflect.Int && section.Kind() <= reflect.Uint64:
		must = "a whole number, without quotes and without a unit"
	case kind == reflect.Slice:
		must = "a list"
	case kind == reflect.Struct:
		must = "a section"
	default:
		return nil
	}
	return []error{fmt.Errorf("%s: it must be %s", begin, must)}
}

// readsItself says that a type has its own way to be read, and its own words.
func readsItself(section reflect.Type) bool {
	pointer := reflect.PointerTo(section)
	return pointer.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) ||
		pointer.Implements(reflect.TypeFor[confmap.ScalarUnmarshaler]()) ||
		pointer.Implements(reflect.TypeFor[confmap.Unmarshaler]())
}
