// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

const (
	// fewTimeout is how long the tests that should notice a mutant may take, allTimeout those of its package.
	fewTimeout = time.Minute
	allTimeout = 15 * time.Minute
	// exitGrace is for what a test that was stopped has to print.
	exitGrace = 10 * time.Second
)

// outcome is what became of a mutant.
type outcome struct {
	mutant mutant
	// killedBy is the test that noticed it, or "".
	killedBy string
	err      error
	took     time.Duration
}

// String is the outcome's row of a table.
func (o outcome) String() string {
	state := "killed"
	switch {
	case o.err != nil:
		state = "ERROR"
	case o.killedBy == "":
		state = "SURVIVED"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %.1f |", o.mutant.mistake, o.mutant.file, state, o.killedBy, o.took.Seconds())
}

// try compiles the tests with the mistake, and runs those that should notice it, then all of the package.
func try(ctx context.Context, m mutant, directory string, few bool) outcome {
	began := time.Now()
	o := outcome{mutant: m}
	binary, err := compile(ctx, m, directory)
	if err == nil {
		o.killedBy, err = runTests(ctx, m, binary, fewTimeout, "-test.run", "^("+m.tests+")$")
	}
	if err == nil && o.killedBy == "" && !few {
		o.killedBy, err = runTests(ctx, m, binary, allTimeout, "-test.short")
	}
	if err == nil && o.killedBy == "" && !few {
		o.killedBy, err = runTests(ctx, m, binary, allTimeout)
	}
	o.err, o.took = errors.Join(err, os.RemoveAll(directory)), time.Since(began)
	return o
}

func compile(ctx context.Context, m mutant, directory string) (binary string, err error) {
	text, err := m.apply()
	if err != nil {
		return "", err
	}
	original, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	changed, overlay := filepath.Join(directory, "changed.go"), filepath.Join(directory, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		return "", err
	}
	if err := errors.Join(
		os.MkdirAll(directory, 0o700),
		os.WriteFile(changed, []byte(text), 0o600),
		os.WriteFile(overlay, replace, 0o600),
	); err != nil {
		return "", err
	}
	binary = filepath.Join(directory, "mutant.test")
	command := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", binary, "./"+m.directory()) //nolint:gosec // the table's
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("it does not compile: %w\n%s", err, output)
	}
	return binary, nil
}

var failedPattern = regexp.MustCompile(`(?m)^\s*--- FAIL: (Test\w+)`)

// runTests returns the test that failed, or "" where all passed. Without a name, a test crashed or did not end.
func runTests(ctx context.Context, m mutant, binary string, timeout time.Duration, arguments ...string) (killedBy string, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout+exitGrace)
	defer cancel()
	arguments = append([]string{"-test.failfast", "-test.timeout", timeout.String()}, arguments...)
	command := exec.CommandContext(ctx, binary, arguments...) //nolint:gosec // it was compiled here
	command.Dir = m.directory()
	output, err := command.CombinedOutput()
	if err == nil {
		return "", nil
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return "", ctx.Err()
	}
	if match := failedPattern.FindStringSubmatch(string(output)); match != nil {
		return match[1], nil
	}
	if strings.Contains(string(output), "panic: test timed out") || ctx.Err() != nil {
		return fmt.Sprintf("no end within %s", timeout), nil
	}
	if _, ok := errors.AsType[*exec.ExitError](err); !ok {
		return "", err
	}
	return "a crash", nil
}
