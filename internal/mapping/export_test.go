// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// KnownKey is a key of the tables, for the tests that compare them with the documentation.
type KnownKey struct {
	Key, Type string
	// Fields are the paths of the event that fill it, the first first.
	Fields []string
	// Curated says that the key is not the path.
	Curated bool
	// Own says that the key is for what a curated key does not take of its field.
	Own bool
}

// The caps, for tests.
const (
	MaxAttributes = maxAttributes
	MaxText       = maxText
	MaxList       = maxList
	MaxSize       = maxSize
	MaxKey        = maxKey
)

// KnownKeys returns all keys of the tables: curated ones as they are written, then the others
// in the order of the alphabet, then those for what curated keys do not take.
func KnownKeys() []KnownKey {
	curated := make([]KnownKey, slotCount)
	for s := range slots {
		curated[s] = KnownKey{Key: slots[s].key, Type: typeName(slots[s].kind), Curated: true}
	}
	flattened, own := make(map[string]KnownKey), make(map[string]KnownKey)
	for _, path := range sortedPaths() {
		known := fieldOf(path)
		switch {
		case known.slot != slotNone:
			curated[known.slot].Fields = append(curated[known.slot].Fields, path)
			if slots[known.slot].kind == kindStrings {
				continue // a text fits into a list
			}
			key := nodeOf(path).textKey()
			own[key] = KnownKey{Key: key, Type: typeName(kindString), Fields: append(own[key].Fields, path), Own: true}
		case known.role != roleBody && known.kind != kindNone:
			key := snakePath(usualPath(path))
			flattened[key] = KnownKey{Key: key, Type: typeName(known.kind), Fields: append(flattened[key].Fields, path)}
		}
	}
	return slices.Concat(curated[1:], sortedKeys(flattened), sortedKeys(own))
}

func nodeOf(path string) *node {
	at := knownTree
	for name := range strings.SplitSeq(path, ".") {
		at = at.children[name]
	}
	return at
}

func typeName(k kind) string {
	return [...]string{"string", "bool", "int", "double", "string[]"}[k]
}

func sortedKeys(keys map[string]KnownKey) []KnownKey {
	return slices.SortedFunc(maps.Values(keys), func(a, b KnownKey) int { return cmp.Compare(a.Key, b.Key) })
}

// BodyOnly returns the paths that are left to the body.
func BodyOnly() []string {
	return slices.DeleteFunc(sortedPaths(), func(path string) bool { return fieldOf(path).role != roleBody })
}

func fieldOf(path string) field {
	if known, found := commonFields[path]; found {
		return known
	}
	return serviceFields[path]
}

// sortedPaths returns the paths of the tables by rank, then alphabetically.
func sortedPaths() []string {
	paths := slices.AppendSeq(slices.Collect(maps.Keys(commonFields)), maps.Keys(serviceFields))
	return slices.SortedFunc(slices.Values(paths), func(a, b string) int {
		return cmp.Or(cmp.Compare(fieldOf(a).rank, fieldOf(b).rank), cmp.Compare(a, b))
	})
}
