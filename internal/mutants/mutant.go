// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// mutant is one mistake in a line that the guarantee rests on.
type mutant struct {
	mistake string
	// file is where the line is, from the top of the repository on.
	file string
	// line is in the file exactly once. mistaken takes its place.
	line, mistaken string
	// tests notice it, separated by "|".
	tests string
}

func mutants() []mutant {
	return slices.Concat(
		clockMutants(), passMutants(), startTimeMutants(), frontierMutants(), startMutants(),
		turnMutants(), laneMutants(), runMutants(), eventMutants(), pageMutants(), failureMutants(),
		comparisonMutants(), gapMutants(), checkpointMutants(),
	)
}

func (m mutant) directory() string { return filepath.Dir(m.file) }

// apply returns the text of the file with the mistake.
func (m mutant) apply() (text string, err error) {
	source, err := os.ReadFile(m.file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", m.mistake, err)
	}
	if n := strings.Count(string(source), m.line); n != 1 {
		return "", fmt.Errorf("%s: its line is %d times in %s and must be there once: %s", m.mistake, n, m.file, m.line)
	}
	return strings.Replace(string(source), m.line, m.mistaken, 1), nil
}

var testPattern = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

// check fails where the table does not fit the code: each line is there once, and each test is there.
func check(table []mutant) error {
	var wrong []error
	known := make(map[string]bool)
	tests := make(map[string][]string)
	for _, m := range table {
		if known[m.mistake] {
			wrong = append(wrong, fmt.Errorf("%s: there are two of that name", m.mistake))
		}
		known[m.mistake] = true
		if _, err := m.apply(); err != nil {
			wrong = append(wrong, err)
		}
		if tests[m.directory()] == nil {
			found, err := testsOf(m.directory())
			if err != nil {
				return err
			}
			tests[m.directory()] = found
		}
		for test := range strings.SplitSeq(m.tests, "|") {
			if !slices.Contains(tests[m.directory()], test) {
				wrong = append(wrong, fmt.Errorf("%s: %s has no test %s", m.mistake, m.directory(), test))
			}
		}
	}
	return errors.Join(wrong...)
}

func testsOf(directory string) (names []string, err error) {
	files, err := filepath.Glob(filepath.Join(directory, "*_test.go"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		source, err := os.ReadFile(file) //nolint:gosec // a file of the repository
		if err != nil {
			return nil, err
		}
		for _, match := range testPattern.FindAllSubmatch(source, -1) {
			names = append(names, string(match[1]))
		}
	}
	return names, nil
}
