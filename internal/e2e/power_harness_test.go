// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/hex"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tool returns the path of a program that the tests use where there is one.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI_REQUIRE_TOOLS") == "1" {
		t.Fatalf("CI_REQUIRE_TOOLS is set, and there is no %s", name)
	}
	t.Skipf("there is no %s", name)
	return ""
}

// startUnder starts the collector as another program's, in a process group of their own.
func (i *installation) startUnder(program string, arguments ...string) {
	i.t.Helper()
	command := exec.Command(program, append(arguments, binary, "--config", i.config)...)
	command.Stdout, command.Stderr = i.output, i.output
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(i.t, command.Start())
	i.command = command
	i.t.Cleanup(func() { _ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) })
}

// timeline is a backend that knows when it had taken what.
type timeline struct {
	*backend

	mu    sync.Mutex
	steps []taking
}

// taking is what was taken until a moment.
type taking struct {
	at    time.Time
	taken map[string]int
}

func newTimeline(t *testing.T) *timeline {
	l := &timeline{backend: newBackend(t)}
	taker := l.server.Config.Handler
	l.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		taker.ServeHTTP(w, r) // the answer is sent when this returns
		l.mu.Lock()
		defer l.mu.Unlock()
		l.steps = append(l.steps, taking{time.Now(), l.ids()})
	})
	return l
}

// until returns how often each record had been taken at a moment.
func (l *timeline) until(at time.Time) map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, step := range slices.Backward(l.steps) {
		if step.at.Before(at) {
			return maps.Clone(step.taken)
		}
	}
	return map[string]int{}
}

// diskCall is a call by which a file is changed, or after which the disk has kept it.
type diskCall struct {
	began time.Time
	// data is written at offset. Of a call without data offset is the file's new size.
	data   []byte
	offset int64
	// sync says that the calls before are kept once the next one begins.
	sync bool
}

var (
	traceCall = regexp.MustCompile(`^\d+ +(\d+)\.(\d{6}) (\w+)\(\d+<((?:\\x[0-9a-f]{2})*)>(.*)$`)
	traceData = regexp.MustCompile(`^, "((?:\\x[0-9a-f]{2})*)", \d+, (\d+)`)
	traceSize = regexp.MustCompile(`^, (\d+)`)
)

// readTrace returns the calls of strace's output that are about a file. Its owner makes one at a time.
func readTrace(t *testing.T, log, path string) (calls []diskCall) {
	t.Helper()
	trace, err := os.ReadFile(log)
	require.NoError(t, err)
	lines := strings.Split(string(trace), "\n")
	for _, text := range lines[:len(lines)-1] { // strace was killed while it wrote what is behind the last
		line := traceCall.FindStringSubmatch(text)
		if len(line) == 0 || string(unescape(t, line[4])) != path {
			continue
		}
		call := diskCall{began: time.Unix(integer(t, line[1]), integer(t, line[2])*int64(time.Microsecond))}
		switch line[3] {
		case "pwrite64":
			written := traceData.FindStringSubmatch(line[5])
			require.NotNil(t, written, "a write that was not recorded whole")
			call.data, call.offset = unescape(t, written[1]), integer(t, written[2])
		case "ftruncate":
			call.offset = integer(t, traceSize.FindStringSubmatch(line[5])[1])
		default:
			call.sync = true
		}
		calls = append(calls, call)
	}
	require.NotEmpty(t, calls)
	return calls
}

func unescape(t *testing.T, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(strings.ReplaceAll(text, `\x`, ""))
	require.NoError(t, err)
	return data
}

func integer(t *testing.T, text string) int64 {
	t.Helper()
	number, err := strconv.ParseInt(text, 10, 64)
	require.NoError(t, err)
	return number
}

// sector is what a disk writes whole or not at all, in bytes.
const sector = 512

// imageAt returns a file as it may be after a cut of the power at the beginning of a call: what was
// synced is there, and any of the sectors that were written since.
func imageAt(calls []diskCall, at int, random *rand.Rand) (image []byte) {
	synced := 0
	for i := range at {
		if calls[i].sync {
			synced = i
		}
	}
	for i, call := range calls[:at] {
		kept := []float64{0, 0.5, 1}[random.IntN(3)]
		if i < synced {
			kept = 1
		}
		image = call.apply(image, func() bool { return random.Float64() < kept })
	}
	return image
}

// apply makes the change to an image, sector by sector where keep says so.
func (c diskCall) apply(image []byte, keep func() bool) []byte {
	if c.data == nil {
		if c.sync || !keep() {
			return image
		}
		return resized(image, c.offset)
	}
	for begin := 0; begin < len(c.data); begin += sector {
		part := c.data[begin:min(begin+sector, len(c.data))]
		if keep() {
			offset := c.offset + int64(begin)
			image = resized(image, max(int64(len(image)), offset+int64(len(part))))
			copy(image[offset:], part)
		}
	}
	return image
}

func resized(image []byte, size int64) []byte {
	if size <= int64(len(image)) {
		return image[:size]
	}
	return append(image, make([]byte, size-int64(len(image)))...)
}
