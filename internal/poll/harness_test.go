// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/storagetest"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/backoff"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// harness runs an engine against a simulated API inside a synctest bubble. What survives a
// restart of the engine is in it: the API, the storage, and what the consumer got.
type harness struct {
	t        *testing.T
	api      *simulator.Simulator
	storage  storage.Client
	settings poll.Settings

	mu        sync.Mutex
	delivered map[string]int
	batches   []int
	refuse    func(batch poll.Batch) error
	// answer is what an accepted batch is answered with; nil is nothing.
	answer func(batch poll.Batch) poll.Delivered
	// announce is what becomes of the record of a gap; nil takes each. gaps are those that were taken.
	announce func(ctx context.Context, gap checkpoint.Gap) (settled bool, err error)
	gaps     []checkpoint.Gap
	observed recorder

	stop context.CancelFunc
	done chan struct{}
}

// bubble runs a test with a harness in a synctest bubble.
func bubble(t *testing.T, settings simulator.Settings, run func(t *testing.T, h *harness)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &harness{
			t:         t,
			api:       simulator.New(settings),
			storage:   storagetest.NewInMemoryClient(component.KindReceiver, component.MustNewID("jumpcloud"), ""),
			delivered: make(map[string]int),
			settings: poll.Settings{
				Services:       []string{"all"},
				PollInterval:   10 * time.Second,
				RescanInterval: time.Minute,
				MaxEventDelay:  10 * time.Minute,
				Retention:      90 * 24 * time.Hour,
				PageSize:       100,
				BatchSize:      1000,
				LightRescans:   true,
				Backoff:        backoff.Settings{Initial: time.Second, Max: time.Minute},
				Query:          "all",
			},
		}
		defer h.kill()
		run(t, h)
	})
}

func (h *harness) engine() *poll.Engine {
	client, err := insights.NewClient(&http.Client{Transport: h.api.RoundTripper()}, insights.ClientSettings{
		Endpoint: "http://127.0.0.1", APIKey: insights.NewSecret("key"), MaxResponseSize: 1 << 20,
	})
	require.NoError(h.t, err)
	return poll.New(h.settings, client, h, checkpoint.Open(h.storage, ""), &h.observed)
}

// Deliver implements poll.Consumer.
func (h *harness) Deliver(_ context.Context, batch poll.Batch) (poll.Delivered, error) {
	h.mu.Lock()
	refuse := h.refuse
	h.mu.Unlock()
	if refuse != nil {
		if err := refuse(batch); err != nil {
			return poll.Delivered{}, err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.batches = append(h.batches, len(batch.Events))
	for _, event := range batch.Events {
		h.delivered[event.ID]++
	}
	if h.answer != nil {
		return h.answer(batch), nil
	}
	return poll.Delivered{}, nil
}

// requireOneLoss fails unless one event was declared lost, with its millisecond.
func (h *harness) requireOneLoss(reason poll.LossReason) {
	h.t.Helper()
	losses := h.observed.seen().losses
	require.Len(h.t, losses, 1)
	require.Equal(h.t, poll.Loss{Reason: reason, From: losses[0].From, To: losses[0].From.Add(time.Millisecond), Events: 1}, losses[0])
}

// start loads and runs an engine.
func (h *harness) start() {
	engine := h.engine()
	require.NoError(h.t, engine.Load(h.t.Context()))
	ctx, cancel := context.WithCancel(context.Background())
	h.stop, h.done = cancel, make(chan struct{})
	go func() {
		defer close(h.done)
		engine.Run(ctx)
	}()
}

// kill stops the engine and waits for it.
func (h *harness) kill() {
	if h.stop != nil {
		h.stop()
		<-h.done
		h.stop = nil
	}
}

// pass lets the bubble's time go on.
func (h *harness) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// add makes count events on one moment.
func (h *harness) add(prefix string, at time.Time, count int) {
	events := make([]simulator.Event, count)
	for i := range events {
		events[i] = simulator.Event{Service: "sso", Type: "sso_auth", ID: fmt.Sprintf("%s-%d", prefix, i), Time: at}
	}
	h.api.Add(events...)
}

// requireEachOnce fails unless what the API has from a time on was delivered once each, and
// nothing else was.
func (h *harness) requireEachOnce(from time.Time) {
	h.t.Helper()
	expected := make(map[string]int)
	for _, event := range h.api.Expected("", from) {
		expected[event.ID] = 1
	}
	require.Equal(h.t, expected, h.accepted())
}

// accepted returns how often each event was delivered until now.
func (h *harness) accepted() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.delivered)
}

