// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// profiler is where the collector's profiles are asked for.
const profiler = "127.0.0.1:17777"

// TestDrain_Profile keeps profiles of the processor and of the heap, and sums up the former by
// parts. A part's time is that of its functions with all that they call.
func TestDrain_Profile(t *testing.T) {
	events := measured(t, *drained/2, 0)
	folder, err := filepath.Abs("../../_build")
	require.NoError(t, err)
	one := plan{collector: binary, events: events, pageSize: 10_000, compression: "none", profiles: folder}
	one.drain(t)
	shares := profile(t, filepath.Join(folder, "cpu.out"))
	sum := func(functions ...string) (share float64) {
		for _, function := range functions {
			share += shares[function]
		}
		return share
	}
	mapped := sum("internal/mapping.(*Mapper).Logs")
	decoded := sum("internal/insights.(*splitter).split")
	read := sum("internal/insights.(*pageBody).next")
	encoded := sum("plog/plogotlp.ExportRequest.MarshalProto")
	sent := sum("exporter/otlphttpexporter.(*baseExporter).pushLogs", "net/http.(*persistConn).writeLoop", "net/http.(*persistConn).readLoop")
	remembered := sum("internal/checkpoint.(*Store).Commit")
	collected := sum("runtime.gcBgMarkWorker", "runtime.bgsweep", "runtime.bgscavenge")
	report := newReport("| part of the CPU, page size 10,000, no gzip | share |")
	for _, part := range []struct {
		name  string
		share float64
	}{
		{"mapping", mapped},
		{"finding the events in a page", decoded - read},
		{"reading the body", read},
		{"encoding OTLP", encoded},
		{"HTTP of the exporter and of connections", sent - encoded},
		{"storing the checkpoint", remembered},
		{"collecting garbage in the background", collected},
		{"all else", 100 - mapped - decoded - sent - remembered - collected},
	} {
		report.row(part.name, fmt.Sprintf("%.0f %%", part.share))
	}
	report.write(t)
}

// profile returns the share of each function with all that it calls, in percent. Names are
// without what is before the last but one slash.
func profile(t *testing.T, file string) map[string]float64 {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "tool", "pprof", "-top", "-cum", "-nodecount=2000", "-nodefraction=0", file)
	command.Stderr = os.Stderr
	printed, err := command.Output()
	require.NoError(t, err)
	line := regexp.MustCompile(`(?m)^ +\S+ +\S+ +\S+ +\S+ +([0-9.]+)% +(\S.*)$`)
	shares := make(map[string]float64)
	for _, match := range line.FindAllStringSubmatch(string(printed), -1) {
		share, err := strconv.ParseFloat(match[1], 64)
		require.NoError(t, err)
		name, _, _ := strings.Cut(match[2], " ")
		if parts := strings.Split(name, "/"); len(parts) > 2 {
			name = strings.Join(parts[len(parts)-2:], "/")
		}
		shares[name] = share
	}
	return shares
}
