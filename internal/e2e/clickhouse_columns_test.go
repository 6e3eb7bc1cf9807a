// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDocumentedClickHouseQueriesNameColumnsThatAreMade: there is no ClickHouse here, but the
// collector holds the table that its exporter makes.
func TestDocumentedClickHouseQueriesNameColumnsThatAreMade(t *testing.T) {
	columns := logColumns(t)
	text, err := os.ReadFile(documentation)
	require.NoError(t, err)
	queries := regexp.MustCompile("(?s)<!-- query: clickhouse ([a-z-]+) -->\n```sql\n(.*?)\n```").FindAllStringSubmatch(string(text), -1)
	require.NotEmpty(t, queries)
	texts := regexp.MustCompile(`'[^']*'`)
	// Functions have a parenthesis behind them, and keywords no small letters.
	name := regexp.MustCompile(`\b([A-Z][a-z]\w*)\b[^(\w]`)
	for _, query := range queries {
		found := name.FindAllStringSubmatch(texts.ReplaceAllString(query[2], "''"), -1)
		assert.NotEmpty(t, found, query[1])
		for _, column := range found {
			assert.Contains(t, columns, column[1], query[1])
		}
	}
}

// logColumns are the columns of the exporter's table for logs whose attributes are maps.
func logColumns(t *testing.T) (columns []string) {
	t.Helper()
	program, err := os.ReadFile(binary)
	require.NoError(t, err)
	column := regexp.MustCompile("\n\\s+`([A-Z]\\w+)` ")
	for _, statement := range strings.Split(string(program), "CREATE TABLE IF NOT EXISTS ")[1:] {
		statement, _, _ = strings.Cut(statement, "ENGINE")
		if !strings.Contains(statement, "`SeverityText`") || !strings.Contains(statement, "`LogAttributes` Map(") {
			continue
		}
		for _, match := range column.FindAllStringSubmatch(statement, -1) {
			columns = append(columns, match[1])
		}
	}
	require.Contains(t, columns, "EventName")
	return columns
}
