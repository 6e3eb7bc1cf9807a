// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sources returns the project's Go files with their texts, but for what was built.
func sources(t *testing.T) map[string]string {
	t.Helper()
	texts := make(map[string]string)
	require.NoError(t, filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == "_build" {
			return filepath.SkipDir
		}
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		text, err := os.ReadFile(path)
		texts[path] = string(text)
		return err
	}))
	require.NotEmpty(t, texts)
	return texts
}

// TestSecurity_NamesTestsThatThereAre: what others can't do is shown by tests.
func TestSecurity_NamesTestsThatThereAre(t *testing.T) {
	text, err := os.ReadFile("../../SECURITY.md")
	require.NoError(t, err)
	tests := make(map[string]struct{})
	for _, source := range sources(t) {
		for _, test := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(source, -1) {
			tests[test[1]] = struct{}{}
		}
	}
	named := regexp.MustCompile("`(Test[A-Za-z0-9_]+)`").FindAllStringSubmatch(string(text), -1)
	require.Greater(t, len(named), 15)
	for _, name := range named {
		_, found := tests[name[1]]
		assert.True(t, found, "%s is no test", name[1])
	}
}

// TestSources_HaveTheLicence: each source that is written by hand begins with it.
func TestSources_HaveTheLicence(t *testing.T) {
	for path, source := range sources(t) {
		if !strings.HasPrefix(filepath.Base(path), "generated_") {
			assert.True(t, strings.HasPrefix(source, "// SPDX-License-Identifier: Apache-2.0\n"), path)
		}
	}
}
