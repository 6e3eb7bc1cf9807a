// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/backoff"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
)

// leaderElector is what the extension k8s_leader_elector offers. It calls both functions while it
// holds its lock, the first at once where it leads already, and it forgets neither of them.
type leaderElector interface {
	// SetCallBackFuncs takes what is called when the process begins to lead, with a context that
	// may be done before it leads no more, and what is called then.
	SetCallBackFuncs(onStartLeading func(context.Context), onStopLeading func())
}

// findElector returns the configured leader elector, or nil where none is configured.
func findElector(host component.Host, id *component.ID) (leaderElector, error) {
	if id == nil {
		return nil, nil
	}
	extension, err := findExtension(host, "k8s_leader_elector", *id)
	if err != nil {
		return nil, err
	}
	elector, ok := extension.(leaderElector)
	if !ok {
		return nil, fmt.Errorf("k8s_leader_elector is %q, which is no leader elector: use the extension k8s_leader_elector", id)
	}
	return elector, nil
}

// leadership reads while this replica leads.
type leadership struct {
	sources []*source
	terms   *terms
	logger  *zap.Logger
}

// seek asks to be told of the lead. It may be won before seek returns.
func (l *leadership) seek(ctx context.Context, elector leaderElector) {
	l.logger.Info("Waiting to lead: another replica may be reading")
	for _, source := range l.sources {
		source.observer.leads(ctx, 0)
	}
	elector.SetCallBackFuncs(l.won, l.lost)
}

func (l *leadership) won(ctx context.Context) { l.terms.begin(ctx, l.read) }

func (l *leadership) read(ctx context.Context) {
	if ctx.Err() != nil {
		return // it was lost while the term before it came to its end
	}
	l.logger.Info("This replica leads: it goes on from the checkpoint, wherever that is by now")
	together(l.sources, func(s *source) { s.lead(ctx) })
}

// lost waits for the batches under way since the elector seeks the lead again, for all components
// of the process, when it returns. What a term that hangs reports afterwards is not heard.
func (l *leadership) lost() {
	end := l.terms.end(shutdownLimit)
	if end == noTerm {
		return
	}
	for _, source := range l.sources {
		source.observer.standby()
	}
	if end == termHangs {
		l.logger.Warn("Lost leadership. One batch is still blocked in the pipeline or the storage. Waiting to lead again")
		return
	}
	l.logger.Info("Lost leadership: reading has stopped. Waiting to lead again")
}

// lead reads an organization until ctx is done.
func (s *source) lead(ctx context.Context) {
	s.observer.account.open()
	s.observer.leads(ctx, 1)
	if engine := s.loadInTime(ctx); engine != nil {
		engine.Run(ctx)
	}
}

// loadInTime tries to load for as long as it takes. It returns nil where ctx is done first: not to
// know what was delivered is never taken for nothing.
func (s *source) loadInTime(ctx context.Context) *poll.Engine {
	waits := backoff.NewWaits(s.delivery.waits())
	for {
		engine, err := s.load(ctx)
		if err == nil {
			s.observer.account.recovered(poll.ConditionLoad)
			return engine
		}
		if ctx.Err() != nil {
			return nil
		}
		wait := waits.Next()
		s.observer.account.failed(poll.Failure{Condition: poll.ConditionLoad, Kind: poll.FailureLoad, Err: err, Wait: wait})
		if !backoff.Sleep(ctx, wait) {
			return nil
		}
	}
}

// standby withdraws what is true of the one that reads only. An engine that hangs may still run.
func (o *observer) standby() {
	o.account.close(func() {
		o.progress(poll.Progress{})
		o.leads(context.Background(), 0)
		o.gauges.stopped()
	})
}
