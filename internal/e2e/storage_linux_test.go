// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
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

// disk gives the installation's state folder a file system of its own, of that size.
func (i *installation) disk(size string) (folder string) {
	i.t.Helper()
	folder = filepath.Dir(i.stateFile())
	require.NoError(i.t, os.Mkdir(folder, 0o700))
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size="+size); err != nil {
		i.t.Skipf("a full or read-only disk needs a file system of its own, which may not be mounted here: %v", err)
	}
	i.t.Cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
	return folder
}

// fill takes all the space that is left.
func fill(t *testing.T, folder string) (filler string) {
	t.Helper()
	filler = filepath.Join(folder, "filler")
	file, err := os.Create(filler)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	block := make([]byte, 4096)
	for {
		if _, err := file.Write(block); err != nil {
			require.ErrorIs(t, err, syscall.ENOSPC)
			return filler
		}
	}
}

// fullDisk runs a collector on a disk that is full, with events whose ids do not fit any more.
func fullDisk(t *testing.T, api *simulator.Simulator, collector *installation) (filler string, events []simulator.Event) {
	t.Helper()
	folder := collector.disk("1m")
	collector.start()
	require.Eventually(t, func() bool { return len(collector.starts()) == 1 }, enough, often, collector.output.String)
	filler = fill(t, folder)
	events = make([]simulator.Event, 20_000)
	for i := range events {
		events[i] = simulator.Event{Service: "sso", Type: "sso_auth", ID: fmt.Sprint("full-", i), Time: time.Now()}
	}
	api.Add(events...)
	require.Eventually(t, func() bool {
		return strings.Contains(collector.output.String(), "the storage does not take the checkpoint: check its free space and permissions")
	}, enough, often, collector.output.String)
	assert.Contains(t, collector.output.String(), "no space left on device")
	return filler, events
}

func TestFault_S10_FullDiskStopsReadingUntilThereIsSpace(t *testing.T) {
	api := simulator.New(simulator.Settings{})
	sink := newBackend(t)
	collector := install(t, serve(t, api), sink.server.URL, fast)
	filler, events := fullDisk(t, api, collector)
	before := len(api.Requests())
	assert.Never(t, func() bool { return len(api.Requests()) > before }, 3*time.Second, often, "nothing is fetched that could not be remembered")

	require.NoError(t, os.Remove(filler))
	sink.complete(t, collector, events)
	collector.signal(syscall.SIGTERM)
	_, again := sink.compare(events)
	assert.Zero(t, again)
	assert.Contains(t, collector.output.String(), "Working again")
}

func TestFault_S10_KillOnAFullDiskLosesNothing(t *testing.T) {
	api := simulator.New(simulator.Settings{})
	sink := newBackend(t)
	collector := install(t, serve(t, api), sink.server.URL, fast)
	filler, events := fullDisk(t, api, collector)
	collector.signal(syscall.SIGKILL)
	require.NoError(t, os.Remove(filler))
	collector.start()
	sink.complete(t, collector, events)
	collector.signal(syscall.SIGTERM)
	_, again := sink.compare(events)
	t.Logf("of %d events none is missing, %d came again", len(events), again)
	assert.LessOrEqual(t, again, batch)
}

func TestFault_S3_FullDiskAtTheFirstStartIsRefusedWithARemedy(t *testing.T) {
	collector := install(t, "http://127.0.0.1:1", "http://127.0.0.1:1", fast)
	fill(t, collector.disk("64k"))
	collector.refused()
	assert.Contains(t, collector.output.String(), "no space left on device")
	assert.Contains(t, collector.output.String(), runbook)
}

func TestFault_S3_ReadOnlyDiskIsRefusedWithARemedy(t *testing.T) {
	api, expected := history(500)
	sink := newBackend(t)
	collector := install(t, serve(t, api), sink.server.URL, hour)
	folder := collector.disk("1m")
	collector.start()
	sink.complete(t, collector, expected)
	collector.signal(syscall.SIGTERM)

	require.NoError(t, syscall.Mount("tmpfs", folder, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	collector.chapter()
	collector.refused()
	assert.Contains(t, collector.output.String(), "read-only file system")
	assert.Contains(t, collector.output.String(), "may this one write there")
	assert.Contains(t, collector.output.String(), runbook)

	require.NoError(t, syscall.Mount("tmpfs", folder, "tmpfs", syscall.MS_REMOUNT, ""))
	collector.chapter()
	collector.start()
	require.Eventually(t, func() bool { return len(collector.starts()) == 1 }, enough, often, collector.output.String)
	collector.signal(syscall.SIGTERM)
	assert.Equal(t, []string{"continued"}, collector.starts())
	_, again := sink.compare(expected)
	assert.Zero(t, again)
}
