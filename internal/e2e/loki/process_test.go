// SPDX-License-Identifier: Apache-2.0

package loki_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const lokiConfiguration = `
auth_enabled: false
server:
  http_listen_address: 127.0.0.1
  http_listen_port: %[1]d
  grpc_listen_address: 127.0.0.1
  grpc_listen_port: %[2]d
analytics:
  reporting_enabled: false
common:
  instance_addr: 127.0.0.1
  path_prefix: %[3]s
  replication_factor: 1
  ring:
    kvstore:
      store: inmemory
  storage:
    filesystem:
      chunks_directory: %[3]s/chunks
      rules_directory: %[3]s/rules
ingester:
  lifecycler:
    min_ready_duration: 0s
schema_config:
  configs:
    - from: 2024-01-01
      store: tsdb
      object_store: filesystem
      schema: v13
      index:
        prefix: index_
        period: 24h
limits_config:
  allow_structured_metadata: true
  reject_old_samples: false
`

const collectorConfiguration = `
receivers:
  jumpcloud:
    endpoint: %s
    api_key: any-key-will-do
    storage: file_storage
    poll_interval: 1s
    backfill:
      lookback: 1h
exporters:
  otlp_http:
    endpoint: %s/otlp
extensions:
  file_storage:
    directory: %s
    create_directory: true
service:
  extensions: [file_storage]
  telemetry:
    metrics:
      level: none
  pipelines:
    logs:
      receivers: [jumpcloud]
      exporters: [otlp_http]
`

// run starts a program that is ended with the test. What it prints is shown where the test failed.
func run(t *testing.T, program string, arguments ...string) {
	t.Helper()
	printed, err := os.Create(filepath.Join(t.TempDir(), "output"))
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Stdout, command.Stderr = printed, printed
	require.NoError(t, command.Start(), "run this with `make loki`")
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		_ = printed.Close()
		if text, err := os.ReadFile(printed.Name()); err == nil && t.Failed() {
			t.Logf("%s printed, at the end:\n%s", program, text[max(0, len(text)-6000):])
		}
	})
}

func write(t *testing.T, folder, text string) string {
	t.Helper()
	file := filepath.Join(folder, "config.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// startLoki returns the address of an empty Loki that is ready.
func startLoki(t *testing.T) string {
	t.Helper()
	folder, httpPort, grpcPort := t.TempDir(), port(t), port(t)
	address := fmt.Sprintf("http://127.0.0.1:%d", httpPort)
	run(t, binaries+"/loki", "-config.file", write(t, folder, fmt.Sprintf(lokiConfiguration, httpPort, grpcPort, folder)))
	require.Eventually(t, func() bool {
		answer, err := http.Get(address + "/ready")
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	}, 2*time.Minute, 100*time.Millisecond, "Loki is ready")
	return address
}

func startCollector(t *testing.T, api, loki string) {
	t.Helper()
	folder := t.TempDir()
	run(t, binaries+"/otelcol-jumpcloud", "--config",
		write(t, folder, fmt.Sprintf(collectorConfiguration, api, loki, filepath.Join(folder, "state"))))
}

func port(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// result is a stream with its lines, or a series with a value.
type result struct {
	Stream map[string]string `json:"stream"`
	Metric map[string]string `json:"metric"`
	Values [][2]string       `json:"values"`
	Value  [2]any            `json:"value"`
}

// get asks Loki and reads the data of its answer.
func get(t *testing.T, address, path string, parameters url.Values, data any) {
	t.Helper()
	answer, err := http.Get(address + "/loki/api/v1/" + path + "?" + parameters.Encode())
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode, "%s: %s", parameters, body)
	envelope := struct {
		Data any `json:"data"`
	}{data}
	require.NoError(t, json.Unmarshal(body, &envelope), "%s", body)
}

// lines runs a query for records of the last two hours.
func lines(t *testing.T, address, query string) []result {
	t.Helper()
	var data struct {
		Result []result `json:"result"`
	}
	get(t, address, "query_range", url.Values{
		"query": {query}, "limit": {"1000"},
		"start": {strconv.FormatInt(time.Now().Add(-2*time.Hour).UnixNano(), 10)},
		"end":   {strconv.FormatInt(time.Now().Add(time.Minute).UnixNano(), 10)},
	}, &data)
	return data.Result
}

// series runs a query for numbers of now.
func series(t *testing.T, address, query string) []result {
	t.Helper()
	var data struct {
		Result []result `json:"result"`
	}
	get(t, address, "query", url.Values{"query": {query}}, &data)
	return data.Result
}