// batchSizes returns the number of events of each batch until now.
func (h *harness) batchSizes() []int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.batches)
}

func (h *harness) refuseWith(refuse func(poll.Batch) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refuse = refuse
}

func (h *harness) count() (events, most int) {
	accepted := h.accepted()
	for _, times := range accepted {
		most = max(most, times)
	}
	return len(accepted), most
}

// requireNoFutureStart fails if a page was asked for from after the API's time. Whose clock is right is asked for one
// event.
func (h *harness) requireNoFutureStart() {
	h.t.Helper()
	for _, request := range h.api.Requests() {
		if request.Query.Limit == 1 && len(request.Query.Fields) > 0 {
			continue
		}
		require.False(h.t, request.Query.Start.After(request.At), "start %s at %s", request.Query.Start, request.At)
		if request.Query.Start.After(request.At.Add(-h.settings.Retention)) {
			require.NotEqual(h.t, http.StatusBadRequest, request.Status)
		}
	}
}

// recorder keeps what an engine tells. The engine may go on while a test looks at it, so a test
// reads what seen returns.
type recorder struct {
	mu sync.Mutex
	observations
}

// observations is what an engine has told so far.
type observations struct {
	starts    []poll.Start
	pages     []poll.PageReport
	progress  poll.Progress
	failures  []poll.Failure
	recovered int
	// failing are the conditions that failed and have not recovered.
	failing   []poll.Condition
	losses    []poll.Loss
	anomalies []poll.Anomaly
	names     []poll.Name
	stopped   int
	// audits are what counts said, audit the sum of it.
	audits []poll.AuditReport
	audit  poll.AuditState
	// compared is what counts said of history, ended what came of it.
	compared []poll.AuditReport
	ended    []poll.HistoryReport
}

func (r *recorder) Started(start poll.Start) { r.do(func() { r.starts = append(r.starts, start) }) }

func (r *recorder) Page(page poll.PageReport) { r.do(func() { r.pages = append(r.pages, page) }) }

func (r *recorder) Progress(progress poll.Progress) { r.do(func() { r.progress = progress }) }

func (r *recorder) Failed(failure poll.Failure) {
	r.do(func() {
		r.failures = append(r.failures, failure)
		if !slices.Contains(r.failing, failure.Condition) {
			r.failing = append(slices.Clone(r.failing), failure.Condition)
		}
	})
}

func (r *recorder) Recovered(condition poll.Condition) {
	r.do(func() {
		r.recovered++
		r.failing = slices.DeleteFunc(slices.Clone(r.failing), func(c poll.Condition) bool { return c == condition })
	})
}

func (r *recorder) Audited(report poll.AuditReport, state poll.AuditState) {
	r.do(func() { r.audits, r.audit = append(r.audits, report), state })
}

func (r *recorder) Compared(report poll.AuditReport) {
	r.do(func() { r.compared = append(r.compared, report) })
}

func (r *recorder) HistoryEnded(report poll.HistoryReport) {
	r.do(func() { r.ended = append(r.ended, report) })
}

func (r *recorder) Novel(names []poll.Name) { r.do(func() { r.names = append(r.names, names...) }) }

func (r *recorder) Lost(loss poll.Loss) { r.do(func() { r.losses = append(r.losses, loss) }) }

func (r *recorder) Anomaly(anomaly poll.Anomaly) {
	r.do(func() { r.anomalies = append(r.anomalies, anomaly) })
}

func (r *recorder) Stopped() { r.do(func() { r.stopped++ }) }

func (r *recorder) do(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

// seen returns what was told until now. What follows is appended behind it.
func (r *recorder) seen() observations {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.observations
}

func (o observations) kinds() (kinds []poll.FailureKind) {
	for _, failure := range o.failures {
		kinds = append(kinds, failure.Kind)
	}
	return slices.Compact(kinds)
}

// deliveredTimes is how often an event was delivered.
func (h *harness) deliveredTimes(id string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.delivered[id]
}
