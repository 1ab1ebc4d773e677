package kubespray

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/components/kubespray/plan"
)

// python is a version of Python 3.
type python int

func (p python) String() string { return fmt.Sprintf("3.%d", int(p)) }

// pythons are the versions of Python that operating systems bring. Of one that is not here, nothing is said.
var pythons = map[string]python{
	"ubuntu 18.04": 6, "ubuntu 20.04": 8, "ubuntu 22.04": 10, "ubuntu 24.04": 12, "ubuntu 26.04": 14,
	"debian 10": 7, "debian 11": 9, "debian 12": 11, "debian 13": 13,
}

// oldest are the oldest ones that a Kubespray release's Ansible runs with, on the runner and on the nodes: ansible-core 2.16,
// 2.17 and 2.18.
var oldest = map[string]struct{ runner, node python }{
	"v2.28.1": {10, 6},
	"v2.29.1": {10, 7},
	"v2.30.0": {10, 7},
	"v2.31.0": {11, 8},
}

// pythonRefusals say which machines' Python is too old for the Ansible that the release pins. Those that it has been run with
// already are not asked again: somebody may have brought them a newer one.
func (args *Args) pythonRefusals(last *plan.State) []string {
	if args.Kubespray.Ansible != Venv {
		return nil
	}
	served := func(string) bool { return false }
	if last != nil && last.Shape != nil && last.Shape.Kubespray == args.Kubespray.Version {
		served = func(name string) bool {
			return name == args.Runner || slices.ContainsFunc(last.Shape.Nodes, func(node plan.Node) bool { return node.Name == name })
		}
	}
	needs := oldest[args.Kubespray.Version]
	var reasons []string
	for _, node := range args.Nodes {
		has, known := pythons[strings.ToLower(node.System)]
		if !known || served(node.Name) {
			continue
		}
		switch {
		case node.Name == args.Runner && has < needs.runner:
			reasons = append(reasons, fmt.Sprintf("%s, on which Ansible runs, has Python %s with %s, and Kubespray %s needs %s or newer there: make its machine "+
				"from %s, or bring an Ansible of your own and set kubernetes.kubespray.ansible to system. A machine that runs keeps its system: "+
				"docs/cluster.md tells how another one becomes the runner", node.Name, has, node.System, args.Kubespray.Version, needs.runner, systems(needs.runner)))
		case node.hasRole() && has < needs.node:
			reasons = append(reasons, fmt.Sprintf("node %s has Python %s with %s, and Kubespray %s needs %s or newer on a node: make its machine from %s",
				node.Name, has, node.System, args.Kubespray.Version, needs.node, systems(needs.node)))
		}
	}
	return reasons
}

// systems lists those that bring a Python from some version on.
func systems(from python) string {
	enough := maps.Clone(pythons)
	maps.DeleteFunc(enough, func(_ string, has python) bool { return has < from })
	names := slices.SortedFunc(maps.Keys(enough), func(a, b string) int {
		return cmp.Or(cmp.Compare(pythons[a], pythons[b]), cmp.Compare(a, b))
	})
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
