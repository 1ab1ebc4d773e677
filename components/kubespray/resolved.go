package kubespray

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/kubespray/plan"
)

// What is only known of a machine once it runs, by name.
const (
	privateAddress = "privateAddress"
	publicAddress  = "publicAddress"
	hostKey        = "hostKey"
	machineID      = "machine"
	imageName      = "image"
)

// facts are what is only known of the node's machine once it runs; empty where there is nothing to be known.
func (node Node) facts() pulumi.StringMap {
	facts := pulumi.StringMap{}
	for name, input := range map[string]pulumi.StringInput{
		privateAddress: node.PrivateAddress, publicAddress: node.PublicAddress,
		hostKey: node.HostKey, machineID: node.Machine, imageName: node.Image,
	} {
		if input == nil {
			input = pulumi.String("")
		}
		facts[name] = input
	}
	return facts
}

// resolvedNode is a node with what is known of its machine. Inventory, certificates and shape are all made from it.
type resolvedNode struct {
	plan.Node
	// PublicAddress is no part of the shape: nodes do not talk to each other on it.
	PublicAddress string
}

// resolve gives a node the facts of its machine; none where nothing is known.
func (args *Args) resolve(node Node, facts map[string]string) resolvedNode {
	return resolvedNode{
		Node: plan.Node{
			Name: node.Name, ControlPlane: node.ControlPlane, Etcd: node.Etcd, Worker: node.Worker,
			Address: facts[privateAddress], Port: args.SSH.Port, User: args.SSH.User,
			HostKey: facts[hostKey], Machine: facts[machineID], Image: facts[imageName],
			Labels: node.Labels, Taints: node.Taints,
		},
		PublicAddress: facts[publicAddress],
	}
}

// resolved is everything that is only known once machines, keys and names exist.
type resolved struct {
	// nodes are all of Args.Nodes, in their order; those without a role are no part of the cluster.
	nodes []resolvedNode
	// names are the wanted ones of the API server's certificate, endpoint is the host it is reached at from outside.
	names    []string
	endpoint string
	backup   credentials
	// logins stands for those of mirrors.
	logins string
}

// resolveAll resolves the nodes with the facts of each, by the nodes' names.
func (args *Args) resolveAll(facts map[string]map[string]string) []resolvedNode {
	var nodes []resolvedNode
	for _, node := range args.Nodes {
		nodes = append(nodes, args.resolve(node, facts[node.Name]))
	}
	return nodes
}

// members are the nodes of the cluster itself.
func (known resolved) members() []plan.Node {
	var members []plan.Node
	for _, node := range known.nodes {
		if node.ControlPlane || node.Etcd || node.Worker {
			members = append(members, node.Node)
		}
	}
	return members
}

// certificateNames are the wanted names, the endpoint and the control planes' public addresses, each once.
func (known resolved) certificateNames() []string {
	names := append(slices.Clone(known.names), known.endpoint)
	for _, node := range known.nodes {
		if node.ControlPlane {
			names = append(names, node.PublicAddress)
		}
	}
	seen := map[string]bool{"": true}
	return slices.DeleteFunc(names, func(name string) bool {
		defer func() { seen[name] = true }()
		return seen[name]
	})
}

// shapeOf is the shape of the cluster with that known of its machines.
func (args *Args) shapeOf(known resolved) (*plan.Shape, error) {
	return args.shape(known, args.groupVariables(known))
}

// shape is what the cluster is made of: its members, and its variables.
func (args *Args) shape(known resolved, groups groupVariables) (*plan.Shape, error) {
	shape := &plan.Shape{
		Cluster: args.Cluster, Kubernetes: args.Version, Kubespray: args.Kubespray.Version,
		Nodes: known.members(), Variables: map[string]string{},
	}
	for _, e := range slices.Concat(groups.all, groups.cluster) {
		value, err := json.Marshal(e.value)
		if err != nil {
			return nil, err
		}
		shape.Variables[e.key] = string(value)
	}
	// The version is compared by itself.
	delete(shape.Variables, kubeVersion)
	if args.EtcdBackup.Enabled {
		settings, err := args.EtcdBackup.settings(known.backup)
		if err != nil {
			return nil, err
		}
		shape.Variables[etcdBackupVariable] = settings
	}
	if known.logins != "" {
		shape.Variables[registryLogins] = strconv.Quote(known.logins)
	}
	unhashed, err := json.Marshal(shape)
	shape.Hash = digest([]file{{"shape", unhashed}})
	return shape, err
}
