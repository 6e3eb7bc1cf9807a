// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"strings"
	"unicode"
)

const (
	keyPrefix = "jumpcloud."
	// maxKey is the length in bytes up to which a path becomes a key.
	maxKey = 256
)

// withKeys gives each field of the table the key by the rule, and curated ones the type of
// their slot.
func withKeys(table map[string]field) map[string]*field {
	fields := make(map[string]*field, len(table))
	for path, known := range table {
		known.key = keyPrefix + joinSnake(path)
		if known.slot != slotNone {
			known.kind = slotKeys[known.slot].kind
		}
		if known.role == roleOrganization {
			known.key = keyOtherOrganization
		}
		fields[path] = &known
	}
	return fields
}

func joinSnake(path string) string {
	segments := strings.Split(path, ".")
	for i, segment := range segments {
		segments[i] = snakeCase(segment)
	}
	return strings.Join(segments, ".")
}

func objectsOf(fields map[string]*field) map[string]struct{} {
	objects := make(map[string]struct{})
	for path := range fields {
		for end := strings.LastIndexByte(path, '.'); end > 0; end = strings.LastIndexByte(path[:end], '.') {
			objects[path[:end]] = struct{}{}
		}
	}
	return objects
}

// snakeCase makes a segment of a key from a name: lower case, a word for each hump, and only
// letters, digits and single underscores between them. A name that begins with a digit gets
// the prefix "n_". The result is "" where nothing is left.
func snakeCase(name string) string {
	if isSnake(name) {
		return name
	}
	var segment strings.Builder
	var previous rune
	for i, r := range name {
		next := rune(0)
		if rest := name[i:]; len(rest) > 1 {
			next = rune(rest[1])
		}
		if unicode.IsUpper(r) && r < unicode.MaxASCII && startsWord(previous, next) {
			separate(&segment)
		}
		previous = r
		switch {
		case r >= 'A' && r <= 'Z':
			segment.WriteRune(r + 'a' - 'A')
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			segment.WriteRune(r)
		default:
			separate(&segment)
		}
	}
	result := strings.TrimRight(segment.String(), "_")
	if result != "" && result[0] <= '9' {
		return "n_" + result
	}
	return result
}

// startsWord says that an upper-case letter begins a word: "displayName", and the N of "APIName".
func startsWord(previous, next rune) bool {
	if previous >= 'a' && previous <= 'z' || previous >= '0' && previous <= '9' {
		return true
	}
	return previous >= 'A' && previous <= 'Z' && next >= 'a' && next <= 'z'
}

func separate(segment *strings.Builder) {
	if text := segment.String(); text != "" && text[len(text)-1] != '_' {
		segment.WriteByte('_')
	}
}

// isSnake says that a name is a segment as it stands.
func isSnake(name string) bool {
	if name == "" || name[0] < 'a' || name[0] > 'z' || name[len(name)-1] == '_' {
		return false
	}
	for i := range len(name) {
		b := name[i]
		if b == '_' && name[i-1] == '_' || b != '_' && (b < 'a' || b > 'z') && (b < '0' || b > '9') {
			return false
		}
	}
	return true
}
