// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// watched is a collector whose metrics a real Prometheus scrapes, with the alerting rules.
type watched struct {
	*installation
	api        *simulator.Simulator
	backend    *backend
	prometheus string
}

// shortened are the rules with seconds for their minutes, so that a fault need not last an hour.
func shortened(t *testing.T) string {
	t.Helper()
	rules, err := os.ReadFile("../../examples/prometheus/alerts.yaml")
	require.NoError(t, err)
	return strings.NewReplacer(
		"for: 5m", "for: 1s", "for: 15m", "for: 1s",
		"[15m]", "[8s]", "[10m]", "[8s]", "offset 10m", "offset 8s", "offset 1h", "offset 8s",
		"[7d] offset 20m", "[1m] offset 2s", "> 900", "> 6", "< 900", "< 20", "> 86400", "> 12",
	).Replace(string(rules))
}

// watch starts a collector whose API has some faults from the start.
func watch(t *testing.T, faults ...simulator.Fault) *watched {
	t.Helper()
	program := tool(t, "prometheus")
	api, backend := simulator.New(simulator.Settings{}), newBackend(t)
	for _, fault := range faults {
		api.Inject(fault)
	}
	served, listen := freeAddress(t), freeAddress(t)
	w := &watched{installation: install(t, serve(t, api), backend.server.URL, fast), api: api, backend: backend, prometheus: "http://" + listen}
	w.reconfigure("level: none", "readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: "+served[strings.LastIndex(served, ":")+1:]+"}}}}]")
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "alerts.yaml"), []byte(shortened(t)), 0o600))
	configuration := fmt.Sprintf("global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [alerts.yaml]\n"+
		"scrape_configs: [{job_name: collector, static_configs: [{targets: [%q]}]}]\n", served)
	file := filepath.Join(folder, "prometheus.yaml")
	require.NoError(t, os.WriteFile(file, []byte(configuration), 0o600))
	command := exec.Command(program, "--config.file", file, "--storage.tsdb.path", filepath.Join(folder, "data"), "--web.listen-address", listen)
	printed := &output{}
	command.Stdout, command.Stderr = printed, printed
	require.NoError(t, command.Start())
	t.Cleanup(func() { _ = command.Process.Signal(syscall.SIGTERM); _ = command.Wait() })
	w.start()
	answering(t, w.prometheus+"/-/ready")
	return w
}

// fires reports whether an alert fires now.
func (w *watched) fires(name string) bool {
	answer, err := http.Get(w.prometheus + "/api/v1/alerts")
	require.NoError(w.t, err)
	defer func() { _ = answer.Body.Close() }()
	var told struct {
		Data struct {
			Alerts []struct {
				State  string
				Labels map[string]string
			}
		}
	}
	require.NoError(w.t, json.NewDecoder(answer.Body).Decode(&told))
	for _, alert := range told.Data.Alerts {
		if alert.Labels["alertname"] == name && alert.State == "firing" {
			return true
		}
	}
	return false
}

// TestAlertRules_FireAndClearWithTheirFault lets each fault happen to the built collector, and end, before the eyes of a
// real Prometheus. JumpCloudNoLeader, JumpCloudHoursUnproven and JumpCloudHistoryStalls want a lease or hours: theirs
// are the unit tests of the rules.
func TestAlertRules_FireAndClearWithTheirFault(t *testing.T) {
	failing := simulator.Fault{Effect: simulator.Status(http.StatusInternalServerError, "")}
	forbidden := simulator.Fault{Effect: simulator.Status(http.StatusForbidden, "")}
	refuse := func(w *watched) {
		w.backend.status.Store(http.StatusBadRequest)
		w.api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: "refused", Time: time.Now()})
	}
	accept := func(w *watched) { w.backend.status.Store(0) }
	heal := func(w *watched) { w.api.Heal() }
	for name, test := range map[string]struct {
		from       []simulator.Fault
		fault, end func(w *watched)
		alerts     []string
	}{
		"the API fails": {
			fault: func(w *watched) { w.api.Inject(failing) }, end: heal, alerts: []string{"JumpCloudEventsLate", "JumpCloudNotRead"},
		},
		"it was never readable": {from: []simulator.Fault{forbidden}, end: heal, alerts: []string{"JumpCloudNeverRead"}},
		"there is no event": {
			end: func(w *watched) {
				w.api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: "at-last", Time: time.Now()})
			},
			alerts: []string{"JumpCloudSilent"},
		},
		"there is no collector": {
			fault: func(w *watched) { w.signal(syscall.SIGTERM) }, end: func(w *watched) { w.start() }, alerts: []string{"JumpCloudNoMetrics"},
		},
		"the backend refuses for good": {fault: refuse, end: accept, alerts: []string{"JumpCloudEventsLost", "JumpCloudGapAnnounced"}},
		"the state is gone": {
			fault: func(w *watched) {
				w.signal(syscall.SIGTERM)
				require.NoError(w.t, os.RemoveAll(filepath.Join(w.folder, "state")))
				w.start()
			},
			end: func(*watched) {}, alerts: []string{"JumpCloudStateLost"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := watch(t, test.from...)
			if test.fault != nil {
				await(t, func() bool { return len(w.api.Requests()) > 8 }, w.installation)
				test.fault(w)
			}
			for _, alert := range test.alerts {
				await(t, func() bool { return w.fires(alert) }, w.installation)
			}
			test.end(w)
			for _, alert := range test.alerts {
				await(t, func() bool { return !w.fires(alert) }, w.installation)
			}
		})
	}
}
