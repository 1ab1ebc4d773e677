// Pulumi-resource-random is the stand-in for Pulumi's random provider: values that are drawn once and kept in the state.
// The sandbox uses it where the official one cannot be downloaded. It has the resources the platform uses: passwords,
// strings, bytes, ids, UUIDs and pet names.
package main

import (
	"context"
	"fmt"
	"os"

	p "github.com/pulumi/pulumi-go-provider"

	"github.com/iransre/exchange-platform/sandbox/plugins/random/generate"
)

// version is that of the official provider whose behaviour this one has; the build may set another.
var version = "4.21.1"

func main() {
	if err := p.RunProvider(context.Background(), "random", version, generate.Provider()); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-random:", err)
		os.Exit(1)
	}
}
