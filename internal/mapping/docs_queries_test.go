// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
)

// namedKeys finds the keys that a block of the documentation names, by its language.
var namedKeys = map[string]*regexp.Regexp{
	// Texts are taken away before.
	"logql": regexp.MustCompile(`()\b([a-z]+(?:_[a-z]+)+)\b`),
	"sql":   regexp.MustCompile(`Attributes(\[)'([^']+)'`),
	"esql":  regexp.MustCompile(`(^|[ (])([a-z_]+(?:\.[a-z_]+)+)`),
	"spl":   regexp.MustCompile(`(["'])([a-z_]+(?:\.[a-z_]+)+)["']`),
	"text":  regexp.MustCompile(`(@)([a-z_.]+)`),
	"yaml":  regexp.MustCompile(`log\.attributes(\[)"([^"]+)"`),
}

// otherNames are in queries and snippets, and no keys of records.
var otherNames = []string{"count_over_time", "line_format", "user.hash"}

// A query or a snippet that names a key which no record has would find nothing, and say nothing.
func TestDocumentation_QueriesNameKeysThatRecordsHave(t *testing.T) {
	text, err := os.ReadFile(documentation)
	require.NoError(t, err)
	keys := map[string]bool{"jumpcloud.organization.id": true, "jumpcloud.organization.name": true, "service.name": true}
	for _, known := range mapping.KnownKeys() {
		keys[known.Key] = true
	}
	flat := make(map[string]bool)
	for key := range keys {
		flat[strings.ReplaceAll(key, ".", "_")] = true
	}
	texts := regexp.MustCompile(`"[^"]*"`)
	blocks := regexp.MustCompile("(?s)<!-- (?:snippet|query): ([a-z0-9 -]+) -->\n\n?```([a-z]+)\n(.*?)\n```").FindAllStringSubmatch(string(text), -1)
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		name, language, body := block[1], block[2], block[3]
		require.Contains(t, namedKeys, language, name)
		known := keys
		if language == "logql" {
			body, known = texts.ReplaceAllString(body, ""), flat
		}
		found := namedKeys[language].FindAllStringSubmatch(body, -1)
		assert.True(t, len(found) > 0 || !strings.Contains(body, "attributes["), name)
		for _, match := range found {
			key := match[2]
			if slices.Contains(otherNames, key) || strings.HasPrefix(key, "ocsf.") {
				continue
			}
			assert.True(t, known[key], "%s names %s", name, key)
		}
	}
}

// Each row has an entry in each column: a key without a word on ECS and OCSF was forgotten.
func TestDocumentation_EachKeyHasAllColumns(t *testing.T) {
	text, err := os.ReadFile(documentation)
	require.NoError(t, err)
	for _, name := range []string{"curated", "flattened"} {
		_, rest, _ := strings.Cut(string(text), "<!-- begin table: "+name+" -->\n")
		rows, _, found := strings.Cut(rest, "<!-- end table -->")
		require.True(t, found)
		for row := range strings.Lines(rows) {
			columns := strings.Split(strings.Trim(strings.TrimSpace(row), "|"), "|")
			assert.Len(t, columns, 6, row)
			for _, column := range columns {
				assert.NotEmpty(t, strings.TrimSpace(column), row)
			}
			assert.Contains(t, []string{" stability ", "---", " S ", " RC ", " D ", " – "}, columns[3], row)
		}
	}
}
