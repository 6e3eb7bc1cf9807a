// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// reports is where the tables of all measurements are added to.
const reports = "../../_build/drain.md"

// report is a table in Markdown, and sentences behind it.
type report struct {
	rows  []string
	notes []string
}

func newReport(header string) *report {
	return &report{rows: []string{header, strings.Repeat("|---", strings.Count(header, "|")-1) + "|"}}
}

func (r *report) row(cells ...any) {
	line := strings.Builder{}
	for _, cell := range cells {
		_, _ = fmt.Fprintf(&line, "| %v ", cell)
	}
	r.rows = append(r.rows, line.String()+"|")
}

func (r *report) note(format string, values ...any) {
	r.notes = append(r.notes, "- "+fmt.Sprintf(format, values...))
}

func (r *report) write(t *testing.T) {
	t.Helper()
	text := strings.Join(r.rows, "\n") + "\n\n"
	if len(r.notes) > 0 {
		text += strings.Join(r.notes, "\n") + "\n\n"
	}
	t.Logf("\n%s", text)
	file, err := os.OpenFile(reports, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = file.WriteString(text)
	require.NoError(t, err)
	require.NoError(t, file.Close())
}

// thousands is a whole number with commas.
func thousands(number float64) string {
	text := fmt.Sprintf("%.0f", number)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// tenth tells what a tenth of the history cost, counted from 0.
func (f *figures) tenth(number int) string {
	var took, cpu time.Duration
	var resident int64
	for _, part := range f.portions[number*portions/10 : (number+1)*portions/10] {
		took, cpu, resident = took+part.took, cpu+part.cpu, max(resident, part.resident)
	}
	return fmt.Sprintf("%.2f s, %.2f CPU seconds and %d MiB", took.Seconds(), cpu.Seconds(), resident/mebibyte)
}
