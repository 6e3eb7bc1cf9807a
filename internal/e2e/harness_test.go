// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

const (
	binary = "../../_build/otelcol-jumpcloud"
	// canary is the API key of the tests: it must not be found in anything that is written.
	canary = "jca_canary0123456789"
)

// backend takes OTLP over HTTP and counts the records by their id, before it answers.
type backend struct {
	server *httptest.Server
	// status, when it is not 0, is answered in place of taking anything.
	status atomic.Int32
	// total counts records that were taken, refused requests that were not.
	total, refused atomic.Int64
	// took, where it is not nil, gets what was taken.
	took func(logs plog.Logs)

	mu    sync.Mutex
	taken map[string]int
}

func newBackend(t *testing.T) *backend {
	b := &backend{taken: make(map[string]int)}
	b.server = httptest.NewServer(b)
	t.Cleanup(b.server.Close)
	return b
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if status := b.status.Load(); status != 0 {
		b.refused.Add(1)
		w.WriteHeader(int(status))
		return
	}
	logs, err := exported(r)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	b.take(logs)
	w.Header().Set("Content-Type", "application/x-protobuf")
	answer, _ := plogotlp.NewExportResponse().MarshalProto()
	_, _ = w.Write(answer)
}

func (b *backend) take(logs plog.Logs) {
	if b.took != nil {
		b.took(logs)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range recordIDs(logs) {
		b.taken[id]++
		b.total.Add(1)
	}
}

// compare returns how many of the expected events are missing and how many came again.
func (b *backend) compare(expected []simulator.Event) (missing, again int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, event := range expected {
		times := b.taken[event.ID]
		if times == 0 {
			missing++
		}
		again += max(0, times-1)
	}
	return missing, again
}

// installation is a configuration and a state folder, in which a collector is started and stopped.
type installation struct {
	t      *testing.T
	folder string
	config string
	// binary is the collector that is started, with its arguments and environment; without arguments they
	// are the configuration.
	binary                 string
	arguments, environment []string
	// api and receiver are what the configuration was made of.
	api, receiver string
	output        *output
	command       *exec.Cmd
}

// queueless are the exporter's settings with which "accepted" means accepted by the backend.
const queueless = `
sending_queue:
  enabled: false
retry_on_failure:
  enabled: false
`

// install writes a configuration of a receiver, and an exporter without a queue.
func install(t *testing.T, api, backend, receiver string) *installation {
	t.Helper()
	return installWith(t, api, backend, receiver, queueless)
}

// installWith writes a configuration of a receiver and an exporter.
func installWith(t *testing.T, api, backend, receiver, exporter string) *installation {
	t.Helper()
	if _, err := os.Stat(binary); err != nil {
		t.Fatalf("the collector is not built, run `make dist`: %v", err)
	}
	folder := t.TempDir()
	config := fmt.Sprintf(`
receivers:
  jumpcloud:
    endpoint: %s
    api_key: %s
    storage: file_storage
%s
exporters:
  otlp_http:
    endpoint: %s
%s
extensions:
  file_storage:
    directory: %s
    create_directory: true
service:
  extensions: [file_storage]
  telemetry:
    logs:
      level: debug
    metrics:
      level: none
  pipelines:
    logs:
      receivers: [jumpcloud]
      exporters: [otlp_http]
`, api, canary, indent(receiver), backend, indent(exporter), filepath.Join(folder, "state"))
	file := filepath.Join(folder, "config.yaml")
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	return &installation{t: t, folder: folder, config: file, binary: binary, api: api, receiver: receiver, output: &output{}}
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ")
}

func (i *installation) start() {
	i.t.Helper()
	arguments := i.arguments
	if len(arguments) == 0 {
		arguments = []string{"--config", i.config}
	}
	command := exec.Command(i.binary, arguments...)
	command.Env = append(os.Environ(), i.environment...)
	command.Stdout, command.Stderr = i.output, i.output
	require.NoError(i.t, command.Start())
	i.command = command
	i.t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
}

// signal ends the collector and waits for it.
func (i *installation) signal(signal syscall.Signal) time.Duration {
	i.t.Helper()
	began := time.Now()
	require.NoError(i.t, i.command.Process.Signal(signal))
	err := i.command.Wait()
	if signal == syscall.SIGTERM {
		require.NoError(i.t, err, i.output.String())
	}
	return time.Since(began)
}

// quiet makes the collector log as it does by default.
func (i *installation) quiet() {
	config, err := os.ReadFile(i.config)
	require.NoError(i.t, err)
	require.NoError(i.t, os.WriteFile(i.config, bytes.Replace(config, []byte("level: debug"), []byte("level: info"), 1), 0o600))
}

// cpu is the time that the collector has taken so far, of all cores.
func (i *installation) cpu() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", i.command.Process.Pid))
	require.NoError(i.t, err)
	// The name of the command is in brackets, and may have blanks.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, err := strconv.ParseInt(fields[11], 10, 64)
	require.NoError(i.t, err)
	system, err := strconv.ParseInt(fields[12], 10, 64)
	require.NoError(i.t, err)
	return time.Duration(user+system) * tick
}

// memory is the largest resident size of the collector so far, in bytes.
func (i *installation) memory() int64 { return i.status("VmHWM") }

// status is a size in bytes that the kernel keeps of the collector.
func (i *installation) status(name string) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", i.command.Process.Pid))
	require.NoError(i.t, err)
	for line := range strings.Lines(string(status)) {
		var kilobytes int64
		if _, err := fmt.Sscanf(line, name+": %d kB", &kilobytes); err == nil {
			return kilobytes << 10
		}
	}
	i.t.Fatal("no " + name)
	return 0
}

// output collects what a collector prints.
type output struct {
	mu   sync.Mutex
	data bytes.Buffer
	// watched is a text whose appearance closes seen.
	watched string
	seen    chan struct{}
}

// watch returns a channel that is closed when a text is printed, in one piece, from now on.
func (o *output) watch(text string) <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.watched, o.seen = text, make(chan struct{})
	return o.seen
}

func (o *output) Write(data []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.watched != "" && bytes.Contains(data, []byte(o.watched)) {
		o.watched = ""
		close(o.seen)
	}
	// A run of many kills prints without end; what explains a failure is the last of it.
	if o.data.Len() > 8<<20 {
		o.data.Next(o.data.Len() / 2)
	}
	return o.data.Write(data)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.data.String()
}

// serve makes an API reachable on loopback.
func serve(t *testing.T, api http.Handler) string {
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return server.URL
}
