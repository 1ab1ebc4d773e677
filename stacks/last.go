package stacks

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// clusterState is the output in which an update leaves what the cluster was then, for the next one to plan from. It is no
// part of the contract with others.
const clusterState = "clusterState"

// lastState is what the stack's last update knew of its cluster; "{}" if there was none. The stack reads its own outputs,
// because what is planned must be shown, and may be refused, before any command can ask the machines.
func lastState(ctx *pulumi.Context) (string, error) {
	self, err := pulumi.NewStackReference(ctx, "last", &pulumi.StackReferenceArgs{
		Name: pulumi.Sprintf("%s/%s/%s", ctx.Organization(), ctx.Project(), ctx.Stack()),
	})
	if err != nil {
		return "", err
	}
	output, err := self.GetOutputDetails(clusterState)
	if err != nil {
		return "", fmt.Errorf("read what the last update knew of the cluster: %w", err)
	}
	text, there := output.Value.(string)
	if !there || text == "" {
		return "{}", nil
	}
	return text, nil
}
