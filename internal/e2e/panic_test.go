// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver"
)

// What the test tells the process that it starts of itself.
const (
	panicAPI    = "JUMPCLOUD_TEST_API"
	panicFolder = "JUMPCLOUD_TEST_FOLDER"
	panicAt     = "JUMPCLOUD_TEST_PANIC_AT"
)

// TestFault_K7_PanicOfTheConsumerEndsTheProcessAndNothingIsLost: nothing recovers the panic, so
// that it is a crash like any other.
func TestFault_K7_PanicOfTheConsumerEndsTheProcessAndNothingIsLost(t *testing.T) {
	if os.Getenv(panicAPI) != "" {
		panickingProcess(t)
		return
	}
	from := time.Now().Add(time.Minute - 2*time.Hour)
	api := simulator.New(simulator.Settings{Gzip: true})
	api.Add(simulator.NewGenerator(1, 0, 0).History("", from.Add(time.Second), time.Now(), 12_000)...)
	expected := api.Expected("", from)
	j := &journal{t: t, path: filepath.Join(t.TempDir(), "ids")}
	url := serve(t, api)
	for _, at := range []string{"3", "4", "0"} {
		output := &output{}
		command := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
		command.Env = append(os.Environ(), panicAPI+"="+url, panicFolder+"="+filepath.Dir(j.path), panicAt+"="+at)
		command.Stdout, command.Stderr = output, output
		require.NoError(t, command.Start())
		t.Cleanup(func() { _ = command.Process.Kill() })
		if at != "0" {
			require.Error(t, command.Wait())
			require.Contains(t, output.String(), "panic: the consumer panics")
			continue
		}
		require.Eventually(t, func() bool {
			lost, _, _ := j.compare(expected)
			return lost == 0
		}, enough, often, output.String)
		require.NoError(t, command.Process.Kill())
		require.Error(t, command.Wait())
	}
	lost, again, strangers := j.compare(expected)
	t.Logf("2 panics: %d events, %d lost, %d duplicates", len(expected), lost, again)
	assert.Zero(t, lost)
	assert.LessOrEqual(t, again, 2*batch)
	assert.Positive(t, again, "the consumer had taken the batch when it panicked")
	assert.Zero(t, strangers)
}

// panickingProcess runs a receiver until it is killed, or its consumer panics at the
// batch of that number, which it has taken. The state is in a file, as it is after each commit.
func panickingProcess(t *testing.T) {
	folder := os.Getenv(panicFolder)
	left, err := strconv.Atoi(os.Getenv(panicAt))
	require.NoError(t, err)
	ids, err := os.OpenFile(filepath.Join(folder, "ids"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	inProcess(t, nil, fileMemory(t, filepath.Join(folder, "state")), func(_ context.Context, logs plog.Logs) error {
		_, err := ids.WriteString(strings.Join(recordIDs(logs), "\n") + "\n")
		if left--; left == 0 {
			panic("the consumer panics")
		}
		return err
	}, func(config *jumpcloudreceiver.Config) {
		config.ClientConfig.Endpoint = os.Getenv(panicAPI)
		config.ClientConfig.Middlewares = nil
		config.PollInterval, config.Backfill.Lookback = time.Second, 2*time.Hour
	})
	select {}
}

// fileMemory is a storage that is in a file after each change.
func fileMemory(t *testing.T, path string) *memory {
	t.Helper()
	disk := newMemory()
	data, err := os.ReadFile(path)
	if err == nil {
		require.NoError(t, json.Unmarshal(data, &disk.values))
	}
	disk.written = func(values map[string][]byte) error {
		data, err := json.Marshal(values)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path+".new", data, 0o600); err != nil {
			return err
		}
		return os.Rename(path+".new", path)
	}
	return disk
}
