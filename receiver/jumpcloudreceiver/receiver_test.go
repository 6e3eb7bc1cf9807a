// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/storagetest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver/internal/metadatatest"
)

func add(c *collector, prefix string, count int) {
	for i := range count {
		c.api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: fmt.Sprint(prefix, i), Time: time.Now()})
	}
}

func TestEventsArriveAsLogRecords(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.start()
		c.pass(3 * time.Second)
		from := time.Now()
		add(c, "a", 2500)
		c.pass(10 * time.Second)
		c.requireEachOnce("", from)
		record := c.sink.received()[0].ResourceLogs().At(0).ScopeLogs().At(0)
		assert.Equal(t, "github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver", record.Scope().Name())
		assert.Equal(t, "jumpcloud.sso.sso_auth", record.LogRecords().At(0).EventName())
		metadatatest.AssertEqualReceiverJumpcloudEvents(t, c.telemetry, []metricdata.DataPoint[int64]{{
			Attributes: attribute.NewSet(attribute.String("organization", ""), attribute.String("receiver", "jumpcloud")), Value: 2500,
		}}, metricdatatest.IgnoreTimestamp())
		accepted, err := c.telemetry.GetMetric("otelcol_receiver_accepted_log_records")
		require.NoError(t, err)
		assert.Equal(t, int64(2500), accepted.Data.(metricdata.Sum[int64]).DataPoints[0].Value)
	})
}

func TestRestartContinuesFromTheStorage(t *testing.T) {
	collect(t, func(_ *testing.T, c *collector) {
		c.start()
		c.pass(3 * time.Second)
		from := time.Now()
		for i := range 10 {
			add(c, fmt.Sprint("a", i, "-"), 50)
			c.pass(1300 * time.Millisecond)
			c.stop()
			add(c, fmt.Sprint("b", i, "-"), 50)
			c.pass(5 * time.Minute)
			c.start()
		}
		c.pass(time.Minute)
		c.requireEachOnce("", from)
	})
}

func TestLateEventIsDeliveredOnce(t *testing.T) {
	collect(t, func(_ *testing.T, c *collector) {
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		c.api.Add(simulator.Event{Service: "sso", ID: "late", Time: from, Visible: from.Add(20 * time.Second)})
		for i := range 25 {
			add(c, fmt.Sprint("a", i, "-"), 10)
			c.pass(time.Second)
		}
		c.pass(time.Minute)
		c.requireEachOnce("", from)
	})
}

func TestTwentyOrganizationsOfWhichOneIsForbidden(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		from := time.Now()
		generator := simulator.NewGenerator(7, 0, 0)
		for i := range 20 {
			id := fmt.Sprintf("5f1b1c4e0e8b7d0001a1b2%02d", i)
			c.config.Organizations = append(c.config.Organizations, jumpcloudreceiver.OrganizationConfig{ID: id, Name: "Name of " + id})
			c.api.Add(generator.History(id, from.Add(-2*time.Hour), from, 300)...)
		}
		forbidden := c.config.Organizations[7].ID
		c.api.Inject(simulator.Fault{When: simulator.ForOrganization(forbidden), Effect: simulator.Status(403, "Forbidden")})
		c.config.Backfill.Lookback = 3 * time.Hour
		c.config.PollInterval, c.config.RescanInterval = 30*time.Second, time.Minute
		c.start()
		c.pass(2 * time.Minute)
		for _, organization := range c.config.Organizations {
			if organization.ID != forbidden {
				c.requireEachOnce(organization.ID, from.Add(-3*time.Hour))
			}
		}
		for _, logs := range c.sink.received() {
			requireOwnResource(t, c, logs)
		}
		require.NotEmpty(t, c.host.reported())
		statuses := c.host.reported()
		last := statuses[len(statuses)-1]
		assert.Equal(t, componentstatus.StatusRecoverableError, last.Status())
		assert.ErrorContains(t, last.Err(), "organization "+forbidden+": JumpCloud forbids reading events (403)")
	})
}

