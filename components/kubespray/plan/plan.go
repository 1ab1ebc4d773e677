package plan

import (
	"fmt"
	"slices"
	"strings"
)

// The playbooks a plan is made of: Kubespray's, and those that come with the runner. These are names: states and timings of
// every version hold them, and it is the runner that knows which file each stands for.
const (
	Cluster = "cluster.yml"
	Scale   = "scale.yml"
	Remove  = "remove-node.yml"
	Upgrade = "upgrade-cluster.yml"
	Facts   = "playbooks/facts.yml"
	// Labels sets and drops labels and taints; Kubespray only ever adds them.
	Labels = "runner/labels.yml"
	// Release gives up the claims of local volumes that went with a node.
	Release = "runner/release-claims.yml"
	// Backup installs the timers that back up etcd.
	Backup = "runner/etcd-backup.yml"
)

// Plan is what has to run, in order.
type Plan struct {
	// Wanted is the hash of the shape it leads to; Against the revision of the state it was made for.
	Wanted  string `json:"wanted"`
	Against int    `json:"against"`
	// Why sums it up.
	Why   string `json:"why"`
	Steps []Step `json:"steps"`
	// Leaving are the nodes, as they are now, that leave or are replaced: their old addresses are needed to reach them.
	Leaving []Node `json:"leaving,omitempty"`
	// Force overrides the disruption budgets of what runs on the nodes that are drained.
	Force bool `json:"force,omitempty"`
}

// Step is one run of a playbook.
type Step struct {
	Playbook string `json:"playbook"`
	// Hosts are those it is about; Limit, if any, keeps Ansible to them.
	Hosts []string `json:"hosts"`
	Limit []string `json:"limit,omitempty"`
	// Variables are given to Ansible as JSON, with their types.
	Variables map[string]any `json:"variables,omitempty"`
	Why       string         `json:"why"`
	// Before runs it on the inventory of the cluster as it was, in which leaving nodes still are.
	Before bool `json:"before,omitempty"`
	// Joins and Removes are the nodes that are, or are no longer, part of the cluster once it is done.
	Joins   []string `json:"joins,omitempty"`
	Removes []string `json:"removes,omitempty"`
	// Gone are leaving nodes whose machine is known not to be there any more.
	Gone []string `json:"gone,omitempty"`
}

// Options are what a user may say about a change.
type Options struct {
	// Force carries out a removal or an upgrade that the disruption budgets do not allow, and replaces several workers at once.
	Force bool
}

// Make plans the way from a state to the wanted shape. The error is a *Refusal if it must not be gone.
func Make(state *State, wanted *Shape, options Options) (*Plan, error) {
	if state == nil {
		state = &State{}
	}
	plan := &Plan{Wanted: wanted.Hash, Against: state.Revision, Force: options.Force}
	if unmade(state) {
		plan.Why = "create the cluster"
		step := Step{Playbook: Cluster, Hosts: wanted.names(everyNode), Why: "make the cluster", Joins: wanted.names(everyNode)}
		if state.Shape != nil {
			plan.Why += " (an earlier attempt was not finished)"
			// They never belonged to a cluster: there is nothing to drain.
			step.Removes = state.Shape.names(func(n Node) bool { return wanted.node(n.Name) == nil })
		}
		plan.Steps = []Step{step}
		plan.backUp(nil, wanted)
		return plan, nil
	}
	change := compare(state, wanted, options)
	if reasons := change.refusals(); len(reasons) > 0 {
		return nil, &Refusal{Reasons: reasons}
	}
	if change.upgrade() {
		plan.upgrade(change)
	} else {
		plan.converge(change)
	}
	plan.backUp(state.Shape, wanted)
	if len(plan.Steps) == 0 {
		plan.Why = "the cluster is as wanted"
	}
	return plan, nil
}

// unmade tells whether there is no cluster yet: its first control plane never came to an end.
func unmade(state *State) bool {
	return state.Shape == nil || slices.Contains(state.Pending, state.Shape.firstControlPlane())
}

