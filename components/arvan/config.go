package arvan

import (
	"slices"

	"github.com/iransre/exchange-platform/internal/settings"
)

// Cloud is where the machines come from and how they are reached. The API key is not here: it is the secret
// `arvancloud:apiKey` or the variable ARVANCLOUD_API_KEY.
type Cloud struct {
	// Zone is the availability zone of every machine, for example "ir-thr-ba1".
	Zone string `json:"zone" later:"refused" because:"it would replace all machines at once, and the cluster with them"`
	// Endpoint is the base address of the API. Empty means ArvanCloud's own.
	Endpoint string `json:"endpoint,omitempty" login:"the API knows its users by arvancloud:apiKey"`
	// Image is the operating system of new machines, looked up in the zone: image ids differ from zone to zone. Machines that
	// run keep theirs; `nodes[].image` says how one gets another.
	Image Image `json:"image" later:"new machines only"`
	// User is the image's login user.
	User string `json:"user" later:"refused" because:"the machines that run know the old user only, and nobody could log in to them"`
	// SSHPort is the port on which the machines' SSH servers listen.
	SSHPort int `json:"sshPort" later:"refused" because:"the machines that run listen on the old port, and nobody could log in to them"`
	// AdminCIDRs are the only address ranges that reach the Kubernetes API and SSH: the bastion's if there is one, otherwise
	// every machine's. They must hold the machine that runs Pulumi.
	AdminCIDRs []string `json:"adminCidrs"`
	// AdminSSHKeys are public keys, in the form of authorized_keys, that may log in besides the program's own. They are a
	// marked block of the login user's authorized_keys; keys that somebody put beside it by hand stay.
	AdminSSHKeys []string `json:"adminSshKeys,omitempty"`
	// Placement is how control planes, and workers, are spread over the cloud's physical machines: "anti-affinity" (a new
	// machine is refused where there is no room apart from the others), "soft-anti-affinity" (then it is not), or empty (as
	// it comes). A machine keeps what it was made with.
	Placement string `json:"placement,omitempty" later:"new machines only"`
}

// Network is the private network of the machines, and the cluster's own address ranges. None of the ranges may overlap.
type Network struct {
	// CIDR is the private network that carries all traffic between the machines.
	CIDR string `json:"cidr" later:"refused" because:"it would replace all machines at once, and the cluster with them"`
	// PodCIDR is the range of the pods' addresses.
	PodCIDR string `json:"podCidr" later:"refused" because:"each node and each pod has its addresses from it"`
	// ServiceCIDR is the range of the Services' addresses.
	ServiceCIDR string `json:"serviceCidr" later:"refused" because:"the cluster's certificates and its DNS have their addresses from it"`
	// MTU is the private network's, in bytes. The pods' follows from it.
	MTU int `json:"mtu"`
	// WebCIDRs may reach the workers' ports 80 and 443. Behind the CDN (`edge.mode`) what they say of a client's address and
	// scheme is believed: list nobody but the CDN. "cdn" stands for its ranges as ArvanCloud publishes them; what changes in them shows in the
	// preview.
	WebCIDRs []string `json:"webCidrs"`
	// Isolate has the platform's pods take and send only what the table in docs/edge.md names, by a NetworkPolicy for each namespace.
	Isolate bool `json:"isolate"`
}

// CDNRanges stands for the CDN's ranges in Network.WebCIDRs.
const CDNRanges = "cdn"

// Nodes are the cluster's machines in the order in which they joined. Append new ones; to remove a node, delete its entry. A
// node is known by its name: a new name is a new machine.
type Nodes []Node

