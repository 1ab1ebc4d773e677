package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// change is the difference between a state and the wanted shape.
type change struct {
	state          *State
	before, wanted *Shape
	// added and replaced are in wanted's order, removed in before's. A node whose joining was not finished is added again.
	added, removed, replaced, relabelled []string
	variables                            []string
	// force is the user's word that workloads may be disturbed.
	force bool
}

func compare(state *State, wanted *Shape, options Options) *change {
	c := &change{state: state, before: state.Shape, wanted: wanted, force: options.Force}
	for _, node := range wanted.Nodes {
		old := c.before.node(node.Name)
		switch {
		case old == nil:
			c.added = append(c.added, node.Name)
		case rebuilt(*old, node):
			c.replaced = append(c.replaced, node.Name)
		case slices.Contains(state.Pending, node.Name):
			c.added = append(c.added, node.Name)
		case !maps.Equal(old.Labels, node.Labels) || !slices.Equal(old.Taints, node.Taints):
			c.relabelled = append(c.relabelled, node.Name)
		}
	}
	c.removed = c.before.names(func(n Node) bool { return wanted.node(n.Name) == nil })
	names := maps.Clone(c.before.Variables)
	if names == nil {
		names = map[string]string{}
	}
	maps.Copy(names, wanted.Variables)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if c.before.Variables[name] != wanted.Variables[name] {
			c.variables = append(c.variables, name)
		}
	}
	return c
}

// rebuilt tells whether another machine has taken the name. Members of a running cluster cannot follow a new address. What a
// preview does not know yet counts as another one, so that it warns of what may come.
func rebuilt(old, node Node) bool {
	return old.Address != node.Address || old.Machine != "" && node.Machine != "" && old.Machine != node.Machine
}

// unsure tells whether a replaced node counts as such only because a preview does not know its address or machine yet. One
// that is made from another image is another machine for sure.
func (c *change) unsure(name string) bool {
	old, known := c.before.node(name), *c.wanted.node(name)
	if known.OtherImage(*old) {
		return false
	}
	if known.Address == Unknown {
		known.Address = old.Address
	}
	if known.Machine == Unknown {
		known.Machine = old.Machine
	}
	return !rebuilt(*old, known)
}

func (c *change) upgrade() bool {
	return c.before.Kubernetes != c.wanted.Kubernetes || c.before.Kubespray != c.wanted.Kubespray
}

// left tells whether an interrupted plan had still to run the playbook.
func (c *change) left(playbook string) bool {
	return c.state.Unfinished != nil && slices.Contains(c.state.Unfinished.Playbooks, playbook)
}

// controlPlanesChange tells whether control planes or members of etcd come or go.
func (c *change) controlPlanesChange() bool {
	return len(keep(c.removed, c.before, controls))+len(keep(c.added, c.wanted, controls))+len(keep(c.replaced, c.wanted, controls)) > 0
}

// everything tells whether cluster.yml has to run on all hosts.
func (c *change) everything() bool {
	return c.left(Cluster) || len(c.changed(wholeCluster, everyFlag)) > 0
}

// controlPlaneVariables tells whether variables changed that only upgrade-cluster.yml puts into effect.
func (c *change) controlPlaneVariables() bool {
	return c.left(Upgrade) || len(c.changed(controlPlaneFlags, everyFlag)) > 0
}

func (c *change) controlPlaneReason() string {
	if c.controlPlanesChange() {
		return "tell every API server the new members of etcd"
	}
	flags := c.changed(controlPlaneFlags, everyFlag)
	if len(flags) == 0 {
		return "an earlier plan was started and not finished"
	}
	return "flags of the control planes change only with it: " + strings.Join(flags, ", ")
}

func (c *change) clusterReason() string {
	switch {
	case c.controlPlanesChange():
		return "tell every node the new control planes"
	case len(c.changed(wholeCluster, everyFlag)) > 0:
		return "apply " + strings.Join(c.changed(wholeCluster, everyFlag), ", ")
	default:
		return "an earlier plan was started and not finished"
	}
}

// changed are the changed variables with one of these effects.
func (c *change) changed(effects ...effect) []string {
	var names []string
	for _, name := range c.variables {
		if slices.Contains(effects, effectOf(name)) {
			names = append(names, name)
		}
	}
	return names
}

// joining are the nodes that are to join, in wanted's order.
func (c *change) joining() []string {
	return c.wanted.names(among(append(slices.Clone(c.added), c.replaced...)))
}

func (c *change) summary() string {
	summary := sentence("", c.summaryOfNodes())
	summary = sentence(summary, verb("label", c.relabelled))
	summary = sentence(summary, verb("change", append(c.changed(controlPlaneFlags, everyFlag), c.changed(wholeCluster)...)))
	if summary == "" && c.state.Unfinished != nil {
		return "converge after a run that was not finished: " + c.state.Unfinished.Why
	}
	return summary
}

func (c *change) summaryOfNodes() string {
	var sure, unsure []string
	for _, name := range c.replaced {
		if c.unsure(name) {
			unsure = append(unsure, name)
		} else {
			sure = append(sure, name)
		}
	}
	return sentence(verb("add", c.added), verb("remove", c.removed), verb("replace", sure), verb("maybe replace", unsure))
}

func verb(verb string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	return verb + " " + some(names)
}

func sentence(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "; ")
}

// relabel is what kubectl is told about one node: "key=value" sets, "key-" drops.
func relabel(old, node *Node) map[string]any {
	labels, taints := []string{}, []string{}
	for _, key := range slices.Sorted(maps.Keys(node.Labels)) {
		if value, had := old.Labels[key]; !had || value != node.Labels[key] {
			labels = append(labels, key+"="+node.Labels[key])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(old.Labels)) {
		if _, stays := node.Labels[key]; !stays {
			labels = append(labels, key+"-")
		}
	}
	for _, taint := range node.Taints {
		if !slices.Contains(old.Taints, taint) {
			taints = append(taints, taint)
		}
	}
	// A taint is known by key and effect: one with another value is overwritten, not dropped.
	for _, taint := range old.Taints {
		if !slices.ContainsFunc(node.Taints, func(other string) bool { return identity(other) == identity(taint) }) {
			taints = append(taints, identity(taint)+"-")
		}
	}
	return map[string]any{"node": node.Name, "labels": labels, "taints": taints}
}

// identity is the key and the effect of a taint written key=value:Effect.
func identity(taint string) string {
	text, effect, _ := strings.Cut(taint, ":")
	key, _, _ := strings.Cut(text, "=")
	return fmt.Sprintf("%s:%s", key, effect)
}
