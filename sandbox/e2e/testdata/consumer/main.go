// Command consumer is another team's program: it reads the platform's outputs through a stack reference.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/stacks/outputs"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		reference, err := pulumi.NewStackReference(ctx, "organization/exchange-platform/demo", nil)
		if err != nil {
			return err
		}
		platform, err := outputs.Read(ctx, reference)
		if err != nil {
			return err
		}
		ctx.Export("url", pulumi.String(platform.Exchange.URL))
		ctx.Export("nodes", pulumi.Int(len(platform.Nodes)))
		ctx.Export("kubeconfig", reference.GetOutput(pulumi.String("kubeconfig")))
		return nil
	})
}
