// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// refuseLarger refuses for good what is larger as OTLP than a backend takes.
func refuseLarger(limit int) func(plog.Logs) error {
	var marshaler plog.ProtoMarshaler
	return func(logs plog.Logs) error {
		if marshaler.LogsSize(logs) > limit {
			return consumererror.NewPermanent(errors.New("message too large"))
		}
		return nil
	}
}

// fat adds events that carry some more JSON.
func (c *collector) fat(count int, more string) {
	at := time.Now()
	for i := range count {
		c.api.Add(simulator.Event{ID: fmt.Sprint("fat", i), Time: at, JSON: fmt.Appendf(nil,
			`{"id":"fat%d","service":"sso","event_type":"sso_auth","timestamp":%q,%s}`, i, at.UTC().Format(time.RFC3339Nano), more)})
	}
}

// wide is a deep object of short fields, which is several times as large in OTLP.
func wide() string {
	fields := make([]string, 85)
	for i := range fields {
		fields[i] = fmt.Sprintf(`"f%d":%d`, i, i)
	}
	return `"resource_of_the_event":{"attributes_before_it":{"details_of_the_change":{"policy_values":{` + strings.Join(fields, ",") + `}}}}`
}

func TestEventsOfABatchThatIsLargerThanABackendTakesAllArrive(t *testing.T) {
	for name, test := range map[string]struct {
		count, limit int
		more         string
	}{
		"SSO events, Kafka":       {1500, 1_000_000, `"application":{"name":"` + strings.Repeat("x", 1000) + `"}`},
		"wide events, gRPC":       {900, 4 << 20, wide()},
		"one larger event, alone": {1, 4 << 20, `"text":"` + strings.Repeat("x", 1_500_000) + `"`},
	} {
		t.Run(name, func(t *testing.T) {
			collect(t, func(t *testing.T, c *collector) {
				c.start()
				c.pass(5 * time.Second)
				from := time.Now()
				c.sink.refuseWith(refuseLarger(test.limit))
				c.fat(test.count, test.more)
				c.pass(time.Minute)
				assert.Empty(t, c.lines("The pipeline refused events for good"))
				assert.Len(t, c.sink.counts(), test.count)
				c.requireEachOnce("", from)
				assert.EqualValues(t, test.count, c.counted("events"))
			})
		})
	}
}

// Of a batch in several messages, those that were taken are not offered again.
func TestFault_K1_OnlyTheMessageThatIsRefusedIsOfferedAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	collect(t, func(t *testing.T, c *collector) {
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		calls := 0
		c.sink.refuseWith(func(plog.Logs) error {
			if calls++; calls%2 == 0 {
				return errFull
			}
			return nil
		})
		c.fat(1000, wide())
		c.pass(2 * time.Hour)
		require.Greater(t, calls, 4, "several messages")
		c.requireEachOnce("", from)
		assert.Len(t, c.sink.counts(), 1000)
	})
}

func TestFault_K2_LossOfOneMessageIsDeclaredExactly(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	collect(t, func(t *testing.T, c *collector) {
		c.start()
		c.pass(5 * time.Second)
		calls, lost := 0, 0
		c.sink.refuseWith(func(logs plog.Logs) error {
			if calls++; calls == 2 {
				lost = logs.LogRecordCount()
				return errMalformed
			}
			return nil
		})
		c.fat(1000, wide())
		c.pass(time.Hour)
		require.Positive(t, lost)
		assert.EqualValues(t, lost, c.counted("dropped"))
		assert.Len(t, c.sink.counts(), 1000-lost)
		assert.EqualValues(t, 1000-lost, c.counted("events"))
	})
}

// A stop without a fault costs no duplicate: what is left of the batch has the grace to end in.
func TestBatchOfSeveralMessagesEndsAtAStop(t *testing.T) {
	collect(t, func(t *testing.T, c *collector) {
		c.next = unhurried{c.sink, 500 * time.Millisecond}
		c.start()
		c.pass(5 * time.Second)
		from := time.Now()
		c.fat(900, `"text":"`+strings.Repeat("x", 1000)+`"`)
		require.Eventually(t, func() bool { return len(c.sink.counts()) > 0 }, time.Minute, 10*time.Millisecond)
		c.stop()
		c.start()
		c.pass(time.Minute)
		c.requireEachOnce("", from)
	})
}
