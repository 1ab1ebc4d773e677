package stacks

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
)

// clusterState is the output in which an update leaves what the cluster was then, for the next one to plan from. It is no
// part of the contract with others.
const clusterState = "clusterState"

// lastUpdate is a stack reference. The SDK's own type brings the methods of every output type with it: six seconds of
// compile time in each package that names it.
type lastUpdate struct {
	pulumi.CustomResourceState
	Outputs pulumi.MapOutput `pulumi:"outputs"`
}

// lastState is what the stack's last update knew of its cluster; "{}" if there was none. The stack reads its own outputs,
// because what is planned must be shown, and may be refused, before any command can ask the machines.
func lastState(ctx *pulumi.Context) (string, error) {
	var self lastUpdate
	name := fmt.Sprintf("%s/%s/%s", ctx.Organization(), ctx.Project(), ctx.Stack())
	err := ctx.ReadResource("pulumi:pulumi:StackReference", "last", pulumi.ID(name), pulumi.Map{"name": pulumi.String(name)}, &self)
	if err != nil {
		return "", err
	}
	outputs, err := internals.UnsafeAwaitOutput(ctx.Context(), self.Outputs)
	if err != nil {
		return "", fmt.Errorf("read what the last update knew of the cluster: %w", err)
	}
	values, _ := outputs.Value.(map[string]any)
	text, there := values[clusterState].(string)
	if !there || text == "" {
		return "{}", nil
	}
	return text, nil
}
