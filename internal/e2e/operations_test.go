// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// chapter returns a section of docs/operations.md, its own subsections included.
func chapter(t *testing.T, title string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "\n## "+title+"\n")
	require.True(t, found, title)
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}

// firstCells are the texts in backticks that the rows of a section's tables begin with.
func firstCells(section string) (cells []string) {
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)`").FindAllStringSubmatch(section, -1) {
		cells = append(cells, row[1])
	}
	return cells
}

func TestOperations_HasEachMetric(t *testing.T) {
	metadata, err := os.ReadFile("../../metadata.yaml")
	require.NoError(t, err)
	var metrics []string
	for _, name := range regexp.MustCompile(`(?m)^ {4}receiver_jumpcloud_(\w+):$`).FindAllStringSubmatch(string(metadata), -1) {
		metrics = append(metrics, name[1])
	}
	assert.ElementsMatch(t, metrics, firstCells(chapter(t, "Metrics")))
}

// TestOperations_HasEachLine: each line that the receiver logs begins as one of the table, and each of the table is
// in one.
func TestOperations_HasEachLine(t *testing.T) {
	lines := loggedLines(t)
	documented := firstCells(chapter(t, "Lines of the log"))
	for _, line := range lines {
		assert.True(t, containsOneOf(line, documented), "docs/operations.md lacks the line %q", line)
	}
	for _, text := range documented {
		assert.Contains(t, strings.Join(lines, "\n"), text, "no line is like it")
	}
}

func containsOneOf(line string, texts []string) bool {
	for _, text := range texts {
		if strings.Contains(line, text) {
			return true
		}
	}
	return false
}

// metricsOf asks a collector for its metrics.
func metricsOf(t *testing.T, address string) string {
	t.Helper()
	answer, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		return ""
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return string(text)
}

// above reports whether a metric, or the sum of a histogram, is above 0.
func above(metrics, name string) bool {
	return regexp.MustCompile(`(?m)^otelcol_receiver_jumpcloud_` + name + `(_sum)?\{[^}]*\} [^0\s]`).MatchString(metrics)
}

// TestOperations_RehearsalsShowWhatTheySay runs those of the table on the built simulator and collector.
func TestOperations_RehearsalsShowWhatTheySay(t *testing.T) {
	rows := regexp.MustCompile("(?m)^\\| `([a-z0-9]+)` \\| `([^`]+)` \\| `([a-z_]+)` \\|$").FindAllStringSubmatch(chapter(t, "Rehearsal"), -1)
	require.Len(t, rows, 5)
	for _, row := range rows {
		fault, line, metric := row[1], row[2], row[3]
		t.Run(fault, func(t *testing.T) {
			listen, served := freeAddress(t), freeAddress(t)
			program(t, "jcsim", "-listen", listen, "-history", "10")
			rehearse := func(method, path string) {
				request, err := http.NewRequestWithContext(t.Context(), method, "http://"+listen+path, nil)
				require.NoError(t, err)
				answer, err := http.DefaultClient.Do(request)
				require.NoError(t, err)
				require.NoError(t, answer.Body.Close())
				require.Equal(t, http.StatusOK, answer.StatusCode)
			}
			answering(t, "http://"+listen+"/rehearse")
			collector := install(t, "http://"+listen, newBackend(t).server.URL, fast)
			collector.reconfigure("level: none", "readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: "+served[strings.LastIndex(served, ":")+1:]+"}}}}]")
			collector.start()
			await(t, func() bool { return above(metricsOf(t, served), "pages") }, collector)
			rehearse(http.MethodPost, "/rehearse/"+fault)
			await(t, collector.printed(line), collector)
			await(t, func() bool { return above(metricsOf(t, served), metric) }, collector)
			requireAlerted(t, metricsOf(t, served))
			rehearse(http.MethodDelete, "/rehearse")
			await(t, collector.printed("Working again"), collector)
			collector.signal(syscall.SIGTERM)
		})
	}
}

// requireAlerted checks that the collector serves what the alerting rules ask for under the names that they use, but
// for what only begins with a leader elector, with hours or with a record of a gap.
func requireAlerted(t *testing.T, metrics string) {
	t.Helper()
	rules, err := os.ReadFile("../../examples/prometheus/alerts.yaml")
	require.NoError(t, err)
	for _, name := range regexp.MustCompile(`otelcol_receiver_jumpcloud_\w+`).FindAllString(string(rules), -1) {
		if !regexp.MustCompile(`_(leads|completion_watermark_age|gap_records)$`).MatchString(name) {
			assert.Contains(t, metrics, "\n"+name+"{")
		}
	}
	assert.Contains(t, metrics, "\notelcol_process_uptime")
}

// TestAlertRules_FireAndStaySilent runs the unit tests of the rules: each fires where it should, and not where all is well.
func TestAlertRules_FireAndStaySilent(t *testing.T) {
	promtool := tool(t, "promtool")
	output, err := exec.Command(promtool, "test", "rules", "../../examples/prometheus/alerts_test.yaml").CombinedOutput()
	require.NoError(t, err, string(output))
	tests, err := os.ReadFile("../../examples/prometheus/alerts_test.yaml")
	require.NoError(t, err)
	rules, err := os.ReadFile("../../examples/prometheus/alerts.yaml")
	require.NoError(t, err)
	for _, alert := range regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(string(rules), -1) {
		tested := regexp.MustCompile(`alertname: `+alert[1]+`\n\s+exp_alerts:([ \n])`).FindAllStringSubmatch(string(tests), -1)
		require.Len(t, tested, 2, alert[1])
		assert.NotEqual(t, tested[0][1], tested[1][1], "%s fires in one test and not in the other", alert[1])
	}
}

// TestOperations_HealthCheckTellsAFailure runs the configuration of the status with its feature gate.
func TestOperations_HealthCheckTellsAFailure(t *testing.T) {
	block := regexp.MustCompile("(?s)```yml\n(.*?)```").FindStringSubmatch(chapter(t, "Status"))
	require.Len(t, block, 2)
	gate := regexp.MustCompile(`--feature-gates=\S+`).FindString(chapter(t, "Status"))
	listen, served := freeAddress(t), freeAddress(t)
	program(t, "jcsim", "-listen", listen, "-fault", "403")
	collector := install(t, "http://"+listen, newBackend(t).server.URL, fast)
	laid := filepath.Join(collector.folder, "status.yaml")
	text := strings.NewReplacer("127.0.0.1:13133", served, "recovery_duration: 5m", "recovery_duration: 2s").Replace(block[1])
	require.NoError(t, os.WriteFile(laid, []byte(text+"service:\n  extensions: [file_storage, health_check]\n"), 0o600))
	collector.arguments = []string{gate, "--config", collector.config, "--config", laid}
	collector.start()
	await(t, func() bool {
		answer, err := http.Get("http://" + served + "/status")
		if err != nil {
			return false
		}
		defer func() { _ = answer.Body.Close() }()
		told, err := io.ReadAll(answer.Body)
		return err == nil && answer.StatusCode == http.StatusInternalServerError && strings.Contains(string(told), "JumpCloud forbids reading events (403)")
	}, collector)
	collector.signal(syscall.SIGTERM)
}
