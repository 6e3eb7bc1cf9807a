// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

const (
	// maxMessage and maxRequestID are the lengths in bytes to which a server's texts are cut.
	maxMessage   = 256
	maxRequestID = 64
	// minPart is the length of the shortest part of a known key that is masked by itself.
	minPart = 8

	masked = "[masked]"
)

var (
	addressPattern = regexp.MustCompile(`[^\s"'<>,;:=]+@[^\s"'<>,;:=]+`)
	keyPattern     = regexp.MustCompile(`jca_[A-Za-z0-9]+`)
	// tokenPattern is any long run of what keys and bearer tokens are made of: one that an
	// authentication extension set may not be known here.
	tokenPattern = regexp.MustCompile(`[A-Za-z0-9_.~+=-]{32,}`)
	// cutPattern is what may be the first part of a key or of an address, the rest of which was cut off.
	cutPattern = regexp.MustCompile(`[^\s"'<>,;:]+$`)
)

// sanitizer makes a server's text fit for a log: no key and no part of one, no e-mail address, nothing
// that is not printable. The keys are held in a closure so that no print of a struct shows them.
type sanitizer struct {
	// whole masks the known keys, parts what is left of them.
	whole, parts func(text string) string
}

func newSanitizer(secrets ...string) sanitizer {
	secrets = slices.DeleteFunc(secrets, func(secret string) bool { return secret == "" })
	return sanitizer{
		whole: func(text string) string {
			for _, secret := range secrets {
				text = strings.ReplaceAll(text, secret, masked)
			}
			return keyPattern.ReplaceAllString(printable(text), masked)
		},
		parts: func(text string) string {
			for _, secret := range secrets {
				text = maskParts(text, secret)
			}
			return text
		},
	}
}

// text returns what may be printed of a text that is complete.
func (s sanitizer) text(text string) string {
	// A run is masked as a whole before its parts are looked at.
	text = tokenPattern.ReplaceAllString(s.whole(text), masked)
	text = addressPattern.ReplaceAllString(text, masked)
	return limited(s.parts(text), maxMessage)
}

// cutText returns what may be printed of a text whose end is missing.
func (s sanitizer) cutText(text string) string {
	return s.text(cutPattern.ReplaceAllString(text, masked))
}

// message is the field "message" of the API's error body, as observed, or the body itself.
func (s sanitizer) message(body []byte, cut bool) string {
	if cut {
		return s.cutText(string(body))
	}
	var answer struct {
		Message string `json:"message"`
	}
	if err := json.Unmarshal(body, &answer); err == nil && answer.Message != "" {
		return s.text(answer.Message)
	}
	return s.text(string(body))
}

// requestID shows long runs too, since an id is one.
func (s sanitizer) requestID(id string) string {
	return limited(s.parts(s.whole(id)), maxRequestID)
}

// maskParts masks each part of a secret, since a text may have been cut or wrapped before it came.
func maskParts(text, secret string) string {
	var kept strings.Builder
	for begin := 0; begin < len(text); {
		end := begin + minPart
		if end > len(text) || !strings.Contains(secret, text[begin:end]) {
			kept.WriteByte(text[begin])
			begin++
			continue
		}
		for end < len(text) && strings.Contains(secret, text[begin:end+1]) {
			end++
		}
		kept.WriteString(masked)
		begin = end
	}
	return kept.String()
}

func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(text, " "))
}

func limited(text string, size int) string {
	text = strings.TrimSpace(text)
	if len(text) > size {
		text = strings.ToValidUTF8(text[:size], "")
	}
	return text
}
