// Pulumi-resource-kubernetes is the stand-in for Pulumi's kubernetes provider: objects by server-side apply, charts by the
// Helm SDK. The sandbox uses it where the official one cannot be downloaded. Of the official one it leaves out the Chart,
// ConfigFile and Kustomize components, Patch resources, the rendering to files and the waitFor annotation.
package main

import (
	"context"
	"fmt"
	"os"

	p "github.com/pulumi/pulumi-go-provider"

	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/provider"
)

// version is that of the official provider whose behaviour this one has; the build may set another.
var version = "4.33.0"

func main() {
	if err := p.RunProvider(context.Background(), "kubernetes", version, provider.New(version)); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-kubernetes:", err)
		os.Exit(1)
	}
}
