package kubespray

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/iransre/exchange-platform/components/kubespray/plan"
)

// hostVariables are a node's variables in Kubespray's inventory, in the order they are written.
func hostVariables(node plan.Node) ordered {
	variables := ordered{
		{"ansible_host", node.Address},
		{"ansible_port", node.Port},
		{"ansible_user", node.User},
		// What services bind to. Without it Kubespray takes the interface of the default route: the public one.
		{"ip", node.Address},
		{"access_ip", node.Address},
	}
	if node.Etcd {
		// Explicit, because Kubespray's default counts positions, which shift when a member leaves.
		variables = append(variables, entry{"etcd_member_name", node.Name})
	}
	return variables.optional(entry{"node_labels", node.Labels}, entry{"node_taints", node.Taints})
}

// inventory renders hosts.yaml.
func inventory(nodes []plan.Node) ([]byte, error) {
	hosts := ordered{}
	for _, node := range nodes {
		hosts = append(hosts, entry{node.Name, hostVariables(node)})
	}
	group := func(belongs func(plan.Node) bool) ordered {
		members := ordered{}
		for _, node := range nodes {
			if belongs(node) {
				members = append(members, entry{node.Name, ordered{}})
			}
		}
		return ordered{{"hosts", members}}
	}
	return document(ordered{{"all", ordered{
		{"hosts", hosts},
		{"children", ordered{
			{"kube_control_plane", group(func(n plan.Node) bool { return n.ControlPlane })},
			{"etcd", group(func(n plan.Node) bool { return n.Etcd })},
			{"kube_node", group(func(n plan.Node) bool { return n.Worker })},
			// Kubespray makes this group itself, but too late for the variables of group_vars/k8s_cluster.
			{"k8s_cluster", ordered{{"children", ordered{
				{"kube_control_plane", ordered{}},
				{"kube_node", ordered{}},
			}}}},
		}},
	}}})
}

// knownHosts pins every node's host key for the address Ansible uses.
func knownHosts(nodes []plan.Node) []byte {
	var text bytes.Buffer
	for _, node := range nodes {
		host := node.Address
		if node.Port != 22 {
			host = "[" + host + "]:" + strconv.Itoa(node.Port)
		}
		// The comment of a public key is not part of what is pinned.
		key := strings.Fields(node.HostKey)
		fmt.Fprintln(&text, host, strings.Join(key[:min(len(key), 2)], " "))
	}
	return text.Bytes()
}
