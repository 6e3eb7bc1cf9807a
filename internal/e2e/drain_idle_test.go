// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// TestDrain_Idle measures what it costs to find nothing new. The same collector with another
// receiver that nobody sends to tells what is the collector's own.
func TestDrain_Idle(t *testing.T) {
	const watched = 2 * time.Minute
	measured(t, 0, 0)
	report := newReport("| nothing new for two minutes | polls | CPU seconds | of a core |")
	intervals := []time.Duration{0, 30 * time.Second, time.Second}
	var collectors []*installation
	var apis []*simulator.Simulator
	for _, interval := range intervals {
		api := simulator.New(simulator.Settings{})
		collector := installWith(t, serve(t, api), "http://127.0.0.1:1", fmt.Sprintf("poll_interval: %s\n", max(interval, time.Second)), queueless)
		collector.quiet()
		if interval == 0 {
			collector.replace("receivers: [jumpcloud]", "receivers: [otlp]")
			collector.replace("receivers:\n", "receivers:\n  otlp:\n    protocols:\n      http:\n        endpoint: 127.0.0.1:0\n")
		}
		collector.start()
		collectors, apis = append(collectors, collector), append(apis, api)
	}
	for i, api := range apis {
		ready := "Everything is ready"
		require.Eventually(t, collectors[i].printed(ready), enough, often)
		require.Eventually(t, func() bool { return intervals[i] == 0 || len(api.Requests()) > 0 }, enough, often)
	}
	var begun []time.Duration
	var asked []int
	for i, collector := range collectors {
		begun, asked = append(begun, collector.cpu()), append(asked, len(apis[i].Requests()))
	}
	<-time.After(watched)
	var used []time.Duration
	for i, collector := range collectors {
		used = append(used, collector.cpu()-begun[i])
		polls := len(apis[i].Requests()) - asked[i]
		name := fmt.Sprintf("a poll each %s", intervals[i])
		if intervals[i] == 0 {
			name = "the collector with another receiver"
		}
		report.row(name, polls, fmt.Sprintf("%.2f", used[i].Seconds()), percent(used[i], watched))
		collector.signal(syscall.SIGTERM)
		asked[i] = polls
	}
	poll := (used[2] - used[0]) / time.Duration(max(1, asked[2]))
	report.note("By the polls each second, one takes %s, which is %s of a core each 30 s.", poll.Round(10*time.Microsecond), percent(poll, 30*time.Second))
	report.write(t)
}

func percent(part, whole time.Duration) string {
	return fmt.Sprintf("%.3f %%", 100*part.Seconds()/whole.Seconds())
}
