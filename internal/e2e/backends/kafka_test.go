// SPDX-License-Identifier: Apache-2.0

package backends_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/e2e/backends"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	made "github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/testkit/corpus"
)

// startKafka returns the address of a broker with its default limit, and a client that reads from it.
func startKafka(t *testing.T, more ...kfake.Opt) (string, *kgo.Client) {
	t.Helper()
	cluster, err := backends.NewBroker(more...)
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	seed := cluster.ListenAddrs()[0]
	client, err := kgo.NewClient(kgo.SeedBrokers(seed), kgo.ConsumeTopics(backends.Topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return seed, client
}

// consume reads until so many records are there, and for a moment longer. It returns their bodies by id, and the size of
// the largest message.
func consume(t *testing.T, client *kgo.Client, records int) (bodies map[string][]string, largest int) {
	t.Helper()
	bodies = make(map[string][]string)
	total := 0
	for deadline := time.Now().Add(enough); time.Now().Before(deadline); {
		ctx, stop := context.WithTimeout(t.Context(), 3*time.Second)
		fetches := client.PollFetches(ctx)
		stop()
		fetches.EachRecord(func(record *kgo.Record) {
			largest = max(largest, len(record.Value))
			logs, err := new(plog.ProtoUnmarshaler).UnmarshalLogs(record.Value)
			require.NoError(t, err)
			total += logs.LogRecordCount()
			collect(logs, bodies)
		})
		if fetches.NumRecords() == 0 && total >= records {
			break
		}
	}
	return bodies, largest
}

// collect adds the bodies of records by their ids.
func collect(logs plog.Logs, bodies map[string][]string) {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				id, _ := record.Attributes().Get("log.record.uid")
				bodies[id.Str()] = append(bodies[id.Str()], record.Body().Str())
			}
		}
	}
}

// uncompressed is laid over the example: the broker's limit is then one of what was written.
const uncompressed = "exporters:\n  kafka:\n    producer:\n      compression: none"

func TestKafka_HasEveryEventOnce(t *testing.T) {
	for name, events := range map[string][]simulator.Event{
		"10,000 events of every known type": corpus(t, 10_000),
		"1,500 SSO events of 1.2 KB":        sso(t, 1500),
	} {
		t.Run(name, func(t *testing.T) {
			seed, client := startKafka(t)
			api := simulator.New(simulator.Settings{})
			api.Add(events...)
			startExample(t, "kafka.yaml", api, seed, uncompressed)
			bodies, largest := consume(t, client, len(events))
			requireEachOnce(t, events, bodies)
			t.Logf("the largest message has %d bytes", largest)
			assert.LessOrEqual(t, largest, 1_000_000)
		})
	}
}

// TestKafka_TakesALargeEventWhereBothLimitsAreRaised runs what the documents say of events that are larger than a
// message. An event that is refused does not hold up the next one.
func TestKafka_TakesALargeEventWhereBothLimitsAreRaised(t *testing.T) {
	text, err := os.ReadFile(root + "docs/backends.md")
	require.NoError(t, err)
	documented := regexp.MustCompile("(?s)<!-- snippet: large-messages -->\n```yaml\n(.*?)\n```").FindStringSubmatch(string(text))
	require.NotNil(t, documented)
	for name, test := range map[string]struct {
		producer, broker bool
		arrive           int
	}{
		"both":               {true, true, 2},
		"the producer's":     {true, false, 1},
		"the broker's":       {false, true, 1},
		"neither of the two": {false, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var options []kfake.Opt
			if test.broker {
				options = append(options, kfake.BrokerConfigs(map[string]string{"message.max.bytes": "10000000"}))
			}
			seed, client := startKafka(t, options...)
			over := []string{uncompressed}
			if test.producer {
				require.Contains(t, documented[1], "kafka:9092")
				over = append(over, strings.Replace(documented[1], "kafka:9092", seed, 1))
			}
			from := time.Now().Add(-time.Hour).UTC()
			events := []simulator.Event{
				made.Stamped(t, made.Large(5_000_000), "large", from),
				made.Stamped(t, made.Large(100), "small", from.Add(time.Second)),
			}
			api := simulator.New(simulator.Settings{})
			api.Add(events...)
			startExample(t, "kafka.yaml", api, seed, over...)
			bodies, _ := consume(t, client, test.arrive)
			requireEachOnce(t, events[2-test.arrive:], bodies)
		})
	}
}

// sso are events of about 1.2 KB.
func sso(t *testing.T, count int) (events []simulator.Event) {
	t.Helper()
	from := time.Now().Add(-time.Hour).UTC().Truncate(time.Millisecond)
	for i := range count {
		id, at := fmt.Sprintf("sso-%05d", i), from.Add(time.Duration(i)*time.Millisecond)
		events = append(events, simulator.Event{Service: "sso", ID: id, Time: at, JSON: fmt.Appendf(nil,
			`{"id":%q,"service":"sso","event_type":"sso_auth","timestamp":%q,"application":{"name":%q}}`,
			id, at.Format("2006-01-02T15:04:05.000Z"), strings.Repeat("x", 1100))})
	}
	return events
}
