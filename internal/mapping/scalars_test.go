// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
)

// leaf is a scalar of an event, or a list of texts.
type leaf struct {
	// names are those on the way to it.
	names []string
	// path is the usual spelling.
	path string
	// curated are the keys that the documentation has for it, and bareKey is the one by the rule,
	// without suffixes.
	curated []string
	bareKey string
	// texts is what an attribute of it may read, any of them.
	texts []string
}

// entry is an attribute of a record, with its key without suffixes.
type entry struct{ key, bareKey, text string }

func entriesOf(record plog.LogRecord) (entries []entry) {
	for key, v := range record.Attributes().All() {
		entries = append(entries, entry{key: key, bareKey: bare(key), text: attributeText(v)})
	}
	return entries
}

// leavesOf returns the leaves of an event that are not empty and in no array.
func leavesOf(tb testing.TB, e insights.Event) []leaf {
	tb.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(e.Raw)))
	decoder.UseNumber()
	var fields map[string]any
	require.NoError(tb, decoder.Decode(&fields))
	return appendLeaves(nil, nil, fields)
}

func appendLeaves(leaves []leaf, names []string, v any) []leaf {
	add := func(texts ...string) {
		usual := usualNames(names)
		path := snakePath(usual)
		leaves = append(leaves, leaf{
			names: names, path: strings.Join(usual, "."), curated: curatedKeys[path], bareKey: bare("jumpcloud." + path), texts: texts,
		})
	}
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			leaves = appendLeaves(leaves, append(slices.Clone(names), name), member)
		}
	case string:
		if v != "" {
			add(v, numberText(v), strings.ToLower(v))
		}
	case bool:
		add(strconv.FormatBool(v))
	case json.Number:
		add(v.String(), numberText(v.String()))
	case []any:
		// Of several actors one has attributes.
		if list, only := textList(v); only && snakePath(names) != "initiated_by" {
			add(list)
		}
	}
	return leaves
}

// textList joins an array that has texts and nothing else.
func textList(v []any) (list string, only bool) {
	var texts []string
	for _, element := range v {
		text, isText := element.(string)
		if !isText {
			return "", false
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "\x00"), len(texts) > 0
}

// numberText is how the attribute of a number, or of a text that is one, may read.
func numberText(literal string) string {
	if double, err := strconv.ParseFloat(strings.TrimSpace(literal), 64); err == nil {
		return strconv.FormatFloat(double, 'g', -1, 64)
	}
	return literal
}

// attributeText is how an attribute reads, in the way of a leaf.
func attributeText(v pcommon.Value) string {
	switch v.Type() {
	case pcommon.ValueTypeSlice:
		list, _ := textList(v.Slice().AsRaw())
		return list
	case pcommon.ValueTypeDouble:
		return strconv.FormatFloat(v.Double(), 'g', -1, 64)
	default:
		return v.AsString()
	}
}

// curatedKeys are the documentation's by the path in snake case.
var curatedKeys = func() map[string][]string {
	keys := map[string][]string{
		"initiated_by": {"user.name", "user.email", "jumpcloud.initiated_by.username", "jumpcloud.initiated_by.email"},
		"useragent":    {"user_agent.original", "jumpcloud.useragent.raw"},
	}
	for _, known := range mapping.KnownKeys() {
		for _, path := range known.Fields {
			path = snakePath(strings.Split(path, "."))
			keys[path] = append(keys[path], known.Key)
		}
	}
	return keys
}()

// usualNames takes the spellings of the documentation that are not the usual ones out of a path.
func usualNames(names []string) []string {
	usual := slices.Clone(names)
	same := map[string]string{"user_agent": "useragent", "useragent": "useragent", "geoip": "geoip"}
	object := same[snake(usual[0])]
	if object == "" {
		return usual
	}
	usual[0] = object
	if len(usual) > 1 && same[snake(usual[1])] == object {
		usual = slices.Delete(usual, 1, 2)
	}
	if object == "geoip" && len(usual) > 1 && snake(usual[1]) == "region" {
		usual[1] = "region_name"
	}
	return usual
}

var (
	humps = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	// acronyms end before a word.
	acronyms = regexp.MustCompile(`([A-Z])([A-Z][a-z])`)
	others   = regexp.MustCompile(`[^a-z0-9]+`)
	suffixes = regexp.MustCompile(`(_text|_list|_object)+(\.|$)`)
)

// snake is the documented rule for a name.
func snake(name string) string {
	// As most are, and the race detector makes expressions slow.
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") == "" && strings.Trim(name, "_") == name && !strings.Contains(name, "__") {
		return name
	}
	name = acronyms.ReplaceAllString(humps.ReplaceAllString(name, "${1}_$2"), "${1}_$2")
	name = strings.Trim(others.ReplaceAllString(strings.ToLower(name), "_"), "_")
	if name != "" && name[0] <= '9' {
		return "n_" + name
	}
	return name
}

