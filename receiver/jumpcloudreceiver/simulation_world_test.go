// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
)

// parts is what a receiver is given in a run, for a mutant to change.
type parts struct {
	component.StartFunc
	component.ShutdownFunc
	network http.RoundTripper
	storage storage.Client
	next    consumer.Logs
}

// GetHTTPRoundTripper makes parts an extension that takes the place of the network.
func (p *parts) GetHTTPRoundTripper(context.Context) (extensionmiddleware.WrapHTTPRoundTripperFunc, error) {
	return func(context.Context, http.RoundTripper) (http.RoundTripper, error) { return p.network, nil }, nil
}

// GetClient makes parts a storage extension.
func (p *parts) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return p.storage, nil
}

// plannedNetwork hands requests to the simulated API.
type plannedNetwork struct {
	steps  *steps
	api    http.RoundTripper
	oracle *oracle
}

// RoundTrip implements http.RoundTripper.
func (n *plannedNetwork) RoundTrip(request *http.Request) (*http.Response, error) {
	opened, ended := n.oracle.requested(request)
	response, err := n.answer(request)
	opened()
	if err != nil {
		ended()
		return nil, err
	}
	response.Body = watchedBody{ReadCloser: response.Body, closed: ended}
	return response, nil
}

func (n *plannedNetwork) answer(request *http.Request) (*http.Response, error) {
	switch n.steps.next().how {
	case succeeds:
	case slow:
		if !sleepFor(request.Context(), slowStep) {
			return nil, request.Context().Err()
		}
	default:
		return nil, errPlanned
	}
	return n.api.RoundTrip(request)
}

// sleepFor reports false where ctx was done first.
func sleepFor(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// watchedBody tells when it is closed.
type watchedBody struct {
	io.ReadCloser
	closed func()
}

// Close implements io.Closer.
func (b watchedBody) Close() error {
	b.closed()
	return b.ReadCloser.Close()
}

// plannedConsumer takes batches, or not.
type plannedConsumer struct {
	steps  *steps
	oracle *oracle
}

// Capabilities implements consumer.Logs.
func (*plannedConsumer) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: true}
}

// ConsumeLogs implements consumer.Logs.
func (c *plannedConsumer) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	size := logs.LogRecordCount()
	fault := c.steps.next()
	taken := int(fault.portion * float64(size))
	switch fault.how {
	case succeeds:
		c.oracle.took(logs, size)
		return nil
	case slow:
		if !sleepFor(ctx, slowStep) {
			return ctx.Err()
		}
		c.oracle.took(logs, size)
		return nil
	case mixed:
		return errors.Join(consumererror.NewPermanent(errPlanned), errPlanned)
	case partial:
		if taken > 0 {
			c.steps.took()
		}
		c.oracle.took(logs, taken)
		return consumererror.NewLogs(errPlanned, without(logs, taken))
	case fails:
		if fault.portion < 0.5 {
			return errPlanned
		}
		c.steps.took()
		c.oracle.took(logs, size)
	case crash:
		if fault.portion >= 0.5 {
			c.oracle.took(logs, size)
		}
	case dead:
	}
	return errPlanned
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

// plannedStorage outlives the process. It applies a batch whole, or by the plan a part of it.
type plannedStorage struct {
	steps  *steps
	oracle *oracle
	torn   bool

	mu     sync.Mutex
	values map[string][]byte
}

// Get implements storage.Client.
func (p *plannedStorage) Get(ctx context.Context, key string) ([]byte, error) {
	operation := storage.GetOperation(key)
	err := p.Batch(ctx, operation)
	return operation.Value, err
}

// Set implements storage.Client.
func (p *plannedStorage) Set(ctx context.Context, key string, value []byte) error {
	return p.Batch(ctx, storage.SetOperation(key, value))
}

// Delete implements storage.Client.
func (p *plannedStorage) Delete(ctx context.Context, key string) error {
	return p.Batch(ctx, storage.DeleteOperation(key))
}

// Close implements storage.Client.
func (*plannedStorage) Close(context.Context) error { return nil }

// Batch implements storage.Client.
func (p *plannedStorage) Batch(ctx context.Context, operations ...*storage.Operation) error {
	fault := p.steps.next()
	applied := len(operations)
	switch fault.how {
	case succeeds:
	case slow:
		if !sleepFor(ctx, slowStep) {
			p.steps.wrote(false)
			return ctx.Err()
		}
	case dead:
		return errPlanned
	default:
		applied = int(fault.portion * float64(len(operations)+1))
		if !p.torn && applied < len(operations) {
			applied = 0
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, operation := range operations[:applied] {
		p.apply(operation)
	}
	succeeded := fault.how == succeeds || fault.how == slow
	p.steps.wrote(succeeded)
	if succeeded {
		return nil
	}
	return errPlanned
}

func (p *plannedStorage) apply(operation *storage.Operation) {
	switch operation.Type {
	case storage.Get:
		operation.Value = p.values[operation.Key]
	case storage.Delete:
		delete(p.values, operation.Key)
	case storage.Set:
		p.values[operation.Key] = slices.Clone(operation.Value)
		p.oracle.stored(operation.Key, operation.Value)
	}
}

func (p *plannedStorage) snapshot() map[string][]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.values)
}

// storedState is what the oracle looks at of a state record.
type storedState struct {
	Content struct {
		State struct {
			Watermark, Rescanned time.Time
		} `json:"state"`
	} `json:"content"`
}

func readState(value []byte) (storedState, error) {
	var record storedState
	err := json.Unmarshal(value, &record)
	return record, err
}
