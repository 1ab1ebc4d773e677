// Pulumi-language-go is the stand-in for Pulumi's Go language host: it builds a Pulumi program written in Go and runs it
// for the engine. The sandbox uses it where the official one cannot be downloaded.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/iransre/exchange-platform/sandbox/plugins/golang/host"
)

// version is the Pulumi version this host answers for, the CLI's own; the build sets it.
var version = "0.0.0"

func main() {
	if len(os.Args) > 1 && (os.Args[1] == "-version" || os.Args[1] == "--version") {
		fmt.Println(version)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var engine string
	for _, arg := range os.Args[1:] {
		if arg != "" && arg[0] != '-' {
			engine = arg
		}
	}
	if err := host.Serve(ctx, version, engine, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-language-go:", err)
		os.Exit(1)
	}
}
