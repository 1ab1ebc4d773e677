package kubespray

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"

	"github.com/iransre/exchange-platform/components/kubespray/plan"
)

// known is what stateScript prints.
type known struct {
	State   *plan.State            `json:"state"`
	Timings map[string]plan.Timing `json:"timings"`
}

// order is what the runner is given to carry out.
type order struct {
	*plan.Plan
	// BeforeInventory and BeforeKnownHosts reach the leaving nodes at their old addresses.
	BeforeInventory  string `json:"beforeInventory,omitempty"`
	BeforeKnownHosts string `json:"beforeKnownHosts,omitempty"`
}

func readKnown(text string) (*known, error) {
	found := &known{}
	if text == "" {
		return found, nil
	}
	if err := json.Unmarshal([]byte(text), found); err != nil {
		return nil, fmt.Errorf("what the runner knows of the cluster is damaged (%w): see state.json in %s on the runner", err, stateRoot)
	}
	return found, nil
}

// plan is the order for the runner, as JSON: from what it knows to what the bundle wants.
func (args *Args) plan(bundle *bundle, stdout pulumi.StringOutput) pulumi.StringOutput {
	return pulumi.All(stdout, bundle.shape).ApplyT(func(values []any) (string, error) {
		wanted := &plan.Shape{}
		if err := json.Unmarshal([]byte(values[1].(string)), wanted); err != nil {
			return "", err
		}
		return args.order(values[0].(string), wanted)
	}).(pulumi.StringOutput)
}

// order plans the way from what the runner printed to the wanted shape.
func (args *Args) order(printed string, wanted *plan.Shape) (string, error) {
	found, err := readKnown(printed)
	if err != nil {
		return "", err
	}
	if err := args.remembered(found, wanted); err != nil {
		return "", err
	}
	made, err := plan.Make(found.State, wanted, plan.Options{Force: args.Force})
	if err != nil {
		return "", fmt.Errorf("cluster %s: %w", args.Cluster, err)
	}
	given := order{Plan: made}
	if len(made.Leaving) > 0 {
		hosts, err := inventory(found.State.Shape.Nodes)
		if err != nil {
			return "", err
		}
		given.BeforeInventory = string(hosts)
		given.BeforeKnownHosts = string(knownHosts(found.State.Shape.Nodes))
	}
	text, err := json.Marshal(given)
	return string(text), err
}

// remembered refuses to take a runner that has lost its state, or another one, for one without a cluster: it would make a
// second cluster out of the machines of the first. Where nothing else is wanted than the last update reached, the runner was
// not asked again: what was found is what it knew before that update.
func (args *Args) remembered(found *known, wanted *plan.Shape) error {
	last, err := readKnown(args.LastState)
	if err != nil || found.State != nil || last.State == nil || last.State.Shape == nil || last.State.Shape.Hash == wanted.Hash {
		return err
	}
	return fmt.Errorf("cluster %s: refused, nothing was touched: %s knows nothing of the cluster that the last update left. It is another "+
		"runner, or its machine was replaced: bring %s/%s over from the old one (docs/cluster.md), or destroy the stack first",
		args.Cluster, args.Runner, stateRoot, args.Cluster)
}

// Stands tells whether a cluster's state (Args.LastState) is that of one that was finished. One that is damaged does not; Check
// says so.
func Stands(state string) bool {
	found, err := readKnown(state)
	return err == nil && found.State != nil && found.State.Shape != nil
}

// Check tells whether these arguments would be refused for the cluster as its last update left it (Args.LastState). It needs
// no machine to exist, so a stack can ask before it changes any: neither addresses nor keys are looked at.
func Check(args *Args) error {
	completed := *args
	completed.setDefaults()
	found, err := readKnown(args.LastState)
	if err != nil {
		return err
	}
	if reasons := completed.pythonRefusals(found.State); len(reasons) > 0 {
		return fmt.Errorf("cluster %s: %w", args.Cluster, &plan.Refusal{Reasons: reasons})
	}
	return completed.check()
}

// check plans with all machines taken to be the ones that are known.
func (args *Args) check() error {
	found, err := readKnown(args.LastState)
	if err != nil || found.State == nil || found.State.Shape == nil {
		return err
	}
	wanted, err := args.shapeOf(resolved{nodes: args.resolveAll(nil)})
	if err != nil {
		return err
	}
	args.takeKnown(wanted.Nodes, found.State.Shape.Nodes)
	keepUnresolved(wanted, found.State)
	var refused *plan.Refusal
	if _, err := plan.Make(found.State, wanted, plan.Options{Force: args.Force}); errors.As(err, &refused) {
		return fmt.Errorf("cluster %s: %w", args.Cluster, refused)
	}
	return nil
}

// keepUnresolved leaves the variables as they are that are made of what only an update knows.
func keepUnresolved(wanted *plan.Shape, state *plan.State) {
	if state == nil || state.Shape == nil {
		return
	}
	for _, name := range []string{certificateNames, etcdBackupVariable, registryLogins} {
		if value, had := state.Shape.Variables[name]; had {
			wanted.Variables[name] = value
		}
	}
}

// takeKnown gives nodes the addresses and machines of the same names. Those that are to be made from another image than
// they were will have another machine.
func (args *Args) takeKnown(nodes, known []plan.Node) {
	for i := range nodes {
		for _, old := range known {
			if old.Name != nodes[i].Name {
				continue
			}
			nodes[i].Address, nodes[i].HostKey, nodes[i].Machine = old.Address, old.HostKey, old.Machine
			nodes[i].Image = args.node(old.Name).WantedImage
			if nodes[i].OtherImage(old) {
				nodes[i].Machine = plan.ToBeMade
			}
		}
	}
}

// preview shows the plan as far as it is known: of a machine that is not known yet, only that it may be another one.
func (args *Args) preview(ctx *pulumi.Context, bundle *bundle) {
	pulumi.String(args.LastState).ToStringOutput().ApplyTWithContext(ctx.Context(), func(c context.Context, text string) (int, error) {
		found, err := readKnown(text)
		if err != nil {
			return 0, err
		}
		wanted, err := args.foreseen(c, bundle, found.State)
		if err != nil {
			return 0, err
		}
		made, err := plan.Make(found.State, wanted, plan.Options{Force: args.Force})
		if err != nil {
			return 0, fmt.Errorf("cluster %s: %w", args.Cluster, err)
		}
		if len(made.Steps) > 0 {
			return 0, ctx.Log.Info(made.Describe(args.Cluster, found.Timings), nil)
		}
		return 0, nil
	})
}

// foreseen is the wanted shape with what a preview knows.
func (args *Args) foreseen(ctx context.Context, bundle *bundle, state *plan.State) (*plan.Shape, error) {
	result, err := internals.UnsafeAwaitOutput(ctx, bundle.shape)
	if err != nil {
		return nil, err
	}
	if result.Known {
		wanted := &plan.Shape{}
		return wanted, json.Unmarshal([]byte(result.Value.(string)), wanted)
	}
	facts := map[string]map[string]string{}
	for _, node := range args.Nodes {
		known := map[string]string{}
		for name, input := range node.facts() {
			result, err := internals.UnsafeAwaitOutput(ctx, input.ToStringOutput())
			if err != nil {
				return nil, err
			}
			known[name] = plan.Unknown
			if result.Known {
				known[name] = result.Value.(string)
			}
		}
		facts[node.Name] = known
	}
	wanted, err := args.shapeOf(resolved{nodes: args.resolveAll(facts), endpoint: plan.Unknown})
	if err != nil {
		return nil, err
	}
	keepUnresolved(wanted, state)
	return wanted, nil
}
