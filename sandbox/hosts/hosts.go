// Package hosts says what a kind of virtual machine is to the rest of the sandbox: what the emulated cloud makes, powers and
// deletes, what the sandbox shows of it, and what a rehearsal does to it. Its folders are the kinds and what they are made of:
//
//	light        the default: a directory, an SSH server and commands in a root of the machine's own; it joins the parts below
//	real         a container with a system, a disk and a network of its own: systemd, sshd and cloud-init are Debian's
//	debian       the system that real machines share
//	netns        networks that end with this program
//	kept         values that outlive the daemon
//	roster       machines by their names
//	jail         processes of a machine, kept apart by bubblewrap
//	rootfs       the files and users of a cloud image
//	disks        disks that can be full, and volumes
//	systemd      services, timers and journals
//	cloudinit    user data, run once
//	network      cables, listeners, and who is reached by which address
//	sshd         logins, terminals and jump hosts
//	kubeadm      joining, upgrading and leaving a cluster, the kubelet's sign of life, etcd's keys: of light machines
//	guestapi     what the stand-ins inside a light machine (sandbox/cmd/guest) and the parts above say to each other
//	guestserver  how they say it
//	hoststest    machines for tests
//	try          machines to try by hand
//
// A part knows nothing of the machine it is in but what it is given, and nothing of a kind.
package hosts

import (
	"context"
	"errors"
	"time"

	"github.com/iransre/exchange-platform/provider/emulator"
)

// Machines are virtual machines of one kind. Another kind is another implementation.
type Machines interface {
	emulator.Machines // Boot and Remove
	emulator.Stopper  // Stop
	// List describes all machines, sorted by name.
	List() []Status
	// Close switches all machines off; they come back with the next set that is made of the same directory.
	Close() error
}

// Disturbable are machines that a rehearsal can do something to. A machine is given by ID, name or hostname.
type Disturbable interface {
	Machines
	// Kill takes a machine's power away; it stays off until Start, or until its cloud boots it.
	Kill(ctx context.Context, name string) error
	Start(ctx context.Context, name string) error
	Reboot(ctx context.Context, name string) error
	// Cut makes all connections hang, Slow makes them slow, Restore takes both back.
	Cut(ctx context.Context, name string) error
	Slow(ctx context.Context, name string, slowness Slowness) error
	Restore(ctx context.Context, name string) error
	// Drop breaks the connections from outside, once.
	Drop(ctx context.Context, name string) error
	// Fill makes the disk full, Free makes room again.
	Fill(ctx context.Context, name string) error
	Free(ctx context.Context, name string) error
}

// Status is a machine as `sandbox status` shows it.
type Status struct {
	ID               string
	Name             string
	Hostname         string
	Zone             string
	SSH              string // host:port; empty without a public address
	PublicAddress    string
	PrivateAddresses []string
	Running          bool
	Faults           Faults
	Node             *Node // nil unless the machine is one
	MemoryMiB        int   // of all that runs on it, where it is counted
}

// Faults are what was done to a machine on purpose. They last until they are taken back, also over restarts of the daemon.
type Faults struct {
	// Killed: its power was taken away behind the back of whoever runs it.
	Killed bool `json:"killed,omitempty"`
	Cut    bool `json:"cut,omitempty"`
	// Slow is nil at full speed.
	Slow *Slowness `json:"slow,omitempty"`
	Full bool      `json:"full,omitempty"`
}

// Slowness is how bad a machine's network is.
type Slowness struct {
	// Delay is how much later everything arrives, each way.
	Delay time.Duration `json:"delay,omitempty"`
	// BytesPerSecond bounds each connection, each way; 0 does not.
	BytesPerSecond int `json:"bytesPerSecond,omitempty"`
}

// Check refuses what would not slow anything.
func (s Slowness) Check() error {
	if s.Delay < 0 || s.BytesPerSecond < 0 || s == (Slowness{}) {
		return errors.New("slow by how much? give a delay or a rate above zero")
	}
	return nil
}

// Node is a machine as a Kubernetes node.
type Node struct {
	Name         string            `json:"name"`
	ControlPlane bool              `json:"controlPlane"`
	InternalIP   string            `json:"internalIP"`
	ExternalIP   string            `json:"externalIP"`
	Labels       map[string]string `json:"labels,omitempty"`
	Taints       []string          `json:"taints,omitempty"` // key=value:Effect
	Version      string            `json:"version"`          // v1.35.4
}
