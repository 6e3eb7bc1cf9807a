// SPDX-License-Identifier: Apache-2.0

// Command mutants changes one line after another that the guarantee rests on, and fails where no test
// notices. The tree stays as it is: the compiler is given a changed copy of one file at a time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

func main() {
	names := flag.String("run", "", "only the mutants whose text matches this expression")
	few := flag.Bool("few", false, "run the tests that the table names, and not the others of the package")
	workers := flag.Int("workers", runtime.NumCPU(), "how many mutants are tried at a time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *names, *workers, *few)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, names string, workers int, few bool) error {
	chosen, err := regexp.Compile(names)
	if err != nil {
		return fmt.Errorf("-run is not a regular expression: %w", err)
	}
	table := slices.DeleteFunc(mutants(), func(m mutant) bool { return !chosen.MatchString(m.mistake) })
	if err := check(table); err != nil {
		return err
	}
	directory, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return fmt.Errorf("making a directory for the tests of the mutants: %w", err)
	}
	began := time.Now()
	outcomes := tryAll(ctx, table, directory, workers, few)
	return errors.Join(report(outcomes, time.Since(began)), os.RemoveAll(directory))
}

// tryAll tells of each mutant as soon as it is tried, in the order of the table.
func tryAll(ctx context.Context, table []mutant, directory string, workers int, few bool) []outcome {
	outcomes := make([]outcome, len(table))
	places := make(chan struct{}, workers)
	done := make([]chan struct{}, len(table))
	var tried sync.WaitGroup
	for i := range table {
		done[i] = make(chan struct{})
	}
	for i, m := range table {
		tried.Go(func() {
			defer close(done[i])
			places <- struct{}{}
			defer func() { <-places }()
			outcomes[i] = try(ctx, m, fmt.Sprintf("%s/%d", directory, i), few)
		})
	}
	fmt.Println("| mutant | file | outcome | by | seconds |\n|---|---|---|---|---|")
	for i := range table {
		<-done[i]
		fmt.Println(outcomes[i])
	}
	tried.Wait()
	return outcomes
}

func report(outcomes []outcome, took time.Duration) error {
	killed := 0
	var wrong []string
	for _, o := range outcomes {
		switch {
		case o.err != nil:
			wrong = append(wrong, fmt.Sprintf("%s: %v", o.mutant.mistake, o.err))
		case o.killedBy == "":
			wrong = append(wrong, o.mutant.mistake+": no test notices")
		default:
			killed++
		}
	}
	fmt.Printf("\n%d of %d killed in %s\n", killed, len(outcomes), took.Round(time.Second))
	if len(wrong) > 0 {
		return fmt.Errorf("mutants that are left:\n%s", strings.Join(wrong, "\n"))
	}
	return nil
}
