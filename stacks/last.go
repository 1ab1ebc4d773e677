package stacks

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"

	"github.com/iransre/exchange-platform/components/access"
)

// clusterState is the output in which an update leaves what the cluster was then, for the next one to plan from. It is no
// part of the contract with others, nor is settledState: the settings that the next one must find unchanged.
const (
	clusterState = "clusterState"
	settledState = "settled"
)

// lastUpdate is a stack reference. The SDK's own type brings the methods of every output type with it: six seconds of
// compile time in each package that names it.
type lastUpdate struct {
	pulumi.CustomResourceState
	Outputs pulumi.MapOutput `pulumi:"outputs"`
}

// last is what the stack's last update left in its outputs for the next one; the zero value if there was none.
type last struct {
	// cluster is what was known of the cluster, as JSON.
	cluster string
	// settled are the settings that cannot change, by their paths.
	settled map[string]string
	// tokens are the terms of the kubeconfigs' tokens, by the names of their grants.
	tokens map[string]access.Term
}

// readLast reads the stack's own outputs, because what is planned must be shown, and may be refused, before any command can
// ask the machines.
func readLast(ctx *pulumi.Context) (*last, error) {
	var self lastUpdate
	name := fmt.Sprintf("%s/%s/%s", ctx.Organization(), ctx.Project(), ctx.Stack())
	err := ctx.ReadResource("pulumi:pulumi:StackReference", "last", pulumi.ID(name), pulumi.Map{"name": pulumi.String(name)}, &self)
	if err != nil {
		return nil, err
	}
	outputs, err := internals.UnsafeAwaitOutput(ctx.Context(), self.Outputs)
	if err != nil {
		return nil, fmt.Errorf("read what the last update left: %w", err)
	}
	values, _ := outputs.Value.(map[string]any)
	found := &last{cluster: "{}"}
	if text, _ := values[clusterState].(string); text != "" {
		found.cluster = text
	}
	for name, into := range map[string]any{"access": &found.tokens, settledState: &found.settled} {
		text, err := json.Marshal(values[name])
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, into); err != nil {
			return nil, fmt.Errorf("the output %s of the last update is damaged: %w", name, err)
		}
	}
	return found, nil
}