// Node is one machine of the cluster, or its bastion.
type Node struct {
	// Name is the machine's, the node's and the SSH host's: a lower-case DNS label.
	Name string `json:"name" later:"another machine"`
	// Role is "control-plane", "worker" or "bastion".
	Role Role `json:"role" later:"refused of a node that runs: append one of another name, then remove this one"`
	// Plan is the id of a size, for example "g2-4-2-0"; the panel lists those of a zone.
	Plan string `json:"plan" later:"in place: the machine is off meanwhile"`
	// DiskGiB is the size of the root disk.
	DiskGiB int `json:"diskGiB" later:"in place, and the file system with it: the machine is off meanwhile; it cannot shrink"`
	// Data is the size in GiB of a volume of the node's own, mounted at `kubernetes.dataPath`; left out, there is none, and local
	// volumes lie on the root disk. Another machine under the node's name gets it with all that is on it. ArvanCloud's API
	// has no call that makes a volume larger: do that in the panel first, and the file system follows with this key.
	Data int `json:"data,omitempty" later:"in place, as far as the volume was made larger in the panel; it cannot shrink, and stays while the node does"`
	// Image (`{distribution, version}`) is this machine's own operating system. A node whose machine was made from another one
	// gets a new machine under its name: set it for one worker, or one control plane but the first, at a time. Left out, the
	// machine stays what it is, and a new one is made from `cloud.image`.
	Image *Image `json:"image,omitempty" later:"a new machine under the name"`
	// Labels are the Kubernetes node's.
	Labels map[string]string `json:"labels,omitempty"`
	// Taints are the Kubernetes node's, written `key=value:Effect`.
	Taints []string `json:"taints,omitempty"`
}

// Role is what a node does in the cluster, which decides who reaches its machine.
type Role string

const (
	// ControlPlane nodes answer the Kubernetes API and run etcd; they take no workloads.
	ControlPlane Role = "control-plane"
	// Worker nodes run everything else and take web traffic.
	Worker Role = "worker"
	// Bastion is no part of the cluster: administrators reach it by SSH, and the others through it; Ansible runs on it.
	Bastion Role = "bastion"
)

// Image names an operating system by distribution and version, as the zone's image list does.
type Image struct {
	// Distribution is its name, for example "ubuntu".
	Distribution string `json:"distribution"`
	// Version is the distribution's, for example "24.04".
	Version string `json:"version"`
}

// String is "ubuntu 24.04".
func (i Image) String() string { return i.Distribution + " " + i.Version }

// SetDefaults fills in what the profile gives.
func (c *Cloud) SetDefaults(profile settings.Profile) {
	*c = Cloud{Image: Image{Distribution: "ubuntu", Version: "24.04"}, User: "ubuntu", SSHPort: 22}
	if profile == settings.Prod {
		c.Placement = "anti-affinity"
	}
}

// SetDefaults fills in what the profile gives.
func (n *Network) SetDefaults(profile settings.Profile) {
	*n = Network{
		CIDR: "10.10.0.0/24", PodCIDR: "10.233.64.0/18", ServiceCIDR: "10.233.0.0/18",
		MTU:      1450, // what OpenStack leaves of 1500 for a tenant network
		WebCIDRs: []string{"0.0.0.0/0"},
	}
	if profile == settings.Prod {
		n.CIDR = "10.20.0.0/24" // not demo's, so that the two could be joined one day
		n.WebCIDRs = nil        // the CDN's, which the stack file lists
	}
}

// Has tells whether there is a node of the role.
func (n Nodes) Has(role Role) bool { return n.First(role) != "" }

// First is the name of the first node of a role; empty if there is none.
func (n Nodes) First(role Role) string {
	i := slices.IndexFunc(n, func(node Node) bool { return node.Role == role })
	if i < 0 {
		return ""
	}
	return n[i].Name
}

// Named are the names of the nodes of a role, in their order.
func (n Nodes) Named(role Role) (names []string) {
	for _, node := range n {
		if node.Role == role {
			names = append(names, node.Name)
		}
	}
	return names
}

// count is the number of nodes of a role.
func (n Nodes) count(role Role) int {
	count := 0
	for _, node := range n {
		if node.Role == role {
			count++
		}
	}
	return count
}