func (p *Plan) add(step Step) { p.Steps = append(p.Steps, step) }

// upgrade changes versions: the control planes one by one, then the workers. Machines that were lost on the way are taken
// out first and join, with the new version, at the end.
func (p *Plan) upgrade(c *change) {
	p.Why = fmt.Sprintf("upgrade Kubernetes from %s to %s with Kubespray %s", c.before.Kubernetes, c.wanted.Kubernetes, c.wanted.Kubespray)
	if nodes := c.summaryOfNodes(); nodes != "" {
		p.Why += "; " + nodes
	}
	p.remove(c)
	p.facts(c)
	stays := func(kind func(Node) bool) []string {
		return c.wanted.names(func(n Node) bool { return kind(n) && !slices.Contains(c.joining(), n.Name) })
	}
	for _, part := range []struct {
		nodes []string
		why   string
	}{
		{stays(controls), "one control plane at a time, before any worker"},
		{stays(isWorker), "drain and upgrade one worker at a time"},
	} {
		if len(part.nodes) > 0 {
			p.add(Step{Playbook: Upgrade, Hosts: part.nodes, Limit: part.nodes, Variables: c.upgradeVariables(), Why: part.why})
		}
	}
	if c.controlPlanesChange() {
		p.members(c)
		p.everything(c)
	} else {
		p.join(c, keep(c.joining(), c.wanted, isWorker), "join the machines that were lost on the way")
	}
	p.labels(c)
}

// converge changes nodes and variables. New workers come first, so that drained pods find room; members of etcd leave
// before others join, because a new member must be told exactly who the others are.
func (p *Plan) converge(c *change) {
	p.Why = c.summary()
	controlPlanes := c.controlPlanesChange()
	everything := controlPlanes || c.everything()

	if !everything {
		p.join(c, keep(c.added, c.wanted, isWorker), "join the new workers")
	}
	p.remove(c)
	if !everything {
		p.join(c, keep(c.replaced, c.wanted, isWorker), "join the machines that take their names")
	}
	switch {
	case controlPlanes:
		p.facts(c)
		p.members(c)
	case c.controlPlaneVariables():
		p.facts(c)
		p.controlPlanes(c)
	}
	if everything {
		p.everything(c)
	}
	p.labels(c)
}

// members brings control planes and etcd to what is wanted.
func (p *Plan) members(c *change) {
	p.add(Step{
		Playbook: Cluster, Hosts: c.wanted.names(controls), Limit: controlPlaneGroups,
		Variables: map[string]any{"etcd_retries": 10}, Why: "bring control planes and etcd to the new members",
	})
	p.controlPlanes(c)
}

// everything runs cluster.yml on all hosts.
func (p *Plan) everything(c *change) {
	p.add(Step{Playbook: Cluster, Hosts: c.wanted.names(everyNode), Why: c.clusterReason(), Joins: c.joining()})
}

// controlPlaneGroups is the limit that Kubespray's documentation gives for work on control planes.
var controlPlaneGroups = []string{"kube_control_plane", "etcd"}

// controlPlanes writes the static pods of the control planes anew: cluster.yml leaves their flags as they were.
func (p *Plan) controlPlanes(c *change) {
	variables := c.upgradeVariables()
	variables["etcd_retries"] = 10
	p.add(Step{
		Playbook: Upgrade, Hosts: c.wanted.names(controls), Limit: controlPlaneGroups, Variables: variables, Why: c.controlPlaneReason(),
	})
}

// upgradeVariables are those of upgrade-cluster.yml. Forced, what a node's drain cannot evict is deleted.
func (c *change) upgradeVariables() map[string]any {
	if c.force {
		return map[string]any{"serial": 1, "drain_retries": 0, "drain_fallback_enabled": true}
	}
	return map[string]any{"serial": 1}
}

func (p *Plan) facts(c *change) {
	p.add(Step{Playbook: Facts, Hosts: c.wanted.names(everyNode), Why: "a limited playbook needs the facts of every host"})
}

