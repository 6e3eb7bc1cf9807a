// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// options are the command's flags.
type options struct {
	listen        string
	allowRemote   bool
	rate          float64
	history       int
	historyWindow time.Duration
	incidents     bool
	faults        []string
	organizations []string
	apiKey        string
	seed          uint64
	lateShare     float64
	maxDelay      time.Duration
	latency       time.Duration
	gzip          bool
}

func parse(arguments []string, output io.Writer) (options, error) {
	var parsed options
	var organizations, faults string
	flags := flag.NewFlagSet("jcsim", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&parsed.listen, "listen", "127.0.0.1:8791", "address to serve on")
	flags.BoolVar(&parsed.allowRemote, "allow-remote", false, "allow an address that is not loopback")
	flags.Float64Var(&parsed.rate, "rate", 2, "live events a second for each organization")
	flags.IntVar(&parsed.history, "history", 500, "events of the past for each organization")
	flags.DurationVar(&parsed.historyWindow, "history-window", 48*time.Hour, "how far the past reaches back")
	flags.BoolVar(&parsed.incidents, "incidents", false, "add to the past what a security team looks for, in the last 27 days")
	flags.StringVar(&faults, "fault", "", "faults to begin with, separated by commas; POST and DELETE /rehearse change them while it runs")
	flags.StringVar(&organizations, "organizations", "", "organization ids, separated by commas; the key's own where empty")
	flags.StringVar(&parsed.apiKey, "api-key", "", "the only key that is accepted; any where empty")
	flags.Uint64Var(&parsed.seed, "seed", 1, "seed of all invented events")
	flags.Float64Var(&parsed.lateShare, "late-share", 0.05, "share of live events that become visible late, 0 to 1")
	flags.DurationVar(&parsed.maxDelay, "max-delay", 20*time.Second, "how late they become visible at the most")
	flags.DurationVar(&parsed.latency, "page-latency", 0, "delay before each answer")
	flags.BoolVar(&parsed.gzip, "gzip", true, "compress answers for clients that accept it")
	if err := flags.Parse(arguments); err != nil {
		return options{}, err
	}
	parsed.organizations = strings.Split(organizations, ",")
	if faults != "" {
		parsed.faults = strings.Split(faults, ",")
	}
	if parsed.rate < 0 || parsed.rate > 10_000 {
		return options{}, fmt.Errorf("-rate is %g, it must be within 0 and 10000", parsed.rate)
	}
	return parsed, checkAddress(parsed)
}

func checkAddress(parsed options) error {
	host, _, err := net.SplitHostPort(parsed.listen)
	if err != nil {
		return fmt.Errorf("-listen is no address with a port: %w", err)
	}
	if ip := net.ParseIP(host); !parsed.allowRemote && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("-listen is %q, which is not loopback: add -allow-remote if that is meant", parsed.listen)
	}
	return nil
}

// run serves until ctx is done.
func run(ctx context.Context, arguments []string, output io.Writer) error {
	parsed, err := parse(arguments, output)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	var configured net.ListenConfig
	listener, err := configured.Listen(ctx, "tcp", parsed.listen)
	if err != nil {
		return err
	}
	api := simulator.New(parsed.settings())
	rehearsed := newRehearsal(api)
	for _, name := range parsed.faults {
		if err := rehearsed.begin(name); err != nil {
			return errors.Join(fmt.Errorf("-fault: %w", err), listener.Close())
		}
	}
	generator := simulator.NewGenerator(parsed.seed, parsed.lateShare, parsed.maxDelay)
	now := time.Now()
	for _, organization := range parsed.organizations {
		api.Add(generator.History(organization, now.Add(-parsed.historyWindow), now, parsed.history)...)
		if parsed.incidents {
			api.Add(generator.Incidents(organization, now)...)
		}
	}
	server := &http.Server{Handler: rehearsed.handler(), ReadHeaderTimeout: 10 * time.Second}
	var running sync.WaitGroup
	running.Go(func() { live(ctx, parsed, rehearsed, generator) })
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	_, _ = fmt.Fprintf(output, "jcsim: a simulated Directory Insights API on http://%s: %d events of history, %g a second live\n",
		listener.Addr(), parsed.history*len(parsed.organizations), parsed.rate)
	err = server.Serve(listener)
	running.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (o options) settings() simulator.Settings {
	settings := simulator.Settings{Seed: o.seed, Latency: o.latency, Gzip: o.gzip}
	if o.apiKey != "" {
		settings.APIKeys = map[string][]string{o.apiKey: o.organizations}
	}
	return settings
}

// live adds events as time passes.
func live(ctx context.Context, parsed options, rehearsed *rehearsal, generator *simulator.Generator) {
	if parsed.rate == 0 {
		return
	}
	ticker := time.NewTicker(time.Duration(float64(time.Second) / parsed.rate))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case at := <-ticker.C:
			for _, organization := range parsed.organizations {
				rehearsed.api.Add(rehearsed.live(generator, organization, at))
			}
		}
	}
}
