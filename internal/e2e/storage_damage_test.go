// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// page is the size of a page of the database. The first two are its headers.
const page = 4096

// What a collector does with a damaged file.
const (
	// continues: another copy of what is damaged was used, or nothing that counts is damaged.
	continues = "continued"
	// begins anew, keeps the damaged bytes and says so.
	anew = "damaged"
	// afresh, and says so: a key that is gone can't be told from one that never was.
	afresh = "fresh"
	// refuses to start, with an error that says what to do.
	refuses = "refused"
	// panics on a goroutine of the database; the line before says what to do.
	panics = "panic"
	// depends on which pages the last commits used: continues, begins anew, refuses, or panics sooner or later.
	depends = "depends"
)

// damages are ways in which a database may be damaged, each with what must happen then.
var damages = map[string]struct {
	damage func([]byte) []byte
	then   string
}{
	"truncated by a page":         {func(b []byte) []byte { return b[:len(b)-page] }, depends},
	"truncated within its header": {func(b []byte) []byte { return b[:100] }, refuses},
	"truncated behind its header": {func(b []byte) []byte { return b[:2*page] }, panics},
	"half of it":                  {func(b []byte) []byte { return b[:len(b)/2] }, depends},
	"one header zeroed":           {func(b []byte) []byte { clear(b[:page]); return b }, continues},
	"both headers zeroed":         {func(b []byte) []byte { clear(b[:2*page]); return b }, refuses},
	"one header flipped":          {func(b []byte) []byte { return flip(b, 16, 80) }, continues},
	"both headers flipped":        {func(b []byte) []byte { return flip(flip(b, 16, 80), page+16, page+80) }, refuses},
	"data pages flipped":          {func(b []byte) []byte { return flip(b, 2*page, len(b)) }, panics},
	"data pages zeroed":           {func(b []byte) []byte { clear(b[2*page:]); return b }, panics},
	"keys out of order": {func(b []byte) []byte {
		return bytes.ReplaceAll(b, []byte("own/state"), []byte("awn/state"))
	}, refuses},
	"garbage in its place": {func([]byte) []byte { return bytes.Repeat([]byte("this is no database "), 5000) }, refuses},
	"garbage behind it":    {func(b []byte) []byte { return append(b, bytes.Repeat([]byte("garbage "), 1000)...) }, continues},
	"the state's key": {func(b []byte) []byte {
		return bytes.ReplaceAll(b, []byte("own/state"), []byte("own/stzte"))
	}, afresh},
	"the state's value":        {func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(`"watermark":"2`), []byte(`"watermark":"3`)) }, anew},
	"the state's value zeroed": {zeroState, anew},
}

func flip(data []byte, from, to int) []byte {
	for i := from; i < to; i++ {
		data[i] ^= 0xff
	}
	return data
}

// zeroState clears every copy of the state record, and leaves the database valid.
func zeroState(data []byte) []byte {
	for rest := data; ; {
		at := bytes.Index(rest, []byte(`{"version":2,`))
		if at < 0 {
			return data
		}
		clear(rest[at : at+64])
		rest = rest[at+64:]
	}
}

// killedInTheMiddle returns the database that a collector leaves which is killed while it reads.
func killedInTheMiddle(t *testing.T, api string, sink *backend) []byte {
	t.Helper()
	killed := install(t, api, sink.server.URL, hour)
	killed.start()
	require.Eventually(t, func() bool { return len(sink.ids()) > 1000 }, enough, often, killed.output.String)
	killed.signal(syscall.SIGKILL)
	database, err := os.ReadFile(killed.stateFile())
	require.NoError(t, err)
	return database
}

// TestFault_S7_DamagedFileIsNeverTakenForAnEmptyOne kills a collector in the middle of its work,
// damages what it has stored, and starts another. It either delivers the rest, or everything
// again and says that it begins anew, or it ends with a hint and leaves the file as it is.
func TestFault_S7_DamagedFileIsNeverTakenForAnEmptyOne(t *testing.T) {
	api, expected := history(8_000)
	url, sink := serve(t, api), newBackend(t)
	intact := killedInTheMiddle(t, url, sink)
	delivered := sink.ids()
	require.Less(t, len(delivered), len(expected), "killed in the middle")

	for name, test := range damages {
		t.Run(name, func(t *testing.T) {
			sink := newBackend(t)
			sink.reset(delivered)
			collector := install(t, url, sink.server.URL, hour)
			require.NoError(t, os.Mkdir(filepath.Dir(collector.stateFile()), 0o700))
			damaged := test.damage(bytes.Clone(intact))
			require.NoError(t, os.WriteFile(collector.stateFile(), damaged, 0o600))
			switch test.then {
			case depends:
				requireDeliveryOrEnd(t, collector, sink, damaged, expected)
			case refuses, panics:
				requireRefusal(t, collector, test.then, damaged)
			default:
				collector.start()
				sink.complete(t, collector, expected)
				collector.signal(syscall.SIGTERM)
				requireDelivery(t, collector, sink, test.then, expected)
			}
		})
	}
}

