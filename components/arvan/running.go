package arvan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ServerType is the type of a machine in a stack's state.
const ServerType = "arvancloud:iaas:Server"

// Running are the machines that the stack's last update left, by name.
type Running map[string]Made

// Made is what a machine was made of, and resized to since.
type Made struct {
	Plan    string `json:"planId"`
	DiskGiB int    `json:"diskSize"`
	// ImageID and ImageName are the operating system's.
	ImageID   string `json:"imageId"`
	ImageName string `json:"imageName"`
	// Group is the server group's id that it is in; empty if in none.
	Group  string `json:"serverGroupId"`
	Status string `json:"status"`
	// PrivateAddress is its own in the private network.
	PrivateAddress string `json:"privateAddress"`
	// PublicAddress is its own on the Internet; empty if it has none.
	PublicAddress string `json:"publicAddress"`
}

// Owner is the name of the machine that has an address of its own; empty if none has, or if there is none.
func (r Running) Owner(address string) string {
	for _, name := range slices.Sorted(maps.Keys(r)) {
		if address != "" && (r[name].PrivateAddress == address || r[name].PublicAddress == address) {
			return name
		}
	}
	return ""
}

// Failed tells whether the cloud could not make the machine, for want of room, say. The next update makes another one.
func (m Made) Failed() bool { return m.Status == "ERROR" }

// Needs tells whether the cloud must have the image and the plan of a node: for a machine that is new or replaced both, for
// one that is resized the plan.
func (r Running) Needs(node Node) (image, plan bool) {
	made, runs := r[node.Name]
	image = !runs || made.replaced(node)
	return image, image || made.Plan != node.Plan
}

// ImageOf is the name of the operating system that a node's machine has or, if it is new or replaced, gets.
func (r Running) ImageOf(node Node, common Image) string {
	if made, runs := r[node.Name]; runs && !made.replaced(node) {
		return made.ImageName
	}
	image, _ := node.image(common)
	return image.String()
}

// Refusals say which machines must not be switched off together: the cloud is told to change all of them at the same time, and
// nobody has moved what runs on them. force lets several workers, as it does where they are replaced; a quorum it cannot help.
func (r Running) Refusals(wanted Nodes, force bool) []string {
	var reasons []string
	for _, role := range []struct {
		Role
		what, instead string
		forced        bool
	}{
		{ControlPlane, "etcd runs on them and would lose its quorum", "", false},
		{Worker, "what runs on one has its copies on the others", ", or set kubernetes.force", force},
	} {
		off, resized := r.off(wanted, role.Role)
		if resized == 0 || len(off) < 2 || role.forced {
			continue
		}
		reasons = append(reasons, fmt.Sprintf("%s would be switched off at once for another plan, disk or image; %s: change one in each up, "+
			"%s first, and the next when that one is Ready again (docs/cluster.md)%s", strings.Join(off, ", "), role.what, off[0], role.instead))
	}
	return reasons
}

// off are the running machines of a role that the update switches off, and how many of them for another size. The others are
// replaced; where all are, the cluster's plan says more of it.
func (r Running) off(wanted Nodes, role Role) (names []string, resized int) {
	for _, node := range wanted {
		made, runs := r[node.Name]
		if !runs || node.Role != role {
			continue
		}
		another := made.resized(node)
		if another {
			resized++
		}
		if another || made.replaced(node) {
			names = append(names, node.Name)
		}
	}
	return names, resized
}

func (m Made) resized(node Node) bool {
	return m.Plan != node.Plan || m.DiskGiB != 0 && m.DiskGiB != node.DiskGiB
}

func (m Made) replaced(node Node) bool {
	return node.Image != nil && m.ImageName != node.Image.String()
}
