// SPDX-License-Identifier: Apache-2.0

// Command broker is a Kafka broker with the limits of a real one, for tests that kill a collector. It has the topic
// jumpcloud, and answers over HTTP what is in it.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/e2e/backends"
)

func main() {
	listen := flag.String("listen", "", "host and port of the broker")
	advertise := flag.String("advertise", "", "host and port that the broker tells to clients: those of a relay")
	contents := flag.String("contents", "", "host and port of the HTTP server with the ids of all records, repeats included")
	flag.Parse()
	if err := serve(*listen, *advertise, *contents); err != nil {
		log.Fatal(err)
	}
}

func serve(listen, advertise, contents string) error {
	told, err := net.ResolveTCPAddr("tcp", advertise)
	if err != nil {
		return err
	}
	cluster, err := backends.NewBroker(kfake.ListenFn(func(network, _ string) (net.Listener, error) {
		listener, err := new(net.ListenConfig).Listen(context.Background(), network, listen)
		return relayed{listener, told}, err
	}))
	if err != nil {
		return err
	}
	defer cluster.Close()
	// It reads at the broker itself, whatever the broker tells.
	client, err := kgo.NewClient(kgo.SeedBrokers(listen), kgo.ConsumeTopics(backends.Topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.Dialer(func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, listen)
		}))
	if err != nil {
		return err
	}
	defer client.Close()
	topic := &topic{}
	go topic.read(client)
	server := &http.Server{Addr: contents, Handler: topic, ReadHeaderTimeout: time.Minute}
	return server.ListenAndServe()
}

// relayed is a listener that gives the address of a relay for its own.
type relayed struct {
	net.Listener
	told net.Addr
}

func (r relayed) Addr() net.Addr { return r.told }

// topic has the ids of what is in a topic.
type topic struct {
	mu  sync.Mutex
	ids []string
}

func (t *topic) read(client *kgo.Client) {
	for {
		fetches := client.PollFetches(context.Background())
		if fetches.IsClientClosed() {
			return
		}
		fetches.EachRecord(func(record *kgo.Record) {
			logs, err := new(plog.ProtoUnmarshaler).UnmarshalLogs(record.Value)
			if err != nil {
				log.Fatal("a message is no OTLP: ", err)
			}
			t.add(logs)
		})
	}
}

func (t *topic) add(logs plog.Logs) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				id, _ := record.Attributes().Get("log.record.uid")
				t.ids = append(t.ids, id.Str())
			}
		}
	}
}

// ServeHTTP answers /count with their number, and everything else with the ids, one a line.
func (t *topic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r.URL.Path == "/count" {
		_, _ = fmt.Fprint(w, len(t.ids))
		return
	}
	_, _ = fmt.Fprint(w, strings.Join(t.ids, "\n"))
}
