// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// documents returns every document of the repository with its text.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := make(map[string]string)
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../examples/*.md", "../../receiver/*/*.md"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			texts[file] = string(text)
		}
	}
	require.NotEmpty(t, texts)
	return texts
}

// framed returns a configuration that is whole: a fragment gets what it lacks, and a pipeline through
// everything that it has.
func framed(fragment string) string {
	if hasSection(fragment, "service") {
		if strings.Contains(fragment, "\n  pipelines:\n") {
			return fragment
		}
		return strings.TrimRight(fragment, "\n") + "\n  pipelines:\n    logs: {receivers: [jumpcloud], exporters: [debug]}\n" +
			"receivers:\n  jumpcloud:\n    api_key: ${env:JUMPCLOUD_API_KEY}\nexporters:\n  debug:\n"
	}
	if !hasSection(fragment, "receivers") {
		fragment += "\nreceivers:\n  jumpcloud:\n    api_key: ${env:JUMPCLOUD_API_KEY}\n"
	}
	if !hasSection(fragment, "exporters") {
		fragment += "\nexporters:\n  debug:\n"
	}
	list := func(section string) string { return "[" + strings.Join(components(fragment, section), ", ") + "]" }
	return fragment + "\nservice:\n  extensions: " + list("extensions") + "\n  pipelines:\n    logs:\n      receivers: " +
		list("receivers") + "\n      processors: " + list("processors") + "\n      exporters: " + list("exporters") + "\n"
}

func hasSection(configuration, name string) bool {
	return strings.Contains("\n"+configuration, "\n"+name+":\n")
}

// components returns the names of what a section has.
func components(configuration, section string) (names []string) {
	within := false
	name := regexp.MustCompile(`^  ([a-z0-9_]+(?:/[a-z0-9_]+)?):`)
	for line := range strings.Lines(configuration) {
		if line[0] != ' ' && line[0] != '#' && line[0] != '\n' {
			within = strings.HasPrefix(line, section+":")
		}
		if found := name.FindStringSubmatch(line); within && found != nil {
			names = append(names, found[1])
		}
	}
	return names
}

// TestDocumentedConfigurationsAreValid: the collector takes every one as it is, but for the folder of the
// storage; a fragment in a frame. TestSnippetsDoWhatIsDocumented runs the processors of the mapping's page by their marker, and
// TestFlowsOfTheBackendsArrive tells which test runs those of the page of backends.
func TestDocumentedConfigurationsAreValid(t *testing.T) {
	t.Setenv("JUMPCLOUD_API_KEY", canary)
	directory := regexp.MustCompile(`(?m)^(    directory: )\S+`)
	blocks := regexp.MustCompile("(?s)(<!-- snippet: [a-z0-9-]+ -->\n\n?)?```ya?ml\n(.*?)\n```")
	complete, fragments := 0, 0
	for file, text := range documents(t) {
		for _, block := range blocks.FindAllStringSubmatch(text, -1) {
			marker, configuration := block[1], block[2]
			if file == "../../docs/backends.md" {
				assert.NotEmpty(t, marker, "%s: nothing runs\n%s", file, configuration)
			}
			if file == documentation && strings.HasPrefix(configuration, "processors:") {
				assert.NotEmpty(t, marker, "%s: nothing runs\n%s", file, configuration)
			}
			whole := framed(configuration)
			if whole == configuration {
				complete++
			} else {
				fragments++
			}
			folder := t.TempDir()
			written := filepath.Join(folder, "config.yaml")
			whole = directory.ReplaceAllString(whole, "${1}"+folder)
			require.NoError(t, os.WriteFile(written, []byte(whole), 0o600))
			arguments := []string{"validate", "--config", written}
			if strings.Contains(configuration, "component_health:") {
				arguments = append(arguments, "--feature-gates=+extension.healthcheck.useComponentStatus") // as the document says
			}
			printed, err := exec.Command(binary, arguments...).CombinedOutput()
			require.NoError(t, err, "%s: %s\n%s", file, printed, whole)
		}
	}
	assert.Positive(t, complete)
	assert.Positive(t, fragments)
}
