// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

var cuts = flag.Int("cuts", 6, "cut the power so many times")

// TestFault_D5_PowerThatIsCutLosesNothingWithFsync records what the collector writes to its storage and
// when it asks the disk to keep it. A cut of the power leaves what the disk had to keep, and of the
// writes since then any, whole or in part: the collector is started on such files.
func TestFault_D5_PowerThatIsCutLosesNothingWithFsync(t *testing.T) {
	lost, again, refused := cutPower(t, "fsync: true")
	t.Logf("%d cuts: %d events lost, %d came again, %d starts refused", *cuts, lost, again, refused)
	assert.Zero(t, lost)
	assert.Zero(t, refused)
	assert.LessOrEqual(t, again, *cuts*100, "a batch, which is a page of this configuration, for each cut")
}

// TestPowerThatIsCutWithoutFsync shows what is not promised, and that the cuts are some.
func TestPowerThatIsCutWithoutFsync(t *testing.T) {
	if *cuts <= 6 {
		t.Skip("shows with -cuts N only what a storage without fsync does")
	}
	lost, again, refused := cutPower(t, "fsync: false")
	t.Logf("%d cuts: %d events lost, %d came again, %d starts refused", *cuts, lost, again, refused)
	assert.Positive(t, again+refused)
}

// cutPower reads a part of a history, then cuts the power as often as is asked for, each time from
// the same beginning.
func cutPower(t *testing.T, fsync string) (lost, again, refused int) {
	traced := tool(t, "strace")
	api, expected := history(8_000)
	sink := newTimeline(t)
	collector := install(t, serve(t, api), sink.server.URL, hour)
	collector.reconfigure(createDirectory, createDirectory+"\n    "+fsync)
	collector.reconfigure("lookback: 1h", "lookback: 2h") // from wherever a start without a state begins
	log := filepath.Join(collector.folder, "trace")
	collector.startUnder(traced, "-f", "-y", "-ttt", "-xx", "-s", "1048576", "-e", "trace=pwrite64,ftruncate,fsync,fdatasync", "-o", log)
	require.Eventually(t, func() bool { return len(sink.ids()) > len(expected)/2 }, enough, often, collector.output.String)
	require.NoError(t, syscall.Kill(-collector.command.Process.Pid, syscall.SIGKILL))
	require.Error(t, collector.command.Wait())

	disk := readTrace(t, log, collector.stateFile())
	random := rand.New(rand.NewPCG(*seed, 7))
	for range *cuts {
		at := random.IntN(len(disk))
		require.NoError(t, os.WriteFile(collector.stateFile(), imageAt(disk, at, random), 0o600))
		sink.reset(sink.until(disk[at].began))
		missing, repeated, started := startAgain(t, collector, sink, expected)
		lost, again = lost+missing, again+repeated
		if !started {
			refused++
		}
	}
	return lost, again, refused
}

// startAgain starts the collector on what a cut has left. It reports false where it does not start.
func startAgain(t *testing.T, collector *installation, sink *timeline, expected []simulator.Event) (missing, again int, started bool) {
	t.Helper()
	collector.chapter()
	collector.start()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = collector.command.Wait()
	}()
	assert.Eventually(t, func() bool {
		select {
		case <-ended:
			return true
		default:
			missing, again = sink.compare(expected)
			return missing == 0
		}
	}, enough, often, "events do not come that the backend had not taken when the power was cut")
	select {
	case <-ended:
		return 0, 0, false
	default:
		_ = collector.command.Process.Signal(syscall.SIGTERM)
		<-ended
		return missing, again, true
	}
}