func requireOwnResource(t *testing.T, c *collector, logs plog.Logs) {
	t.Helper()
	for _, resource := range logs.ResourceLogs().All() {
		id, _ := resource.Resource().Attributes().Get("jumpcloud.organization.id")
		name, _ := resource.Resource().Attributes().Get("jumpcloud.organization.name")
		require.Equal(t, "Name of "+id.Str(), name.Str())
		own := make(map[string]bool)
		for _, event := range c.api.Expected(id.Str(), time.Time{}) {
			own[event.ID] = true
		}
		for _, record := range ids(logs) {
			require.True(t, own[record])
		}
	}
}

func TestFault_S1_WithoutStorageItRunsAndWarnsOnce(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.config.Storage = nil
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		add(c, "a", 100)
		c.pass(5 * time.Minute)
		c.requireEachOnce("", from)
		assert.Equal(t, 1, strings.Count(c.logs.String(), `"level":"warn"`), c.logs.String())
		assert.Contains(t, c.logs.String(), "storage")
		require.Len(t, c.host.reported(), 1)
		checkpoint, _ := c.host.reported()[0].Attributes().Get("checkpoint")
		assert.Contains(t, checkpoint.Str(), "in memory")
	})
}

func TestStorageThatCanNotBeUsedFailsTheStart(t *testing.T) {
	for name, test := range map[string]struct {
		id        component.ID
		extension component.Component
		text      string
	}{
		"S2 no such extension": {component.MustNewID("missing"), nil, `storage is "missing", and the service starts no such extension: define it under extensions and list it under service::extensions`},
		"S2 another kind":      {component.MustNewID("other"), storagetest.NewNonStorageExtension("other"), `storage is "other", which is no storage extension: use one such as file_storage`},
		"S3 can't be opened":   {component.MustNewID("locked"), lockedStorage{}, `opening storage "locked" (does another process use it, may this one write there, is its file damaged? see "Storage" in docs/reliability.md): timeout`},
	} {
		t.Run(name, func(t *testing.T) {
			collect(t, func(t *testing.T, c *collector) {
				c.config.Storage = &test.id
				if test.extension != nil {
					c.host.extensions[test.id] = test.extension
				}
				require.EqualError(t, c.tryStart(), test.text)
			})
		})
	}
}

func TestStateMachineOfARefusedKey(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.start()
		c.pass(10 * time.Second)
		from := time.Now()
		c.api.Inject(simulator.Fault{Until: time.Now().Add(20 * time.Minute), Effect: simulator.Status(401, "Unauthorized")})
		add(c, "a", 10)
		before := len(c.api.Requests())
		c.pass(20 * time.Minute)
		assert.Less(t, len(c.api.Requests())-before, 40, "a refused key is tried rarely")
		assert.Contains(t, c.logs.String(), "JumpCloud does not accept the API key (401): check api_key")
		assert.LessOrEqual(t, strings.Count(c.logs.String(), "does not accept the API key"), 3, "the state is logged rarely")
		c.pass(16 * time.Minute)
		c.requireEachOnce("", from)
		require.Len(t, c.host.reported(), 2)
		assert.Equal(t, componentstatus.StatusRecoverableError, c.host.reported()[0].Status())
		assert.Equal(t, componentstatus.StatusOK, c.host.reported()[1].Status())
		assert.Contains(t, c.logs.String(), "Working again")
	})
}

func TestFault_P14_EventsOfAnotherOrganizationAreDeliveredAndTold(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.config.Organizations = []jumpcloudreceiver.OrganizationConfig{{ID: "5f1b1c4e0e8b7d0001a1b2c3"}}
		c.start()
		c.pass(5 * time.Second)
		for i := range 3 {
			c.api.Add(simulator.Event{
				Organization: "5f1b1c4e0e8b7d0001a1b2c3", Service: "sso", ID: fmt.Sprint("other ", i), Time: time.Now(),
				JSON: fmt.Appendf(nil, `{"id":"other %d","service":"sso","timestamp":%q,"organization":"000000000000000000000000"}`, i, time.Now().UTC().Format(time.RFC3339Nano)),
			})
			c.pass(10 * time.Second)
		}
		assert.Len(t, c.sink.counts(), 3)
		assert.Equal(t, 1, strings.Count(c.logs.String(), "Events of another organization"))
		assert.EqualValues(t, 3, c.counted("other_organization"))
	})
}

// lockedStorage is a storage extension whose file another process holds.
type lockedStorage struct {
	component.StartFunc
	component.ShutdownFunc
}

func (lockedStorage) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return nil, errors.New("timeout")
}
