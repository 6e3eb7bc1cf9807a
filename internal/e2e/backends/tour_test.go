// SPDX-License-Identifier: Apache-2.0

package backends_test

import (
	"encoding/json"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// TestTour_EachQueryFindsWhatItSays runs the queries of docs/tour.md on what `make run` invents. What is in backticks
// behind a query has to be in its answer.
func TestTour_EachQueryFindsWhatItSays(t *testing.T) {
	now := time.Now()
	generator := simulator.NewGenerator(1, 0, 0)
	events := generator.History("", now.Add(-720*time.Hour), now, 500)
	events = append(events, generator.Incidents("", now)...)
	api := simulator.New(simulator.Settings{})
	api.Add(events...)
	victoria := startVictoriaLogs(t, "-retentionPeriod", "100y")
	startExample(t, "victorialogs.yaml", api, victoria, "receivers: {jumpcloud: {backfill: {lookback: 721h}}}")
	require.Eventually(t, func() bool {
		rows := query(t, victoria, "_time:90d * | stats count_uniq(log.record.uid) total")
		var total int
		return len(rows) == 1 && json.Unmarshal([]byte(rows[0]["total"]), &total) == nil && total == len(events)
	}, enough, time.Second, "VictoriaLogs has all events")

	tour, err := os.ReadFile(root + "docs/tour.md")
	require.NoError(t, err)
	steps := regexp.MustCompile("(?s)```logsql\n(.+?)```\n\n\\[Open\\]\\(([^)]+)\\)\n\nThe demo shows (.+?)\n\n").FindAllStringSubmatch(string(tour)+"\n", -1)
	require.Len(t, steps, 11)
	for _, step := range steps {
		rows := query(t, victoria, step[1])
		requireLinked(t, step[1], step[2], rows)
		found, err := json.Marshal(rows)
		require.NoError(t, err)
		for _, shown := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(step[3], -1) {
			assert.Contains(t, string(found), shown[1], step[1])
		}
	}
}

// requireLinked checks that a link opens a query with all of its columns.
func requireLinked(t *testing.T, text, link string, rows []map[string]string) {
	t.Helper()
	_, parameters, _ := strings.Cut(link, "#/?")
	values, err := url.ParseQuery(parameters)
	require.NoError(t, err)
	assert.Equal(t, strings.Join(strings.Fields(text), " "), values.Get("query"))
	var columns []string
	require.NoError(t, json.Unmarshal([]byte(values.Get("columns")), &columns))
	for _, row := range rows {
		for key := range row {
			assert.Contains(t, columns, key, text)
		}
	}
}
