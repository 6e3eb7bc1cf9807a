// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"errors"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/confmap"
)

// read decodes what was written, less the values that can't be read. It adds a mistake for each of
// those and returns the keys that are at their defaults for it.
func (c *Config) read(conf *confmap.Conf, found *mistakes) (unread []string) {
	defaults := *c
	for _, wrong := range durationMistakes(reflect.TypeFor[Config](), conf.ToStringMap(), "") {
		*found = append(*found, wrong)
		conf.Delete(wrong.path)
		unread = append(unread, wrong.path)
	}
	if conf.Unmarshal(c) == nil {
		return unread
	}
	known := sectionKeys(reflect.TypeFor[Config]())
	for _, key := range slices.Sorted(maps.Keys(conf.ToStringMap())) {
		err := decodeAlone(conf, key, defaults)
		if err == nil {
			continue
		}
		if wrong := kindMistakes(known[key], conf.Get(key), key); len(wrong) > 0 {
			*found = append(*found, wrong...)
		} else {
			*found = append(*found, plainly(err))
		}
		conf.Delete(key)
		unread = append(unread, key)
	}
	*c = defaults
	if err := conf.Unmarshal(c); err != nil {
		*found = append(*found, plainly(err))
	}
	return unread
}

// decodeAlone tells what is wrong with a key by itself.
func decodeAlone(conf *confmap.Conf, key string, defaults Config) error {
	alone := confmap.New()
	if err := alone.Merge(conf); err != nil {
		return err
	}
	for other := range conf.ToStringMap() {
		if other != key {
			alone.Delete(other)
		}
	}
	type withoutUnmarshal Config
	return alone.Unmarshal((*withoutUnmarshal)(&defaults))
}

var (
	// decodedHeading stands before what the decoder says, once for each section that reads itself.
	decodedHeading = regexp.MustCompile(`(?m)^('' )?decoding failed due to the following error\(s\):\n+`)
	// decodedPath is how the decoder begins what it says of a value: 'organizations[0].id'.
	decodedPath = regexp.MustCompile(`(?m)^'([^'\n]*)' `)
)

// plainly returns a decoder's error with the keys as the configuration has them.
func plainly(err error) error {
	text := decodedHeading.ReplaceAllString(err.Error(), "")
	return errors.New(decodedPath.ReplaceAllStringFunc(text, func(begin string) string {
		path := strings.Trim(begin, "' ")
		return strings.NewReplacer(".", confmap.KeyDelimiter, "[", confmap.KeyDelimiter, "]", "").Replace(path) + ": "
	}))
}

// sentencesWithout returns the sentences of an error that name none of the keys: what they say of a
// key that was not read would be said of its default.
func sentencesWithout(err error, keys []string) []error {
	if err == nil {
		return nil
	}
	var left []error
	for sentence := range strings.SplitSeq(err.Error(), "\n") {
		if !slices.ContainsFunc(keys, func(key string) bool { return names(sentence, key) }) {
			left = append(left, errors.New(sentence))
		}
	}
	return left
}

// names says whether a sentence has a key as a word: its whole path, or the last part of it, by which
// the other keys of its section speak of it.
func names(sentence, path string) bool {
	section, key, nested := strings.Cut(path, confmap.KeyDelimiter)
	words := strings.FieldsFunc(sentence, func(char rune) bool {
		return char != '_' && (char < 'a' || char > 'z') && (char < '0' || char > '9')
	})
	if nested {
		return slices.Contains(words, section) && slices.Contains(words, key)
	}
	return slices.Contains(words, section)
}
