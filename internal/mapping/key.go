// SPDX-License-Identifier: Apache-2.0

package mapping

import "strings"

// maxKey is the length in bytes up to which a path becomes a key.
const maxKey = 256

// snakePath makes a key of a path: jumpcloud. and each name in snake case.
func snakePath(path string) string {
	segments := strings.Split(path, ".")
	for i, name := range segments {
		segments[i] = snakeCase(name)
	}
	return keyPrefix + strings.Join(segments, ".")
}

// snakeCase makes a segment of a key from a name: lower case, a word for each hump, and only
// letters, digits and single underscores between them. A name that begins with a digit gets
// the prefix "n_". The result is "" where nothing is left, or where the name is too long.
func snakeCase(name string) string {
	if len(name) > maxKey {
		return ""
	}
	if isSnake(name) {
		return name
	}
	segment := make([]byte, 0, len(name)+8)
	for i := range len(name) {
		b := name[i]
		switch {
		case isUpper(b):
			if i > 0 && startsWord(name, i) {
				segment = separate(segment)
			}
			segment = append(segment, b+'a'-'A')
		case isLower(b), isDigit(b):
			segment = append(segment, b)
		default:
			segment = separate(segment)
		}
	}
	text := strings.TrimRight(string(segment), "_")
	if text != "" && isDigit(text[0]) {
		return "n_" + text
	}
	return text
}

// startsWord says that an upper-case letter begins a word: the N of "displayName" and the
// second N of "DNSName".
func startsWord(name string, i int) bool {
	if isLower(name[i-1]) || isDigit(name[i-1]) {
		return true
	}
	return isUpper(name[i-1]) && i+1 < len(name) && isLower(name[i+1])
}

func separate(segment []byte) []byte {
	if len(segment) > 0 && segment[len(segment)-1] != '_' {
		return append(segment, '_')
	}
	return segment
}

// isSnake says that a name is a segment as it stands.
func isSnake(name string) bool {
	if name == "" || !isLower(name[0]) || name[len(name)-1] == '_' {
		return false
	}
	for i := range len(name) {
		b := name[i]
		if b == '_' && name[i-1] == '_' || b != '_' && !isLower(b) && !isDigit(b) {
			return false
		}
	}
	return true
}

func isUpper(b byte) bool { return b >= 'A' && b <= 'Z' }
func isLower(b byte) bool { return b >= 'a' && b <= 'z' }
func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// nests says that the key inner lies below the key outer.
func nests(outer, inner string) bool {
	return len(outer) < len(inner) && inner[len(outer)] == '.' && strings.HasPrefix(inner, outer)
}

// eventName is jumpcloud.<service>.<event_type>, each in snake case: a name of few values, as
// the conventions ask for. It is "" without a type.
func eventName(service, eventType string) string {
	eventType = snakeCase(eventType)
	if eventType == "" {
		return ""
	}
	if service = snakeCase(service); service == "" {
		return keyPrefix + eventType
	}
	return keyPrefix + service + "." + eventType
}
