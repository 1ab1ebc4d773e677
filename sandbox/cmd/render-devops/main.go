// Command render-devops writes the manifests of an Exchange-DevOps repository from the exchange's chart.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/iransre/exchange-platform/sandbox/charts/devops"
)

func main() {
	chart := flag.String("chart", "charts/exchange", "the exchange's chart")
	check := flag.Bool("check", false, "change nothing; say whether the repository is what the chart renders")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "usage: %s [--check] REPOSITORY\n", flag.CommandLine.Name())
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run := func() error { return devops.Write(ctx, *chart, flag.Arg(0)) }
	if *check {
		run = func() error { return devops.Check(*chart, flag.Arg(0)) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
