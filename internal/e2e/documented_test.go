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

// TestDocumentedConfigurationsAreValid: the collector takes whole ones as they are, but for the folder
// of the storage, and processors have a marker by which TestSnippetsDoWhatIsDocumented runs them.
func TestDocumentedConfigurationsAreValid(t *testing.T) {
	t.Setenv("JUMPCLOUD_API_KEY", canary)
	directory := regexp.MustCompile(`(?m)^(    directory: )\S+`)
	blocks := regexp.MustCompile("(?s)(<!-- snippet: [a-z0-9-]+ -->\n\n?)?```ya?ml\n(.*?)\n```")
	complete := 0
	for file, text := range documents(t) {
		for _, block := range blocks.FindAllStringSubmatch(text, -1) {
			marker, configuration := block[1], block[2]
			if strings.HasPrefix(configuration, "processors:") {
				assert.NotEmpty(t, marker, "%s: nothing runs\n%s", file, configuration)
				assert.Equal(t, documentation, file, "nothing runs what is here")
			}
			if !strings.Contains(configuration, "\nservice:\n") {
				continue
			}
			complete++
			folder := t.TempDir()
			written := filepath.Join(folder, "config.yaml")
			configuration = directory.ReplaceAllString(configuration, "${1}"+folder)
			require.NoError(t, os.WriteFile(written, []byte(configuration), 0o600))
			printed, err := exec.Command(binary, "validate", "--config", written).CombinedOutput()
			require.NoError(t, err, "%s: %s", file, printed)
		}
	}
	assert.Positive(t, complete)
}
