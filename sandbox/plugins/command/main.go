// Pulumi-resource-command is the stand-in for Pulumi's command provider: it runs commands over SSH. The sandbox uses it where
// the official one cannot be downloaded. Of the official one it leaves out commands on this machine and the copying of files.
package main

import (
	"context"
	"fmt"
	"os"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/sandbox/plugins/command/remote"
)

// version is that of the official provider whose behaviour this one has; the build may set another.
var version = "1.2.1"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-command:", err)
		os.Exit(1)
	}
}

func run() error {
	return p.RunProvider(context.Background(), "command", version, infer.Provider(infer.Options{
		Resources: []infer.InferredResource{infer.Resource(&remote.Command{})},
	}))
}
