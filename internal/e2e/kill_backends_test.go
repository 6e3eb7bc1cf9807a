// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

var backends = flag.Bool("backends", false, "kill the collector in front of real backends, which `make kills-backends` builds")

// TestKills_RealBackendsHaveEveryEvent kills a collector with a configuration of examples/, and asks the backend what
// it has.
func TestKills_RealBackendsHaveEveryEvent(t *testing.T) {
	if !*backends {
		t.Skip("real backends have to be built: run `make kills-backends`")
	}
	for _, test := range []struct {
		example string
		// behind starts the backend, and returns it and what BACKEND_ENDPOINT is.
		behind func(*journal) (real, string)
	}{
		{"kafka.yaml", kafkaBehind},
		{"victorialogs.yaml", victoriaBehind},
	} {
		t.Run(test.example, func(t *testing.T) {
			m := bareMassacre(t, *seed, *kills)
			m.healthy = true
			behind, endpoint := test.behind(m.journal)
			m.journal.behind = behind
			m.collector = installExample(t, test.example, serve(t, m.api), endpoint, hurried,
				"receivers:\n  jumpcloud:\n    page_size: 2000\n    backfill:\n      lookback: 2h\n")
			m.run(*kills, syscall.SIGKILL)
			m.check()
		})
	}
}

// program starts one of _build that is ended with the test.
func program(t *testing.T, name string, arguments ...string) {
	t.Helper()
	printed := &output{}
	command := exec.Command("../../_build/"+name, arguments...)
	command.Stdout, command.Stderr = printed, printed
	require.NoError(t, command.Start(), "run this with `make kills-backends`")
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if text := printed.String(); t.Failed() {
			t.Logf("%s printed, at the end:\n%s", name, text[max(0, len(text)-4000):])
		}
	})
}

// answering waits until a URL is answered with 200.
func answering(t *testing.T, address string) {
	t.Helper()
	require.Eventually(t, func() bool {
		answer, err := http.Get(address)
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	}, enough, often, address)
}

// victoria is a VictoriaLogs at an address.
type victoria struct {
	t       *testing.T
	address string
}

// victoriaBehind starts a VictoriaLogs, to which the journal's own server is the way.
func victoriaBehind(j *journal) (behind real, endpoint string) {
	listen := freeAddress(j.t)
	program(j.t, "victoria-logs", "-storageDataPath", j.t.TempDir(), "-httpListenAddr", listen)
	answering(j.t, "http://"+listen+"/health")
	return victoria{j.t, "http://" + listen}, j.server.URL
}

// take goes on where the collector was killed meanwhile.
func (v victoria) take(r *http.Request, body []byte) error {
	request, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, v.address+r.URL.Path, strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	request.Header = r.Header.Clone()
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("VictoriaLogs answered %s", answer.Status)
	}
	return nil
}

func (v victoria) records() (total int) {
	v.query("* | stats count() total", func(row map[string]string) {
		var err error
		total, err = strconv.Atoi(row["total"])
		require.NoError(v.t, err)
	})
	return total
}

func (v victoria) ids() (ids []string) {
	v.query(`* | fields "log.record.uid"`, func(row map[string]string) { ids = append(ids, row["log.record.uid"]) })
	return ids
}

// query asks for what is there now: what was accepted a moment ago is flushed before.
func (v victoria) query(text string, each func(row map[string]string)) {
	answering(v.t, v.address+"/internal/force_flush")
	answer, err := http.PostForm(v.address+"/select/logsql/query", url.Values{"query": {text}})
	require.NoError(v.t, err)
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		var row map[string]string
		require.NoError(v.t, json.Unmarshal(lines.Bytes(), &row), lines.Text())
		each(row)
	}
	require.NoError(v.t, lines.Err())
	require.Equal(v.t, http.StatusOK, answer.StatusCode)
}

// kafka is a broker whose topic can be read at an address.
type kafka struct {
	t        *testing.T
	contents string
}

// kafkaBehind starts a broker that is reached over a relay only.
func kafkaBehind(j *journal) (behind real, endpoint string) {
	broker, contents := freeAddress(j.t), freeAddress(j.t)
	endpoint = relay(j, broker)
	program(j.t, "broker", "-listen", broker, "-advertise", endpoint, "-contents", contents)
	answering(j.t, "http://"+contents+"/count")
	return kafka{j.t, "http://" + contents}, endpoint
}

// take has nothing to do: what is for a broker passes the relay.
func (kafka) take(*http.Request, []byte) error { return http.ErrNotSupported }

func (k kafka) records() int {
	count, err := strconv.Atoi(k.read("/count"))
	require.NoError(k.t, err)
	return count
}

func (k kafka) ids() []string { return strings.Fields(k.read("/ids")) }

func (k kafka) read(path string) string {
	answer, err := http.Get(k.contents + path)
	require.NoError(k.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(k.t, err)
	return string(text)
}
