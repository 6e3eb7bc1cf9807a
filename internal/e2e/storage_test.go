// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

const createDirectory = "create_directory: true"

func TestKillsLoseNothingWithAndWithoutFsync(t *testing.T) {
	for name, fsync := range map[string]string{"with": "fsync: true", "without": "fsync: false"} {
		t.Run(name, func(t *testing.T) {
			api, expected := history(20_000)
			sink := newBackend(t)
			collector := install(t, serve(t, api), sink.server.URL, hour)
			collector.reconfigure(createDirectory, createDirectory+"\n    "+fsync)
			killTwice(t, collector, sink, expected)
		})
	}
}

func TestFault_S3_FolderThatAnotherCollectorUsesIsRefusedWithARemedy(t *testing.T) {
	api := simulator.New(simulator.Settings{})
	url, sink := serve(t, api), newBackend(t)
	first := install(t, url, sink.server.URL, fast)
	first.start()
	require.Eventually(t, func() bool { return len(first.starts()) == 1 }, enough, often, first.output.String)

	second := install(t, url, sink.server.URL, fast)
	second.reconfigure(filepath.Join(second.folder, "state"), filepath.Join(first.folder, "state"))
	second.refused()
	assert.Contains(t, second.output.String(), `opening storage "file_storage" (does another process use it`)
	assert.Contains(t, second.output.String(), runbook)

	api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: "after", Time: time.Now()})
	require.Eventually(t, func() bool { return sink.total.Load() == 1 }, enough, often, "the first one goes on")
	first.signal(syscall.SIGTERM)
}

func TestFault_S6_EmptyFileIsAFreshStartThatIsTold(t *testing.T) {
	api, expected := history(500)
	sink := newBackend(t)
	collector := install(t, serve(t, api), sink.server.URL, hour)
	collector.start()
	sink.complete(t, collector, expected)
	collector.signal(syscall.SIGTERM)

	collector.chapter()
	require.NoError(t, os.Truncate(collector.stateFile(), 0))
	collector.start()
	require.Eventually(t, func() bool { return len(collector.starts()) == 1 }, enough, often)
	assert.Equal(t, []string{"fresh"}, collector.starts())
	assert.Contains(t, collector.output.String(), "No checkpoint is stored: beginning now, and with the backfill where one is configured")
	require.Eventually(t, func() bool { _, again := sink.compare(expected); return again == len(expected) }, enough, often,
		"the backfill is read again, and so nothing is lost")
	collector.signal(syscall.SIGTERM)
}

func TestFault_S15_StateIsPrivateAndHoldsHashesOnly(t *testing.T) {
	const person = "canary.person@example.com"
	api := simulator.New(simulator.Settings{})
	sink := newBackend(t)
	collector := install(t, serve(t, api), sink.server.URL, fast)
	collector.reconfigure(createDirectory, createDirectory+"\n    directory_permissions: \"0700\"")
	collector.start()
	require.Eventually(t, func() bool { return len(collector.starts()) == 1 }, enough, often, collector.output.String)
	at := time.Now().UTC()
	api.Add(simulator.Event{ID: "canary-id", Time: at, JSON: []byte(`{"id":"canary-id","service":"sso","event_type":"sso_auth","timestamp":"` +
		at.Format(time.RFC3339Nano) + `","initiated_by":{"email":"` + person + `","username":"canary-user"}}`)})
	require.Eventually(t, func() bool { return sink.total.Load() == 1 }, enough, often, collector.output.String)
	collector.signal(syscall.SIGTERM)

	folder, err := os.Stat(filepath.Dir(collector.stateFile()))
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o700), folder.Mode().Perm())
	file, err := os.Stat(collector.stateFile())
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), file.Mode().Perm())
	data, err := os.ReadFile(collector.stateFile())
	require.NoError(t, err)
	require.Contains(t, string(data), "own/delivered/", "the file holds what was delivered")
	for _, secret := range []string{canary, person, "canary-user", "canary-id", "sso_auth", "example.com"} {
		assert.NotContains(t, string(data), secret)
	}
}

func TestShippedConfigurationsKeepTheStateFolderPrivate(t *testing.T) {
	files, err := filepath.Glob("../../examples/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		config, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.Contains(string(config), createDirectory) {
			assert.Contains(t, string(config), `directory_permissions: "0700"`, file)
		}
	}
}
