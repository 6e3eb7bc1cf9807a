// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"regexp"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"
)

const environmentRemedy = "the collector does not expand it; write ${env:NAME} for the environment variable NAME"

// placeholder finds what stands in examples where a key belongs.
var placeholder = regexp.MustCompile(`(?i)^<.*>$|^\[.*\]$|^\{\{.*\}\}$|^%.*%$|\.\.\.$|…$|api[-_]?key|^your|^jca_?$|^x+$|^jca_x+$|change[-_]?me|replace[-_]?(me|with)|placeholder`)

// checkKey never shows the key. What is wrong with it is known by its form alone.
func checkKey(found *mistakes, path string, key configopaque.String) {
	if remedy := keyMistake(string(key)); remedy != "" {
		found.add("%s %s", path, remedy)
	}
}

func keyMistake(key string) string {
	bare := strings.TrimSpace(key)
	switch {
	case key == "":
		return ""
	case bare == "":
		return "is empty: it holds nothing but white space"
	case strings.HasPrefix(bare, "$"):
		return `begins with "$": ` + environmentRemedy
	case strings.ContainsAny(bare[:1], `"'`) || strings.ContainsAny(bare[len(bare)-1:], `"'`):
		return "has quotes that belong to it: leave them out, also where an environment file sets it"
	case placeholder.MatchString(bare):
		return "is the placeholder of an example: write ${env:JUMPCLOUD_API_KEY} and set that environment variable to a key from the JumpCloud admin console"
	case strings.HasPrefix(strings.ToLower(bare), "bearer "):
		return `begins with "Bearer": it must be the bare key`
	case strings.ContainsFunc(key, isNotOfKey):
		return "holds a space, a line break or another character that no key has: it must be the bare key, without the line break that ends a file"
	default:
		return ""
	}
}

// isNotOfKey leaves what RFC 7235 lets a token hold.
func isNotOfKey(char rune) bool { return isNotOfID(char) && !strings.ContainsRune("~+/=", char) }
