// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"
)

// maxMessage is the length in bytes to which a server's text is cut.
const maxMessage = 256

var (
	addressPattern = regexp.MustCompile(`[^\s"'<>,;:=]+@[^\s"'<>,;:=]+`)
	keyPattern     = regexp.MustCompile(`jca_[A-Za-z0-9]+`)
	// tokenPattern is any long run of what keys and bearer tokens are made of: one that an
	// authentication extension set is not known here.
	tokenPattern = regexp.MustCompile(`[A-Za-z0-9_.~+=-]{32,}`)
)

// sanitizer makes a server's text fit for a log: no key, no e-mail address, nothing that is
// not printable. The key is held in a closure so that no print of a struct shows it.
type sanitizer func(text string) string

func newSanitizer(secret string) sanitizer {
	return func(text string) string {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[masked]")
		}
		text = strings.Map(func(r rune) rune {
			if unicode.IsPrint(r) {
				return r
			}
			return ' '
		}, strings.ToValidUTF8(text, " "))
		text = keyPattern.ReplaceAllString(text, "[masked]")
		text = tokenPattern.ReplaceAllString(text, "[masked]")
		text = addressPattern.ReplaceAllString(text, "[masked]")
		text = strings.TrimSpace(text)
		if len(text) > maxMessage {
			text = strings.ToValidUTF8(text[:maxMessage], "")
		}
		return text
	}
}

// message is the field "message" of the API's error body, as observed, or the body itself.
func (s sanitizer) message(body []byte) string {
	var answer struct {
		Message string `json:"message"`
	}
	if err := json.Unmarshal(body, &answer); err == nil && answer.Message != "" {
		return s(answer.Message)
	}
	return s(string(body))
}