func snakePath(names []string) string {
	var segments []string
	for _, name := range names {
		segments = append(segments, snake(name))
	}
	return strings.Join(segments, ".")
}

// bare is a key without the suffixes that keep types apart.
func bare(key string) string {
	// Most have none, and the race detector makes expressions slow.
	if !strings.Contains(key, "_text") && !strings.Contains(key, "_list") && !strings.Contains(key, "_object") {
		return key
	}
	return suffixes.ReplaceAllString(key, "$2")
}

// mayHave says that the documentation lets an attribute have the value of a leaf.
func (l leaf) mayHave(a entry) bool {
	if a.bareKey != l.bareKey && !slices.Contains(l.curated, a.key) {
		return false
	}
	_, region, _ := strings.Cut(a.text, "-")
	return slices.Contains(l.texts, a.text) || a.key == "geo.region.iso_code" && slices.Contains(l.texts, region)
}

// leftToBody knows the fields that are in no attribute by rule, or by another one.
func (l leaf) leftToBody() bool {
	return l.path == "timestamp" || l.path == "organization" || l.path == "changes" || strings.HasPrefix(l.path, "changes.") ||
		strings.HasPrefix(l.path, "auth_context.policies_applied") || slices.Contains(bodyOnly, l.path)
}

var bodyOnly = mapping.BodyOnly()

// requireScalars checks that every scalar of an event that the rules do not leave to the body has
// an attribute under a key that the documentation has for it, or is counted as dropped; and that
// every attribute has a scalar.
func requireScalars(tb testing.TB, e insights.Event, record plog.LogRecord) {
	tb.Helper()
	entries := entriesOf(record)
	missing := make(map[string]bool)
	sources := map[string]bool{
		"jumpcloud.event.outcome": true, "error.type": true, "jumpcloud.changed_fields": true,
		"jumpcloud.auth_context.policy_names": true, "jumpcloud.auth_context.policy_actions": true, "jumpcloud.timestamp": true,
		"jumpcloud.actor.name": true, "jumpcloud.device.name": true,
	}
	for _, l := range leavesOf(tb, e) {
		found := l.leftToBody()
		for _, a := range entries {
			if l.mayHave(a) {
				found, sources[a.key] = true, true
			}
		}
		if !found {
			// What lies too deep is counted once.
			missing[strings.Join(l.names[:min(6, len(l.names))], "\x00")] = true
		}
	}
	require.LessOrEqualf(tb, len(missing), int(record.DroppedAttributesCount()), "not in an attribute: %q of %s", missing, e.Raw)
	// What the first of an array of actors has is no leaf.
	actors := strings.Contains(string(e.Raw), `"initiated_by":[`)
	for _, a := range entries {
		require.Truef(tb, actors || sources[a.key], "%s is %s from nowhere: %s", a.key, a.text, e.Raw)
	}
}