// requireDeliveryOrEnd requires that what is expected is delivered, that the start is refused, or that the
// database panics: at the start, or later, when it writes.
func requireDeliveryOrEnd(t *testing.T, collector *installation, sink *backend, damaged []byte, expected []simulator.Event) {
	t.Helper()
	collector.start()
	ended := make(chan error, 1)
	go func() { ended <- collector.command.Wait() }()
	var result error
	require.Eventually(t, func() bool {
		select {
		case result = <-ended:
			return true
		default:
			missing, _ := sink.compare(expected)
			return missing == 0
		}
	}, enough, often, collector.output.String)
	starts := collector.starts()
	if result == nil {
		require.NoError(t, collector.command.Process.Kill())
		require.Error(t, <-ended)
		require.Len(t, starts, 1)
		require.Contains(t, []string{continues, anew}, starts[0])
		requireDelivery(t, collector, sink, starts[0], expected)
		return
	}
	if strings.Contains(collector.output.String(), refusal) {
		requireRefused(t, collector, refuses, damaged)
		return
	}
	requirePanic(t, collector.output.String())
	if len(starts) > 0 {
		assert.Contains(t, []string{continues, anew}, starts[0])
	}
}

func requireRefusal(t *testing.T, collector *installation, then string, damaged []byte) {
	t.Helper()
	collector.refused()
	requireRefused(t, collector, then, damaged)
}

// refusal is in the output of a collector that did not start.
const refusal = `failed to start "jumpcloud" receiver`

func requireRefused(t *testing.T, collector *installation, then string, damaged []byte) {
	t.Helper()
	output := collector.output.String()
	assert.Contains(t, output, runbook)
	assert.Empty(t, collector.starts(), "nothing is read")
	if then == panics {
		requirePanic(t, output)
	} else {
		assert.Contains(t, output, refusal)
		assert.NotRegexp(t, `(?m)^panic`, output)
	}
	kept, err := os.ReadFile(collector.stateFile())
	require.NoError(t, err)
	assert.True(t, bytes.Equal(damaged, kept), "the file is left as it is")
}

// requirePanic requires that the database panicked, after a line that says what to do.
func requirePanic(t *testing.T, output string) {
	t.Helper()
	assert.Regexp(t, `Should the process end here with a panic, the storage is damaged`, output)
	assert.Regexp(t, `(?m)^(panic|unexpected fault address|fatal error|SIG)`, output)
	assert.Contains(t, output, "go.etcd.io/bbolt")
}

func requireDelivery(t *testing.T, collector *installation, sink *backend, then string, expected []simulator.Event) {
	t.Helper()
	assert.Equal(t, []string{then}, collector.starts())
	_, again := sink.compare(expected)
	const told = "The stored checkpoint is damaged"
	if then == anew {
		assert.Contains(t, collector.output.String(), told)
		assert.Contains(t, collector.output.String(), "own/state.damaged", "the bytes are kept")
		return
	}
	assert.NotContains(t, collector.output.String(), told)
	if then == afresh {
		assert.Contains(t, collector.output.String(), "No checkpoint is stored")
		return
	}
	assert.LessOrEqual(t, again, batch, "the kill before costs one batch")
}

// file_storage offers recreate for damaged files. It is no remedy for most of them, and where it
// is one it makes a first start of it.
func TestFault_S7_RecreateOfFileStorageRecoversFewDamages(t *testing.T) {
	api, _ := history(8_000)
	url, sink := serve(t, api), newBackend(t)
	intact := killedInTheMiddle(t, url, sink)
	for name, recovers := range map[string]bool{"data pages flipped": false, "both headers zeroed": false, "keys out of order": true} {
		t.Run(name, func(t *testing.T) {
			collector := install(t, url, sink.server.URL, hour)
			collector.reconfigure(createDirectory, createDirectory+"\n    recreate: true")
			require.NoError(t, os.Mkdir(filepath.Dir(collector.stateFile()), 0o700))
			require.NoError(t, os.WriteFile(collector.stateFile(), damages[name].damage(bytes.Clone(intact)), 0o600))
			if !recovers {
				collector.refused()
				assert.Empty(t, collector.starts())
				return
			}
			collector.start()
			require.Eventually(t, func() bool { return len(collector.starts()) == 1 }, enough, often, collector.output.String)
			collector.signal(syscall.SIGTERM)
			assert.Equal(t, []string{"fresh"}, collector.starts())
			kept, err := filepath.Glob(collector.stateFile() + ".*.backup")
			require.NoError(t, err)
			assert.Len(t, kept, 1)
		})
	}
}
