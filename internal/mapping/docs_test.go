// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
)

const documentation = "../../docs/mapping.md"

// TestDocumentation_Tables compares the documentation's tables with the code's. With -update
// it writes them: what the documentation says beyond key, type and fields stays.
func TestDocumentation_Tables(t *testing.T) {
	for _, name := range []string{"curated", "flattened", "own", "body"} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(documentation)
			require.NoError(t, err)
			before, rest, found := strings.Cut(string(text), "<!-- begin table: "+name+" -->\n")
			require.True(t, found)
			documented, after, found := strings.Cut(rest, "<!-- end table -->")
			require.True(t, found)
			expected := table(name, documented)
			if *update {
				text := before + "<!-- begin table: " + name + " -->\n" + expected + "<!-- end table -->" + after
				require.NoError(t, os.WriteFile(documentation, []byte(text), 0o644))
				return
			}
			assert.Equal(t, expected, documented, "run the test with -update, and fill in what it writes")
		})
	}
}

// table is a table of the documentation. Columns that the code does not know come from what is
// documented.
func table(name, documented string) string {
	head, columns := strings.SplitAfterN(documented, "\n", 3), 0
	columns = strings.Count(head[0], "|") - 1
	var text strings.Builder
	text.WriteString(head[0] + head[1])
	known := rows(documented)
	for _, row := range codeRows(name) {
		rest, found := known[row[0]]
		for len(row)+len(rest) < columns {
			rest = append(rest, "–")
		}
		if found {
			rest = rest[len(row)+len(rest)-columns:]
		}
		text.WriteString("| " + strings.Join(append(row, rest...), " | ") + " |\n")
	}
	return text.String()
}

// codeRows are the columns of a table's rows that the code knows.
func codeRows(name string) [][]string {
	var rows [][]string
	if name == "body" {
		for _, path := range mapping.BodyOnly() {
			rows = append(rows, []string{code(path)})
		}
		return rows
	}
	for _, key := range mapping.KnownKeys() {
		if key.Curated != (name == "curated") || key.Own != (name == "own") {
			continue
		}
		var fields []string
		for _, path := range key.Fields {
			fields = append(fields, code(path))
		}
		if len(fields) == 0 {
			fields = []string{"derived"}
		}
		rows = append(rows, []string{code(key.Key), key.Type, strings.Join(fields, ", ")})
	}
	return rows
}

func code(text string) string { return "`" + text + "`" }

// rows returns the columns behind those that the code knows, by the first.
func rows(documented string) map[string][]string {
	known := make(map[string][]string)
	for line := range strings.Lines(documented) {
		columns := strings.Split(strings.Trim(strings.TrimSpace(line), "| "), " | ")
		known[columns[0]] = columns[min(len(columns), 3):]
	}
	return known
}

func TestDocumentation_NamesTheCaps(t *testing.T) {
	text, err := os.ReadFile(documentation)
	require.NoError(t, err)
	for _, limit := range []string{
		fmt.Sprintf("%d attributes", mapping.MaxAttributes), "4,096 bytes", fmt.Sprintf("%d texts", mapping.MaxList),
		fmt.Sprintf("%d KiB", mapping.MaxSize>>10),
	} {
		assert.Contains(t, string(text), limit)
	}
	assert.Equal(t, 4096, mapping.MaxText)
}

// Other tests take the configurations and queries from the documentation by their markers.
func TestDocumentation_MarkersHaveBlocks(t *testing.T) {
	text, err := os.ReadFile(documentation)
	require.NoError(t, err)
	markers := regexp.MustCompile(`(?m)^<!-- (snippet|query|input|output): ([a-z0-9 -]+) -->$`).FindAllStringSubmatch(string(text), -1)
	blocks := regexp.MustCompile("(?m)^<!-- (snippet|query|input|output): [a-z0-9 -]+ -->\n\n?```[a-z]+\n").FindAllString(string(text), -1)
	require.NotEmpty(t, markers)
	assert.Len(t, blocks, len(markers), "a block follows each marker")
	names := make(map[string]bool)
	for _, marker := range markers {
		assert.False(t, names[marker[1]+marker[2]], "%s %s comes once", marker[1], marker[2])
		names[marker[1]+marker[2]] = true
	}
}
