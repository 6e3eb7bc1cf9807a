// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver/internal/metadatatest"
)

// tie makes events that share one millisecond.
func tie(c *collector, prefix string, count int) {
	at := time.Now()
	for i := range count {
		c.api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: fmt.Sprint(prefix, i), Time: at})
	}
}

func TestFault_A1_RefusedTokenIsDroppedOnceWithoutAWait(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.config.PageSize = 100
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		tie(c, "tie", 350)
		c.api.Inject(simulator.Fault{When: simulator.WithToken, Skip: 1, Times: 1, Effect: simulator.Status(400, "search_after has expired")})
		sent := len(c.api.Requests())
		c.pass(10 * time.Second)
		c.requireEachOnce("", from)
		c.requireStatuses("")
		pass := c.api.Requests()[sent:]
		assert.NotNil(t, pass[2].Query.SearchAfter, "the one that is refused")
		assert.Nil(t, pass[3].Query.SearchAfter, "the token is dropped")
		assert.False(t, pass[3].Query.Start.After(from), "nothing of the window is left out")
		assert.Less(t, pass[3].At.Sub(pass[2].At), time.Second, "at once")
	})
}

func TestFault_A1_TokensThatAreAlwaysRefusedAreDoneWithout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCollectorOf(t, simulator.New(simulator.Settings{}))
		defer c.stop()
		c.config.PageSize = 100
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		tie(c, "tie", 350)
		c.api.Inject(simulator.Fault{When: simulator.WithToken, Until: from.Add(time.Hour), Effect: simulator.Status(400, "search_after is not valid")})
		sent := len(c.api.Requests())
		c.pass(time.Hour)
		assert.Len(t, c.sink.counts(), 350)
		// Polls come every second, rescans every two, and each rescan meets the tie for ten minutes.
		assert.Less(t, len(c.api.Requests())-sent, 8000, "no tight loop")
		c.pass(20 * time.Minute)
		c.requireEachOnce("", from)
		c.requireStatuses("")
	})
}

func TestFault_A2_NoRequestStartsInTheFuture(t *testing.T) {
	for name, offset := range map[string]time.Duration{"the API is behind": -5 * time.Minute, "the API is ahead": 5 * time.Minute, "equal": 0, "a day behind": -20 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				now := func() time.Time { return time.Now().Add(offset) }
				c := newCollectorOf(t, simulator.New(simulator.Settings{Now: now, ShuffleTies: true}))
				defer c.stop()
				c.config.Backfill.Lookback = 48 * time.Hour
				for i := range 100 {
					c.api.Add(simulator.Event{ID: fmt.Sprint("old", i), Time: now().Add(-time.Duration(i) * 29 * time.Minute)})
				}
				// Dated ahead: no request may begin there.
				c.api.Add(simulator.Event{ID: "ahead", Time: now().Add(time.Hour)})
				from := now().Add(-48 * time.Hour)
				for range 3 {
					c.start()
					c.pass(time.Minute)
					c.stop()
				}
				c.requireEachOnce("", from)
				asked := 0
				for _, request := range c.api.Requests() {
					if request.Query.Limit == 1 && request.Query.Start.After(request.At) {
						asked++ // whose clock is right
						continue
					}
					require.False(t, request.Query.Start.After(request.At), "start %s at %s", request.Query.Start, request.At)
					require.True(t, request.Query.End.IsZero() || request.Query.Start.Before(request.Query.End))
					require.Equal(t, http.StatusOK, request.Status)
				}
				require.LessOrEqual(t, asked, 3, "once for each start")
			})
		})
	}
}

func TestFault_A4_StartBeforeTheRetentionIsClampedAndDeclared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCollectorOf(t, simulator.New(simulator.Settings{Retention: 15 * 24 * time.Hour}))
		defer c.stop()
		began := time.Now()
		for i := range 60 {
			c.api.Add(simulator.Event{ID: fmt.Sprint("e", i), Time: began.Add(-time.Duration(i) * 12 * time.Hour)})
		}
		c.config.Backfill.Lookback = 30 * 24 * time.Hour
		c.start()
		c.pass(30 * time.Minute)
		c.requireEachOnce("", began.Add(-15*24*time.Hour).Add(time.Hour))
		c.requireStatuses("JumpCloud refuses the request")
		assert.Equal(t, 1, strings.Count(c.logs.String(), "does not keep events of this time any more"))
		gap, err := c.telemetry.GetMetric("otelcol_receiver_jumpcloud_gap")
		require.NoError(t, err)
		points := gap.Data.(metricdata.Sum[float64]).DataPoints
		require.Len(t, points, 1)
		assert.InDelta(t, (15 * 24 * time.Hour).Seconds(), points[0].Value, 600, "from the backfill's start to the retention's edge")
	})
}

func TestFault_A14_RedirectIsNoAnswer(t *testing.T) {
	for _, code := range []int{300, 301, 302, 303, 304, 307, 308} {
		t.Run(http.StatusText(code), func(t *testing.T) {
			requireKept(t, outage{simulator.Redirect(code, "https://other.example.com/secret?path"), 20 * time.Minute, 60, "JumpCloud refuses the request", 15 * time.Minute})
		})
	}
}

func TestFault_A15_StatusThatCarriesNoPageIsABadResponse(t *testing.T) {
	for _, code := range []int{101, 201, 202, 203, 204, 205, 206, 207, 226} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			whole := simulator.Effect{Alter: func(a *simulator.Answer) { a.Status = code }}
			requireKept(t, outage{whole, 20 * time.Minute, 60, "the answers are not Directory Insights pages", 5 * time.Minute})
		})
	}
}

func TestFault_A15_BadResponsesAreCounted(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.start()
		c.pass(5 * time.Second)
		c.api.Inject(simulator.Fault{Times: 1, Effect: simulator.Status(206, "")})
		c.pass(5 * time.Minute)
		metadatatest.AssertEqualReceiverJumpcloudRequestsFailed(t, c.telemetry, []metricdata.DataPoint[int64]{{
			Attributes: attribute.NewSet(attribute.String("organization", ""), attribute.String("receiver", "jumpcloud"), attribute.String("error", "bad_response")), Value: 1,
		}}, metricdatatest.IgnoreTimestamp())
	})
}