func (p *Plan) join(c *change, names []string, why string) {
	if len(names) == 0 {
		return
	}
	p.facts(c)
	p.add(Step{Playbook: Scale, Hosts: names, Limit: names, Why: why, Joins: names})
}

// remove takes nodes out one by one, so that each that is done is done: first workers, then members of etcd.
func (p *Plan) remove(c *change) {
	leaving := append(slices.Clone(c.removed), c.replaced...)
	for _, kind := range []func(Node) bool{isWorker, controls} {
		for _, name := range keep(leaving, c.before, kind) {
			old := c.before.node(name)
			step := Step{
				Playbook: Remove, Hosts: []string{name}, Before: true, Removes: []string{name}, Why: "drain it and take it out, while its machine runs",
				Variables: map[string]any{
					"node": name, "skip_confirmation": true,
					"drain_grace_period": 300, "drain_timeout": "360s", "drain_retries": 3,
				},
			}
			if c.force { // a drain that fails ends nothing
				step.Variables["allow_ungraceful_removal"] = true
			}
			if next := c.wanted.node(name); next != nil {
				step.Why = "its machine is replaced: take the old one out"
				if c.unsure(name) {
					step.Why = "its machine may become another one, a preview cannot tell: if so, take the old one out"
				}
				if next.Address == old.Address {
					step.Gone = []string{name}
				}
			}
			p.Leaving = append(p.Leaving, *old)
			p.add(step)
			if c.wanted.node(name) == nil && old.Worker {
				p.add(Step{
					Playbook: Release, Hosts: []string{name}, Variables: map[string]any{"node": name},
					Why: "give up the claims of volumes that went with it, so that others are made",
				})
			}
		}
	}
}

// labels sets what changed and drops what left; nodes that join bring theirs along.
func (p *Plan) labels(c *change) {
	if len(c.relabelled) == 0 {
		return
	}
	var changes []any
	for _, name := range c.relabelled {
		changes = append(changes, relabel(c.before.node(name), c.wanted.node(name)))
	}
	p.add(Step{
		Playbook: Labels, Hosts: c.relabelled, Variables: map[string]any{"relabel": changes},
		Why: "set the changed labels and taints, drop those that left",
	})
}

// backUp installs or takes away etcd's backups when their settings or the members changed.
func (p *Plan) backUp(before, wanted *Shape) {
	const settings = "etcd_backup"
	members := wanted.names(isEtcd)
	was := ""
	if before != nil {
		was = before.Variables[settings]
	}
	same := was == wanted.Variables[settings] && before != nil && slices.Equal(before.names(isEtcd), members) &&
		!slices.ContainsFunc(p.Steps, func(s Step) bool {
			return slices.ContainsFunc(s.Joins, func(n string) bool { return slices.Contains(members, n) })
		})
	if same || was == "" && wanted.Variables[settings] == "" {
		return
	}
	if p.Why == "" {
		p.Why = "change the backups of etcd"
	}
	p.add(Step{Playbook: Backup, Hosts: members, Why: "timers that back up etcd"})
}

func keep(names []string, shape *Shape, kind func(Node) bool) []string {
	return shape.names(func(n Node) bool { return slices.Contains(names, n.Name) && kind(n) })
}

// Describe renders the plan for people, one line per step, with how long such steps took last time.
func (p *Plan) Describe(cluster string, timings map[string]Timing) string {
	var text strings.Builder
	fmt.Fprintf(&text, "plan for cluster %s: %s", cluster, p.Why)
	for i, step := range p.Steps {
		fmt.Fprintf(&text, "\n  %d. %s on %s: %s", i+1, step.Playbook, some(step.Hosts), step.Why)
		if took, known := timings[step.Key()]; known {
			fmt.Fprintf(&text, " (took %d:%02d last time)", took.Seconds/60, took.Seconds%60)
		}
	}
	return text.String()
}

// Key is what the durations of such steps are kept under: a limited run is not like one on all hosts.
func (s Step) Key() string {
	if len(s.Limit) > 0 {
		return s.Playbook + " --limit"
	}
	return s.Playbook
}

func some(names []string) string {
	const shown = 4
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}
