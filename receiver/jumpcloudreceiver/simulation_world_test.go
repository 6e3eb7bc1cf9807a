// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"hash/fnv"
	"io"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
	"go.opentelemetry.io/collector/extension/xextension/storage"
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

// tenant is one organization, which nothing of another one may reach.
type tenant struct {
	// id is "" where the API key's own organization is read.
	id                string
	network, delivery *lane
	oracle            *oracle
	// offered is when the batch was first offered that the consumer has not settled.
	offered time.Time
}

// tenants are the organizations of a run.
type tenants []*tenant

// of returns the organization with an id.
func (t tenants) of(id string) *tenant {
	for _, candidate := range t {
		if candidate.id == id {
			return candidate
		}
	}
	panic("an unknown organization: " + id)
}

// stores returns the organization that a key of the storage belongs to.
func (t tenants) stores(key string) *tenant {
	rest, named := strings.CutPrefix(key, "organization/")
	if !named {
		return t.of("")
	}
	id, _, _ := strings.Cut(rest, "/")
	return t.of(id)
}

// ambiguous is the number of calls of all organizations that took data and yet returned an error.
func (t tenants) ambiguous() (count int) {
	for _, each := range t {
		count += each.delivery.ambiguous
	}
	return count
}

// plannedNetwork hands requests to the simulated API.
type plannedNetwork struct {
	tenants tenants
	api     http.RoundTripper
	// apart says that history and rescans fail apart from live events.
	apart bool
	// began is when the run did, which polls that often.
	began        time.Time
	pollInterval time.Duration
}

// RoundTrip implements http.RoundTripper.
func (n *plannedNetwork) RoundTrip(request *http.Request) (*http.Response, error) {
	// A request takes some time, so that one which is given up as soon as it is made never arrives.
	if !sleepFor(request.Context(), time.Microsecond) {
		return nil, request.Context().Err()
	}
	from := n.tenants.of(request.Header.Get("X-Org-Id"))
	opened, ended := from.oracle.requested(request)
	began := time.Now()
	if from.oracle.pace.ask(int(time.Since(n.began) / n.pollInterval)) {
		sleepFor(request.Context(), time.Minute)
	}
	response, err := n.answer(from, request)
	if met(response, err) {
		from.oracle.pace.meet(began, asksForLive(request, n.apart))
	}
	opened()
	if err != nil {
		ended()
		return nil, err
	}
	response.Body = watchedBody{ReadCloser: response.Body, closed: ended}
	return response, nil
}

func (n *plannedNetwork) answer(from *tenant, request *http.Request) (*http.Response, error) {
	switch from.network.next(from.network.asks(request)).how {
	case succeeds:
	case slow:
		if !sleepFor(request.Context(), slowStep) {
			return nil, request.Context().Err()
		}
		if from.network.process.isDead() {
			return nil, errPlanned
		}
	default:
		return nil, errPlanned
	}
	return n.api.RoundTrip(request)
}

// asks describes a request for the journal.
func (l *lane) asks(request *http.Request) string {
	if !l.process.keeps {
		return ""
	}
	body, err := request.GetBody()
	if err != nil {
		return err.Error()
	}
	asked, _ := io.ReadAll(body)
	_ = body.Close()
	return string(asked)
}

// digest stands for text in the journal.
func digest(text []byte) uint64 {
	sum := fnv.New64a()
	_, _ = sum.Write(text)
	return sum.Sum64()
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
