// SPDX-License-Identifier: Apache-2.0

//go:build linux

package e2e_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// terminal opens a terminal and returns its two ends. Closing the first one is closing the window.
func terminal(t *testing.T) (window, inside *os.File) {
	t.Helper()
	window, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	var number uint32
	var locked int32
	connection, err := window.SyscallConn()
	require.NoError(t, err)
	control := func(request uintptr, value unsafe.Pointer) {
		// Fd would make reading hold up Close.
		var failed syscall.Errno
		require.NoError(t, connection.Control(func(descriptor uintptr) {
			_, _, failed = syscall.Syscall(syscall.SYS_IOCTL, descriptor, request, uintptr(value))
		}))
		require.Zero(t, failed)
	}
	control(syscall.TIOCSPTLCK, unsafe.Pointer(&locked))
	control(syscall.TIOCGPTN, unsafe.Pointer(&number))
	inside, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	return window, inside
}

// checkout is a folder in which examples/run.sh finds what it runs.
func checkout(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "_build"), 0o700))
	for _, name := range []string{"_build/otelcol-jumpcloud", "_build/jcsim"} {
		built, err := filepath.Abs("../../" + name)
		require.NoError(t, err)
		require.NoError(t, os.Symlink(built, filepath.Join(folder, name)))
	}
	require.NoError(t, os.CopyFS(filepath.Join(folder, "examples"), os.DirFS("../../examples")))
	return folder
}

// within returns the processes that run in a folder.
func within(t *testing.T, folder string) (names []string) {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	require.NoError(t, err)
	for _, link := range links {
		if at, err := os.Readlink(link); err == nil && at == folder {
			name, _ := os.ReadFile(filepath.Join(filepath.Dir(link), "comm"))
			names = append(names, strings.TrimSpace(string(name)))
		}
	}
	return names
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// TestMakeRunEndsWithItsTerminal: the collector takes the hangup of a terminal for a wish to reload its
// configuration, and would hold the storage.
func TestMakeRunEndsWithItsTerminal(t *testing.T) {
	// What nohup lets this process ignore, its children would ignore too.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(hangups) })
	for name, test := range map[string]struct {
		variables []string
		processes []string
	}{
		"against the simulator": {[]string{"JUMPCLOUD_API_KEY=", "SIMULATOR_LISTEN=" + freeAddress(t)}, []string{"jcsim", "otelcol-jumpclo"}},
		"against the API": {
			[]string{"JUMPCLOUD_API_KEY=" + canary, "JUMPCLOUD_ENDPOINT=" + serve(t, simulator.New(simulator.Settings{}))},
			[]string{"otelcol-jumpclo"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder := checkout(t)
			window, inside := terminal(t)
			printed := &output{}
			copied := make(chan struct{})
			go func() { defer close(copied); _, _ = io.Copy(printed, window) }()
			command := makeRun(folder, test.variables...)
			command.Stdin, command.Stdout, command.Stderr = inside, inside, inside
			command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			require.NoError(t, command.Start())
			require.NoError(t, inside.Close())
			t.Cleanup(func() { endAll(folder) })
			require.Eventually(t, func() bool { return strings.Contains(printed.String(), "beginning now") }, enough/12, often, printed)
			for _, process := range test.processes {
				assert.Contains(t, within(t, folder), process)
			}

			require.NoError(t, window.Close())
			<-copied
			_ = command.Wait()
			require.Eventually(t, func() bool { return len(within(t, folder)) == 0 }, enough/6, often, "what is left holds the storage")
		})
	}
}

// makeRun is the script of `make run` without its page.
func makeRun(folder string, variables ...string) *exec.Cmd {
	command := exec.Command("bash", filepath.Join(folder, "examples", "run.sh"))
	command.Dir = folder
	command.Env = append(append(os.Environ(), "VIEW=terminal"), variables...)
	return command
}

// TestMakeRunShowsEachEventOnALine: the date, and what else of it is known, and no event's text controls the terminal.
func TestMakeRunShowsEachEventOnALine(t *testing.T) {
	api := simulator.New(simulator.Settings{})
	at := time.Now().Add(-time.Minute).UTC()
	api.Add(simulator.Event{Service: "sso", ID: "66f0c0ffee", Time: at, JSON: fmt.Appendf(nil, `{"id": "66f0c0ffee",
		"timestamp": %q, "service": "sso", "event_type": "sso_auth", "organization": "5f1b", "success": false,
		"initiated_by": {"type": "user", "username": "ann\u001b[2J"}, "client_ip": "203.0.113.7",
		"geoip": {"country_code": "IE"}}`, at.Format(time.RFC3339Nano))})
	folder := checkout(t)
	printed := &output{}
	command := makeRun(folder, "JUMPCLOUD_API_KEY="+canary, "JUMPCLOUD_ENDPOINT="+serve(t, api))
	command.Stdout, command.Stderr = printed, printed
	require.NoError(t, command.Start())
	t.Cleanup(func() { endAll(folder) })
	const line = "Z  5f1b  sso  sso_auth  failure  ann?[2J  203.0.113.7  IE"
	require.Eventually(t, func() bool { return strings.Contains(printed.String(), line) }, enough/12, often, printed)
	assert.NotContains(t, printed.String(), canary)

	require.NoError(t, command.Process.Signal(syscall.SIGINT))
	require.NoError(t, command.Wait(), "Ctrl-C is a clean end")
	assert.Empty(t, within(t, folder))
}

func TestMakeRunNamesThePortThatIsTaken(t *testing.T) {
	taken := strings.TrimPrefix(serve(t, simulator.New(simulator.Settings{})), "http://")
	command := makeRun(checkout(t), "JUMPCLOUD_API_KEY=", "SIMULATOR_LISTEN="+taken)
	printed, err := command.CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(printed), "another program already listens on "+taken)
	assert.Contains(t, string(printed), "SIMULATOR_LISTEN=127.0.0.1:", "the remedy")
}

// endAll ends what a failed test left in its folder.
func endAll(folder string) {
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range links {
		var process int
		if at, err := os.Readlink(link); err != nil || at != folder {
			continue
		}
		if _, err := fmt.Sscanf(link, "/proc/%d/cwd", &process); err == nil {
			_ = syscall.Kill(process, syscall.SIGKILL)
		}
	}
}
