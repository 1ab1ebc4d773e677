// Command exchange-platform is the Pulumi program: an ArvanCloud account becomes a running crypto exchange.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/stacks"
)

func main() { pulumi.Run(stacks.Deploy) }
