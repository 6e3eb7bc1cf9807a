// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver"
)

var manyOrganizations = flag.Int("organizations", 20, "measure the audits of so many organizations")

// traffic is an extension that counts what is asked for and answered, by the path.
type traffic struct {
	component.StartFunc
	component.ShutdownFunc
	api http.RoundTripper

	mu                    sync.Mutex
	requests              map[string]int
	sent, received, total int
}

func (c *traffic) GetHTTPRoundTripper(context.Context) (extensionmiddleware.WrapHTTPRoundTripperFunc, error) {
	return func(context.Context, http.RoundTripper) (http.RoundTripper, error) { return c, nil }, nil
}

// RoundTrip implements http.RoundTripper. Bytes are those of requests other than for events.
func (c *traffic) RoundTrip(request *http.Request) (*http.Response, error) {
	asked, err := httputil.DumpRequest(request, true)
	if err != nil {
		return nil, err
	}
	response, err := c.api.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total++
	if strings.HasSuffix(request.URL.Path, "/events") {
		return response, nil
	}
	answered, err := httputil.DumpResponse(response, true)
	c.requests[request.URL.Path]++
	c.sent += len(asked)
	c.received += len(answered)
	return response, err
}

// TestAuditCostsARequestAnHour reads a day of organizations that have an event every ten minutes each.
func TestAuditCostsARequestAnHour(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, organizations := range []int{1, *manyOrganizations} {
		t.Run(strconv.Itoa(organizations), func(t *testing.T) {
			collect(t, func(t *testing.T, c *collector) {
				c.config.PollInterval, c.config.RescanInterval, c.config.MaxEventDelay = 10*time.Minute, time.Hour, time.Hour
				c.config.Audit = jumpcloudreceiver.AuditConfig{Interval: time.Hour, Depth: 24 * time.Hour, MaxIDs: 2_000_000}
				spent := &traffic{api: c.api.RoundTripper(), requests: make(map[string]int)}
				c.host.extensions[middlewareID] = spent
				for n := range organizations {
					id := fmt.Sprint("organization-", n)
					c.config.Organizations = append(c.config.Organizations, jumpcloudreceiver.OrganizationConfig{ID: id})
					for at := time.Now().Add(time.Minute); at.Before(time.Now().Add(60 * time.Hour)); at = at.Add(10 * time.Minute) {
						c.api.Add(simulator.Event{Organization: id, Service: "sso", Type: "sso_auth", ID: fmt.Sprint(id, at.Unix()), Time: at, Visible: at})
					}
				}
				c.start()
				c.pass(30 * time.Hour)
				spent.mu.Lock()
				counted, total, sent, received := spent.requests["/insights/directory/v1/events/count"], spent.total, spent.sent, spent.received
				spent.mu.Unlock()
				c.pass(24 * time.Hour)
				spent.mu.Lock()
				defer spent.mu.Unlock()
				counted, total = spent.requests["/insights/directory/v1/events/count"]-counted, spent.total-total
				sent, received = spent.sent-sent, spent.received-received
				t.Logf("a day of %d organizations: %d requests for counts of %d in all, %d bytes sent and %d received for them",
					organizations, counted, total, sent, received)
				require.Len(t, spent.requests, 1, "nothing but counts is asked for")
				assert.InDelta(t, 24*organizations, counted, float64(organizations))
				assert.Zero(t, gauge(c, "audit_missing"))
			})
		})
	}
}
