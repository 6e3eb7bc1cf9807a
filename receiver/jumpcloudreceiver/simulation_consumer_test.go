// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
)

// plannedConsumer is what the receiver hands batches to: one pipeline, or a fan-out to two, each of
// which takes them or not.
type plannedConsumer struct {
	tenants   tenants
	pipelines int
	stall     *stall
	// giveUp is the time after which the receiver declares a batch lost; 0 is never.
	giveUp time.Duration
}

// Capabilities implements consumer.Logs.
func (*plannedConsumer) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: true}
}

// ConsumeLogs implements consumer.Logs.
func (c *plannedConsumer) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	offered := marks(logs)
	from := c.tenants.receives(logs)
	began := time.Now()
	refuses := c.stall.blocks(ctx)
	if time.Since(began) > 0 {
		from.oracle.pace.block(began)
		if from.offered.IsZero() {
			from.offered = began
		}
	}
	fault := from.delivery.next(from.delivery.consumes(offered))
	if from.offered.IsZero() {
		from.offered = time.Now()
	}
	from.oracle.offered(offered)
	from.oracle.came(logs, offered)
	if refuses && fault.how != crash && fault.how != dead {
		fault = stepFails{how: fails, second: fails}
	}
	if fault.how == slow {
		if !sleepFor(ctx, slowStep) {
			return ctx.Err()
		}
		fault.how = succeeds
	}
	if fault.how == dead || from.delivery.process.isDead() && fault.how != crash {
		return c.dies(ctx, from)
	}
	answers := make([]answer, c.pipelines)
	for pipeline := range answers {
		answers[pipeline] = fault.pipeline(pipeline, logs)
		if isGap(logs) {
			from.oracle.tookGap(logs, answers[pipeline])
		} else {
			from.oracle.took(pipeline, offered[:answers[pipeline].taken])
		}
	}
	if fault.how == crash {
		return c.dies(ctx, from)
	}
	if isGap(logs) {
		offered = nil // no event is lost by it
	}
	return c.settle(from, offered, answers)
}

// dies returns from a call in which the process died. What is left of it would count events as given up where
// the time for that is over, so there it sees the call return when it is stopped.
func (c *plannedConsumer) dies(ctx context.Context, from *tenant) error {
	if c.giveUp > 0 && time.Since(from.offered) >= c.giveUp {
		<-ctx.Done()
	}
	return errPlanned
}

// settle joins the answers of the pipelines as the collector's fan-out does, and tells the oracle
// what the receiver has to make of it.
func (c *plannedConsumer) settle(from *tenant, offered []string, answers []answer) error {
	var refused []error
	took, forGood, left := false, true, offered
	for _, each := range answers {
		took = took || each.taken > 0
		if each.err == nil {
			continue
		}
		forGood = forGood && each.forGood
		refused = append(refused, each.err)
		left = offered
		if each.part && len(refused) == 1 && len(offered) > 0 {
			left = offered[each.taken:]
		}
	}
	switch {
	case len(refused) == 0:
		from.offered = time.Time{}
		return nil
	case forGood:
		from.oracle.declared("permanent", left)
		from.offered = time.Time{}
	case c.giveUp > 0 && time.Since(from.offered) >= c.giveUp && !from.delivery.process.isStopping():
		from.oracle.declared("gave_up", left)
		from.offered = time.Time{}
	case took:
		from.delivery.ambiguous++
	}
	if len(refused) == 1 {
		return refused[0]
	}
	return errors.Join(refused...)
}

// answer is what a pipeline says to a batch.
type answer struct {
	// taken is how many of the first records were taken.
	taken int
	err   error
	// part says that the error names the records that were not taken, forGood that all of it is permanent.
	part, forGood bool
}

// pipeline is the answer of one of the pipelines. The plan has an outcome of its own for the second one.
func (a stepFails) pipeline(number int, logs plog.Logs) answer {
	size := logs.LogRecordCount()
	part := int(a.portion * float64(size))
	how, enough := a.how, 0.5
	if number > 0 && how != crash {
		how = a.second
	} else if number > 0 {
		enough = 0.75 // a crash between the two is one after the first
	}
	switch how {
	case succeeds:
		return answer{taken: size}
	case mixed:
		return answer{err: errors.Join(consumererror.NewPermanent(errPlanned), errPlanned)}
	case permanent:
		return answer{err: consumererror.NewPermanent(errPlanned), forGood: true}
	case partial:
		return answer{taken: part, err: consumererror.NewLogs(errPlanned, without(logs, part)), part: true}
	case partialForGood:
		return answer{taken: part, err: consumererror.NewLogs(consumererror.NewPermanent(errPlanned), without(logs, part)), part: true, forGood: true}
	default:
		if a.portion < enough {
			return answer{err: errPlanned}
		}
		return answer{taken: size, err: errPlanned}
	}
}

// receives returns the organization whose events logs are.
func (t tenants) receives(logs plog.Logs) *tenant {
	if len(t) == 1 {
		return t[0]
	}
	id, _ := logs.ResourceLogs().At(0).Resource().Attributes().Get("jumpcloud.organization.id")
	return t.of(id.AsString())
}

// consumes describes a batch for the journal.
func (l *lane) consumes(offered []string) string {
	if !l.process.keeps {
		return ""
	}
	return fmt.Sprintf("%d records %x", len(offered), digest([]byte(strings.Join(offered, " "))))
}

// markPattern finds in an event's JSON what the simulation knows it by.
var markPattern = regexp.MustCompile(`event-[a-z0-9-]+`)

// marks returns what the simulation knows each record by: its id, or a text in the body of one that has none.
func marks(logs plog.Logs) []string {
	list := make([]string, 0, logs.LogRecordCount())
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				if id, found := record.Attributes().Get("log.record.uid"); found {
					list = append(list, id.Str())
				} else {
					list = append(list, markPattern.FindString(record.Body().AsString()))
				}
			}
		}
	}
	return list
}

// without returns a copy of logs that lacks the first records.
func without(logs plog.Logs, count int) plog.Logs {
	rest := plog.NewLogs()
	logs.CopyTo(rest)
	for _, resource := range rest.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			scope.LogRecords().RemoveIf(func(plog.LogRecord) bool {
				count--
				return count >= 0
			})
		}
	}
	return rest
}
