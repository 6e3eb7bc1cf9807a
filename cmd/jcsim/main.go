// SPDX-License-Identifier: Apache-2.0

// Command jcsim serves a simulated Directory Insights API with a history of invented events
// and a live stream of more. It is for trying the receiver out without a JumpCloud tenant.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "jcsim:", err)
		os.Exit(1)
	}
}
