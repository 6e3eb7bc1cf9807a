// SPDX-License-Identifier: Apache-2.0

// Command faultlist writes docs/faults.md, the list of what may go wrong and of the tests that show
// what happens then, from docs/faults.tsv and the names of the tests. It fails where a fault has no
// test, or a test names a fault that is not listed.
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const (
	source = "docs/faults.tsv"
	target = "docs/faults.md"
	// notBuilt marks a fault of what the receiver does not have yet.
	notBuilt = "not built"
)

const head = `# Faults

What may go wrong, and the tests that show that nothing is lost by it, or that the loss is declared.
This page is made by ` + "`make faults`" + ` from ` + "`docs/faults.tsv`" + ` and the names of the tests; it fails where a
fault has no test. One of them is run by ` + "`go test -run TestFault_A11 ./...`" + `.

| fault | what happens | tests |
|---|---|---|
`

var testPattern = regexp.MustCompile(`(?m)^func (TestFault_([A-Z][0-9]+)_\w+)\(`)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	tests, err := findTests()
	if err != nil {
		return err
	}
	list, err := os.ReadFile(source)
	if err != nil {
		return fmt.Errorf("reading the faults: %w", err)
	}
	var page strings.Builder
	page.WriteString(head)
	covered, missing := 0, []string{}
	for line := range strings.Lines(string(list)) {
		id, text, _ := strings.Cut(strings.TrimSpace(line), "\t")
		text, state, _ := strings.Cut(text, "\t")
		found := tests[id]
		delete(tests, id)
		switch {
		case len(found) > 0:
			covered++
			fmt.Fprintf(&page, "| %s | %s | `%s` |\n", id, text, strings.Join(found, "`, `"))
		case state == notBuilt:
			fmt.Fprintf(&page, "| %s | %s | not built yet |\n", id, text)
		default:
			missing = append(missing, id)
		}
	}
	fmt.Fprintf(&page, "\n%d faults have a test.\n", covered)
	for id := range tests {
		missing = append(missing, id+" (not listed)")
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return fmt.Errorf("faults and tests do not match: %s", strings.Join(missing, ", "))
	}
	return os.WriteFile(target, []byte(page.String()), 0o644) //nolint:gosec // a document
}

// findTests returns the tests of each fault.
func findTests() (map[string][]string, error) {
	tests := make(map[string][]string)
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && path == "_build" {
			return filepath.SkipDir // it may hold the sources of another commit
		}
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		code, err := os.ReadFile(path) //nolint:gosec // the project's own files
		if err != nil {
			return err
		}
		for _, match := range testPattern.FindAllStringSubmatch(string(code), -1) {
			tests[match[2]] = append(tests[match[2]], match[1])
			slices.Sort(tests[match[2]])
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking for tests: %w", err)
	}
	return tests, nil
}
