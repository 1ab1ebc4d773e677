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
		reasons = append(reasons, "no worker would be left, and what runs on the workers could run nowhere: keep one, or append another in the same change")
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
			"from it. Keep %s first among the control planes, and append new ones at the end of nodes", first, c.wanted.firstControlPlane(), first)}
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
	return []string{fmt.Sprintf("the order of the existing nodes would change, which decides who is first and how members of etcd are called: restore %s, and append new nodes at the end", strings.Join(known, ", "))}
}

func (c *change) roles() []string {
	var reasons []string
	for _, node := range c.wanted.Nodes {
		old := c.before.node(node.Name)
		if old != nil && rolesOf(*old) != rolesOf(node) {
			reasons = append(reasons, fmt.Sprintf("node %s would turn from %s into %s, and a running node keeps its role: restore it, append a node of "+
				"another name with the new role, and remove %s in a later up", node.Name, rolesOf(*old), rolesOf(node), node.Name))
		}
	}
	return reasons
}

// rolesOf says what a node is.
func rolesOf(node Node) string {
	var roles []string
	for _, role := range []struct {
		name string
		has  bool
	}{{"control plane", node.ControlPlane}, {"etcd", node.Etcd}, {"worker", node.Worker}} {
		if role.has {
			roles = append(roles, role.name)
		}
	}
	return strings.Join(roles, " + ")
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
		advice := fmt.Sprintf("exchange at most %d in one up, and go on when it has ended well", spare)
		switch {
		case spare == 0:
			advice = "first grow etcd to 3 members"
		case len(c.wanted.names(isEtcd)) < len(members):
			advice = fmt.Sprintf("it cannot shrink from %d to %d; put back %s", len(members), len(c.wanted.names(isEtcd)), strings.Join(keep(c.removed, c.before, isEtcd), ", "))
		}
		reasons = append(reasons, fmt.Sprintf("etcd would lose %s, %d of its %d members at once, and with them its quorum and every write: %s",
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

// meanings say what a fixed variable is to those who do not know Kubespray's names.
var meanings = map[string]string{
	"kube_pods_subnet":                   "the pods' address range",
	"kube_service_addresses":             "the services' address range",
	"kube_network_plugin":                "the pods' network",
	"apiserver_loadbalancer_domain_name": "the name at which the nodes reach the API",
}

// followers are fixed variables that only follow another one, which is named instead.
var followers = map[string]string{
	"calico_network_backend": "kube_network_plugin", "cilium_tunnel_mode": "kube_network_plugin",
	"loadbalancer_apiserver": "apiserver_loadbalancer_domain_name",
}

func (c *change) fixed() []string {
	var reasons []string
	names := c.changed(fixed)
	for _, name := range names {
		if slices.Contains(names, followers[name]) {
			continue
		}
		what := "Kubespray's " + name
		if meaning, known := meanings[name]; known {
			what = meaning + " (" + name + ")"
		}
		reasons = append(reasons, fmt.Sprintf("%s cannot change from %s to %s on a running cluster: restore it, or make a new cluster "+
			"in another stack and move to it", what, orNothing(c.before.Variables[name]), orNothing(c.wanted.Variables[name])))
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
		return []string{fmt.Sprintf("an upgrade to Kubernetes %s was begun and is not finished: set the version to %s with Kubespray %s and let it end first",
			left.Kubernetes, left.Kubernetes, left.Kubespray)}
	}
	old, now := numbers(c.before.Kubernetes), numbers(c.wanted.Kubernetes)
	switch {
	case slices.Compare(now, old) < 0:
		reasons = append(reasons, fmt.Sprintf("Kubernetes cannot go back from %s to %s, because what etcd holds was written by the newer one: restore the version", c.before.Kubernetes, c.wanted.Kubernetes))
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
			reasons = append(reasons, fmt.Sprintf("versions and nodes would change together, and a failure could be blamed on either: upgrade first, then %s %s in another up",
				together.verb, some(together.names)))
		}
	}
	return reasons
}

// numbers are the parts of a version, with or without the leading "v".
func numbers(version string) []int {
	var parts []int
	for text := range strings.SplitSeq(strings.TrimPrefix(version, "v"), ".") {
		number, _ := strconv.Atoi(text)
		parts = append(parts, number)
	}
	for len(parts) < 3 {
		parts = append(parts, 0)
	}
	return parts
}
