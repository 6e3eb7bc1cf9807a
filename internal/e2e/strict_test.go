// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/testkit"
	made "github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/testkit/corpus"
)

// door lets requests to a path in that have a header, as a backend does.
func door(path, name, value string, backend http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != path:
			http.NotFound(w, r)
		case name != "" && r.Header.Get(name) != value:
			w.WriteHeader(http.StatusUnauthorized)
		default:
			backend.ServeHTTP(w, r)
		}
	})
}

// strictBackends are those that take OTLP by an example, with the limits that they document.
var strictBackends = map[string]struct {
	example, path, header, value string
	limits                       func() testkit.Limits
	// stream is what all the records are in.
	stream string
	// broken are the rules that the corpus breaks with the defaults, with the types of the events; curated
	// are those that it still breaks with attributes: curated.
	broken, curated map[string][]string
}{
	"Splunk": {
		example: "splunk.yaml", path: "/v1/logs", limits: testkit.Splunk, stream: "jumpcloud:events",
		broken:  map[string][]string{"TRUNCATE": {"large"}},
		curated: map[string][]string{"TRUNCATE": {"large"}},
	},
	"an Elasticsearch data stream": {
		example: "elasticsearch.yaml", path: "/_otlp/v1/logs", header: "Authorization", value: "ApiKey secret",
		limits: testkit.ElasticsearchStream,
		broken: map[string][]string{"a value of another type for long": {"changing"}, "total_fields.limit": {"sprawling"}},
	},
	"an Elasticsearch index": {
		example: "elasticsearch.yaml", path: "/_otlp/v1/logs", header: "Authorization", value: "ApiKey secret",
		limits: testkit.Elasticsearch,
		broken: map[string][]string{
			"a value of another type for long": {"changing"}, "an object for a text": {"changing"}, "total_fields.limit": {"sprawling"},
		},
	},
	"Datadog": {
		example: "datadog.yaml", path: "/v1/logs", header: "dd-api-key", value: "secret", limits: testkit.Datadog,
		broken: map[string][]string{"key of 50 characters": {"admin_login_attempt", "sso_auth", "user_login_attempt", "wide"}},
	},
}

// unruly are events that are in the corpus of no known type: fields whose type changes, and wide events
// whose fields have other names each time.
func unruly(t *testing.T) (events []simulator.Event) {
	t.Helper()
	add := func(kind, name, value string) {
		fields := map[string]json.RawMessage{
			"service": []byte(`"mdm"`), "event_type": fmt.Appendf(nil, "%q", kind), name: []byte(value),
		}
		at := time.Now().Add(-5*time.Minute + time.Duration(len(events))*time.Second).UTC()
		events = append(events, made.Stamped(t, fields, fmt.Sprintf("unruly-%02d", len(events)), at))
	}
	for _, session := range []string{
		`{"tokens":1200,"tool":"search"}`, `{"tokens":"n/a","tool":"search"}`, `{"tokens":1200,"tool":{"name":"search"}}`,
	} {
		add("changing", "session", session)
	}
	for i := range 20 {
		values := make([]string, 90)
		for j := range values {
			values[j] = fmt.Sprintf(`"policy_%d_%d":%d`, i, j, j)
		}
		add("sprawling", "values", "{"+strings.Join(values, ",")+"}")
	}
	return events
}

// TestStrictBackends_HaveEveryEventOnce: ten thousand events of every known type, with wide ones and a large
// one, and some unruly ones. It shows which of them break a rule, and that attributes: curated mends it.
func TestStrictBackends_HaveEveryEventOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Setenv("ELASTICSEARCH_API_KEY", "secret")
	t.Setenv("DD_API_KEY", "secret")
	events := slices.Concat(made.Events(t, "../../testdata/events", 10_000, 400_000), unruly(t))
	for name, backend := range strictBackends {
		for attributes, expected := range map[string]map[string][]string{"all": backend.broken, "curated": backend.curated} {
			t.Run(name+", attributes "+attributes, func(t *testing.T) {
				api, sink := simulator.New(simulator.Settings{}), testkit.NewSink(backend.limits())
				api.Add(events...)
				address := serve(t, door(backend.path, backend.header, backend.value, sink))
				collector := example(t, backend.example, serve(t, api), address, hurried, lastHours,
					"receivers:\n  jumpcloud:\n    attributes: "+attributes+"\n")
				await(t, func() bool { return sink.Total()+refused(sink) >= len(events) }, collector)
				collector.signal(syscall.SIGTERM)
				missing, again, altered := whatArrived(sink, events)
				t.Logf("%d events: %d missing, %d again, %d altered; the largest message has %d bytes", len(events), missing, again, altered, sink.Largest())
				for reason, ids := range sink.Broken() {
					t.Logf("%s: %d events", reason, len(ids))
				}
				assert.Equal(t, [3]int{refused(sink), 0, 0}, [3]int{missing, again, altered})
				assert.Equal(t, expected, broken(events, sink))
				assert.Equal(t, []string{backend.stream}, slices.Collect(maps.Keys(sink.Streams())))
				assert.Equal(t, refused(sink) > 0, strings.Contains(collector.output.String(), "refused events for good"))
			})
		}
	}
}

// TestPartialSuccess_IsBelieved: a backend that answers 200 to what it refuses has accepted it for the
// exporter, which logs a warning.
func TestPartialSuccess_IsBelieved(t *testing.T) {
	limits := testkit.Elasticsearch()
	limits.Partial = true
	api, sink := simulator.New(simulator.Settings{}), testkit.NewSink(limits)
	events := unruly(t)[:3]
	api.Add(events...)
	collector := example(t, "elasticsearch.yaml", serve(t, api), serve(t, sink), hurried, lastHours)
	await(t, func() bool { return sink.Total()+refused(sink) >= len(events) }, collector)
	await(t, collector.printed("Partial success response"), collector)
	collector.signal(syscall.SIGTERM)
	missing, again, _ := whatArrived(sink, events)
	assert.Equal(t, [2]int{2, 0}, [2]int{missing, again})
	assert.Contains(t, collector.output.String(), `"dropped_log_records": 2`)
	assert.NotContains(t, collector.output.String(), "refused events for good")
}

func refused(sink *testkit.Sink) (total int) {
	for _, count := range sink.Refused() {
		total += count
	}
	return total
}

func broken(events []simulator.Event, sink *testkit.Sink) map[string][]string {
	var found map[string][]string
	for reason, ids := range sink.Broken() {
		if found == nil {
			found = make(map[string][]string)
		}
		found[reason] = kinds(events, ids)
	}
	return found
}

// kinds are the types of events, by their ids.
func kinds(events []simulator.Event, ids []string) []string {
	found := make(map[string]bool)
	for _, event := range events {
		var kind struct {
			Type string `json:"event_type"`
		}
		if slices.Contains(ids, event.ID) && json.Unmarshal(event.JSON, &kind) == nil {
			found[kind.Type] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
