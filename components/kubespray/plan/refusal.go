package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Refusal says why a change must not be made, and what to do instead. Nothing was touched.
type Refusal struct{ Reasons []string }

// Error lists all reasons.
func (r *Refusal) Error() string {
	return "refused, nothing was touched:\n  - " + strings.Join(r.Reasons, "\n  - ")
}

func (c *change) refusals() []string {
	reasons := c.firstControlPlane()
	if len(reasons) == 0 {
		reasons = c.order()
	}
	reasons = append(reasons, c.roles()...)
	reasons = append(reasons, c.etcd()...)
	if len(c.wanted.names(func(n Node) bool { return n.Worker })) == 0 {
		reasons = append(reasons, "no worker would be left, so nothing could be scheduled: keep one, or add another in the same change")
	}
	reasons = append(reasons, c.undrained()...)
	reasons = append(reasons, c.fixed()...)
	return append(reasons, c.versions()...)
}

func (c *change) firstControlPlane() []string {
	first := c.before.firstControlPlane()
	switch {
	case c.wanted.node(first) == nil:
		return []string{fmt.Sprintf("the first control plane %s would be removed: the cluster's certificates and its address start from it. "+
			"Put it back; docs/cluster.md says how it is retired by hand", first)}
	case c.wanted.firstControlPlane() != first:
		return []string{fmt.Sprintf("the first control plane would change from %s to %s: the cluster's certificates and its address start "+
			"from it. Keep %s first, append new control planes", first, c.wanted.firstControlPlane(), first)}
	case slices.Contains(c.replaced, first) && c.unsure(first):
		// The update would notice only when the old machine is gone.
		return []string{fmt.Sprintf("the machine of the first control plane %s may become another one, a preview cannot tell: the cluster's "+
			"certificates, its etcd and its address start from it. Keep its machine as it is; docs/cluster.md says how it is replaced by hand", first)}
	case slices.Contains(c.replaced, first):
		return []string{fmt.Sprintf("the machine of the first control plane %s would be another one: the cluster's certificates, its etcd and "+
			"its address start from it. Keep its machine as it is; docs/cluster.md says how it is replaced by hand", first)}
	}
	return nil
}

func (c *change) order() []string {
	known := c.before.names(func(n Node) bool { return c.wanted.node(n.Name) != nil })
	now := c.wanted.names(everyNode)
	if slices.Equal(now[:min(len(known), len(now))], known) {
		return nil
	}
	return []string{fmt.Sprintf("the order of the existing nodes changed: restore %s, and append new nodes at the end", strings.Join(known, ", "))}
}

func (c *change) roles() []string {
	var reasons []string
	for _, node := range c.wanted.Nodes {
		old := c.before.node(node.Name)
		if old == nil {
			continue
		}
		for _, role := range []struct {
			name     string
			was, now bool
		}{
			{"a control plane", old.ControlPlane, node.ControlPlane}, {"a member of etcd", old.Etcd, node.Etcd}, {"a worker", old.Worker, node.Worker},
		} {
			if role.was != role.now {
				reasons = append(reasons, fmt.Sprintf("node %s: whether it is %s changed. A role stays with a name: restore it, add a node of "+
					"another name with the new roles, and remove %s afterwards", node.Name, role.name, node.Name))
			}
		}
	}
	return reasons
}

// etcd guards the quorum: of n members, (n-1)/2 may be missing at a time.
func (c *change) etcd() []string {
	var reasons []string
	if members := len(c.wanted.names(isEtcd)); members%2 == 0 {
		reasons = append(reasons, fmt.Sprintf("etcd would have %d members, and it needs an odd number: %d or %d", members, max(members-1, 1), members+1))
	}
	members := c.before.names(isEtcd)
	leaving := append(keep(c.removed, c.before, isEtcd), keep(c.replaced, c.before, isEtcd)...)
	if spare := (len(members) - 1) / 2; len(leaving) > spare {
		advice := fmt.Sprintf("change at most %d at a time and wait for the end of each up", spare)
		if spare == 0 {
			advice = "first grow etcd to 3 members"
		}
		reasons = append(reasons, fmt.Sprintf("etcd would lose %s, %d of its %d members, and with them its quorum: %s",
			strings.Join(leaving, ", "), len(leaving), len(members), advice))
	}
	return reasons
}

