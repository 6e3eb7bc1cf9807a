// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
)

const (
	// namesInALine is how many new names a line has at the most, and maxNameText the length in bytes to which
	// each is cut: whoever sends events chooses them.
	namesInALine = 10
	maxNameText  = 64
	// namesInABatch is how many names of one batch are looked at.
	namesInABatch = 1000
)

// nameSet collects the services and the event types of records, each once.
type nameSet struct {
	list []poll.Name
	// types are the event names of list.
	types    map[string]struct{}
	services map[string]struct{}
	last     string
}

// add takes records that were not handed on yet.
func (s *nameSet) add(logs plog.Logs) {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				if name := record.EventName(); name != "" && name != s.last {
					s.last = name
					s.addRecord(name, record)
				}
			}
		}
	}
}

// addRecord looks at the first record of an event name only: the name tells the service.
func (s *nameSet) addRecord(name string, record plog.LogRecord) {
	if _, found := s.types[name]; found || len(s.types) == namesInABatch {
		return
	}
	if s.types == nil {
		s.types, s.services = make(map[string]struct{}), make(map[string]struct{})
	}
	s.types[name] = struct{}{}
	if service, found := record.Attributes().Get(mapping.KeyService); found {
		if _, found := s.services[service.Str()]; !found {
			s.services[service.Str()] = struct{}{}
			s.list = append(s.list, poll.Name{Kind: poll.NameService, Text: service.Str()})
		}
	}
	s.list = append(s.list, poll.Name{Kind: poll.NameEventType, Text: name})
}

// Novel implements poll.Observer.
func (o *observer) Novel(names []poll.Name) {
	texts := make(map[poll.NameKind][]string)
	for _, name := range names {
		text := name.Text[:min(len(name.Text), maxNameText)]
		texts[name.Kind] = append(texts[name.Kind], strings.ToValidUTF8(text, ""))
	}
	for _, kind := range []poll.NameKind{poll.NameService, poll.NameEventType} {
		news := texts[kind]
		if len(news) == 0 {
			continue
		}
		o.telemetry.ReceiverJumpcloudNewNames.Add(context.Background(), int64(len(news)), o.labels, label("kind", string(kind)))
		o.logger.Info("Events of a kind that was never met before in this organization", zap.String("kind", string(kind)),
			zap.Int("count", len(news)), zap.Strings("first", news[:min(len(news), namesInALine)]))
	}
}

// silence tells that an organization has shown no event for long, and that it does again. What counts is how long
// the API has answered without one, so that an outage of the API is none.
func (o *observer) silence(progress poll.Progress) {
	if o.silenceAfter <= 0 || progress.Newest.IsZero() {
		return
	}
	quiet := progress.Watermark.Sub(progress.Newest)
	silent := quiet >= o.silenceAfter
	if silent == o.silent {
		return
	}
	o.silent = silent
	if silent {
		o.account.failed(poll.Failure{Condition: poll.ConditionSilence, Kind: poll.FailureSilence, Err: silenceError(quiet.Truncate(time.Second))})
	} else {
		o.account.recovered(poll.ConditionSilence)
	}
}

// silenceError is how long no event came.
type silenceError time.Duration

// Error implements error.
func (e silenceError) Error() string { return "no event for " + time.Duration(e).String() }
