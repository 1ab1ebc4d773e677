// Command pulumi-resource-arvancloud is the Pulumi plugin for ArvanCloud.
package main

import (
	"context"
	"fmt"
	"os"

	p "github.com/pulumi/pulumi-go-provider"

	"github.com/iransre/exchange-platform/provider"
)

func main() {
	if err := p.RunProvider(context.Background(), provider.Name, provider.Version, provider.New()); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-arvancloud:", err)
		os.Exit(1)
	}
}
