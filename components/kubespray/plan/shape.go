// Package plan decides what has to run to bring a cluster from what it is to what is wanted, or why that must not be done.
// It is data in, data out: the same plan is shown in a preview and carried out on the runner.
package plan

import "slices"

// Shape is what a cluster is: which machines with which roles, which versions, which variables. It holds nothing secret.
type Shape struct {
	Cluster    string `json:"cluster"`
	Kubernetes string `json:"kubernetes"`
	Kubespray  string `json:"kubespray"`
	// Nodes in the order in which they join.
	Nodes []Node `json:"nodes"`
	// Variables are Kubespray's by name, each value as JSON.
	Variables map[string]string `json:"variables"`
	// Hash stands for everything above.
	Hash string `json:"hash"`
}

// Unknown stands, in a preview, for the address, host key or id of a machine that only the update will tell.
const Unknown = "unknown"

// ToBeMade stands for the id of a machine that the update is sure to make.
const ToBeMade = "to be made"

// Node is one machine of a cluster.
type Node struct {
	Name         string `json:"name"`
	ControlPlane bool   `json:"controlPlane"`
	Etcd         bool   `json:"etcd"`
	Worker       bool   `json:"worker"`
	Address      string `json:"address"`
	Port         int    `json:"port"`
	User         string `json:"user"`
	HostKey      string `json:"hostKey"`
	// Machine identifies the machine behind the name; empty where nothing is known about it.
	Machine string `json:"machine"`
	// Image is what the machine was made from; empty where nothing is known about it.
	Image  string            `json:"image,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
	Taints []string          `json:"taints,omitempty"`
}

// OtherImage tells whether both nodes' images are known, and not the same.
func (n Node) OtherImage(old Node) bool {
	return n.Image != "" && n.Image != Unknown && old.Image != "" && n.Image != old.Image
}

// State is what the runner knows of a cluster.
type State struct {
	// Revision grows with every change, so that a plan made against an older state is noticed.
	Revision int `json:"revision"`
	// Shape is nil before the first run. It follows every finished step.
	Shape *Shape `json:"shape"`
	// Pending are nodes of Shape whose joining or leaving was started and not finished.
	Pending []string `json:"pending,omitempty"`
	// Unfinished is the plan that was started and not finished; nil after a success.
	Unfinished *Unfinished `json:"unfinished,omitempty"`
}

// Unfinished is what is left of an interrupted plan.
type Unfinished struct {
	// Wanted is the hash of the shape it led to: a run to the same one goes on where it stopped.
	Wanted     string `json:"wanted"`
	Why        string `json:"why"`
	Kubernetes string `json:"kubernetes"`
	Kubespray  string `json:"kubespray"`
	// Playbooks that had not finished.
	Playbooks []string `json:"playbooks"`
}

// Timing is how long a playbook took when it last succeeded.
type Timing struct {
	Seconds int `json:"seconds"`
	Tasks   int `json:"tasks"`
}

// node returns the node of that name, nil if there is none.
func (s *Shape) node(name string) *Node {
	for i := range s.Nodes {
		if s.Nodes[i].Name == name {
			return &s.Nodes[i]
		}
	}
	return nil
}

// firstControlPlane is the node the cluster's certificates and endpoint start from.
func (s *Shape) firstControlPlane() string {
	for _, node := range s.Nodes {
		if node.ControlPlane {
			return node.Name
		}
	}
	return ""
}

func (s *Shape) names(keep func(Node) bool) []string {
	var names []string
	for _, node := range s.Nodes {
		if keep(node) {
			names = append(names, node.Name)
		}
	}
	return names
}

func everyNode(Node) bool { return true }

// controls tells whether a node is part of what the others depend on.
func controls(node Node) bool { return node.ControlPlane || node.Etcd }

func isWorker(node Node) bool { return !controls(node) }

func isEtcd(node Node) bool { return node.Etcd }

func among(names []string) func(Node) bool {
	return func(node Node) bool { return slices.Contains(names, node.Name) }
}