// undrained guards the workloads of workers whose machines the update is about to replace: the old ones go before their nodes
// can be drained, so nothing asks the disruption budgets.
func (c *change) undrained() []string {
	leaving := c.wanted.names(func(n Node) bool { return n.Worker && n.Machine == ToBeMade })
	if len(leaving) < 2 || c.force {
		return nil
	}
	return []string{fmt.Sprintf("the machines of %s would be replaced at once, before anything that runs on them could move: replace one in "+
		"each up, or set kubernetes.force", some(leaving))}
}

func (c *change) fixed() []string {
	var reasons []string
	for _, name := range c.changed(fixed) {
		reasons = append(reasons, fmt.Sprintf("%s cannot change from %s to %s on a running cluster: restore it, or make a new cluster",
			name, orNothing(c.before.Variables[name]), orNothing(c.wanted.Variables[name])))
	}
	return reasons
}

func orNothing(value string) string {
	if value == "" {
		return "nothing"
	}
	return value
}

// upgrading tells whether the upgrade was started already: then what was lost on the way has to be mended with it.
func (c *change) upgrading() bool {
	left := c.state.Unfinished
	return left != nil && left.Kubernetes == c.wanted.Kubernetes && left.Kubespray == c.wanted.Kubespray
}

func (c *change) versions() []string {
	var reasons []string
	if left := c.state.Unfinished; left != nil && left.Kubernetes != c.before.Kubernetes && left.Kubernetes != c.wanted.Kubernetes {
		return []string{fmt.Sprintf("an upgrade to Kubernetes %s is not finished: set the version to %s with Kubespray %s and let it end first",
			left.Kubernetes, left.Kubernetes, left.Kubespray)}
	}
	old, now := numbers(c.before.Kubernetes), numbers(c.wanted.Kubernetes)
	switch {
	case slices.Compare(now, old) < 0:
		reasons = append(reasons, fmt.Sprintf("Kubernetes cannot go back from %s to %s: restore the version", c.before.Kubernetes, c.wanted.Kubernetes))
	case now[0] != old[0] || now[1] > old[1]+1:
		reasons = append(reasons, fmt.Sprintf("Kubernetes cannot go from %s to %s at once: upgrade one minor at a time, %d.%d next, each with a "+
			"Kubespray release that carries it", c.before.Kubernetes, c.wanted.Kubernetes, old[0], old[1]+1))
	}
	oldTag, tag := numbers(c.before.Kubespray), numbers(c.wanted.Kubespray)
	switch {
	case slices.Compare(tag, oldTag) < 0:
		reasons = append(reasons, fmt.Sprintf("Kubespray cannot go back from %s to %s: restore the version", c.before.Kubespray, c.wanted.Kubespray))
	case tag[0] != oldTag[0] || tag[1] > oldTag[1]+1:
		reasons = append(reasons, fmt.Sprintf("Kubespray cannot go from %s to %s at once: go through the releases one by one, v%d.%d next",
			c.before.Kubespray, c.wanted.Kubespray, oldTag[0], oldTag[1]+1))
	}
	if !c.upgrade() || c.upgrading() {
		return reasons
	}
	for _, together := range []struct {
		verb  string
		names []string
	}{{"add", c.added}, {"remove", c.removed}, {"replace", c.replaced}} {
		if len(together.names) > 0 {
			reasons = append(reasons, fmt.Sprintf("versions and nodes would change together: upgrade first, then %s %s in another up",
				together.verb, some(together.names)))
		}
	}
	return reasons
}

// numbers are the parts of a version, with or without the leading "v".
func numbers(version string) []int {
	var parts []int
	for _, text := range strings.Split(strings.TrimPrefix(version, "v"), ".") {
		number, _ := strconv.Atoi(text)
		parts = append(parts, number)
	}
	for len(parts) < 3 {
		parts = append(parts, 0)
	}
	return parts
}
