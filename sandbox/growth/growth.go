// Package growth adds a worker to a cluster of many nodes and counts what Ansible did, and where. The component and its
// commands, the runner, Ansible and its connections are real, and so is the machine behind each node. That the other nodes
// were there before is only written down on the runner; a stand-in answers for the API server.
package growth

import (
	"context"
	"errors"
	"slices"
)

// Options are what a measurement needs.
type Options struct {
	// Dir is a folder for the machines, made if it is not there.
	Dir string
	// Prefix are the first three bytes of the loopback addresses that the machines have to themselves.
	Prefix string
	// GuestBinary is the built sandbox/cmd/guest.
	GuestBinary string
	// Nodes is how many there are before the new one: three control planes, the rest workers. The machine that Ansible runs on
	// is one more.
	Nodes int
}

// Result is what adding a worker took.
type Result struct {
	// Worker is the new node, Joined are the nodes that registered with the API server.
	Worker string
	Joined []string
	// Phases are the playbooks in the order in which they ran.
	Phases []*Phase
	// Log is Ansible's output.
	Log string
}

const (
	kubernetesVersion = "1.35.4"
	kubesprayVersion  = "v2.31.0"
	controlPlanes     = 3
	// mostNodes is how many addresses there are, less those of the runner and the new worker.
	mostNodes = 240

	clusterName   = "prod"
	componentName = "cluster"
	directory     = "/var/lib/exchange-platform/kubespray/" + clusterName
	user          = "ubuntu"
	sshPort       = 2222
)

// AddWorker adds one worker to a cluster.
func AddWorker(ctx context.Context, opts Options) (result *Result, err error) {
	fleet, err := newFleet(opts.Prefix, opts.Nodes)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, fleet.close()) }()
	if err := fleet.serve(); err != nil {
		return nil, err
	}
	if err := fleet.boot(ctx, opts.Dir, opts.GuestBinary); err != nil {
		return nil, err
	}
	if err := fleet.remember(ctx); err != nil {
		return nil, err
	}
	before := fleet.cluster.Nodes()
	if err := fleet.deploy(fleet.machines, fleet.execute(ctx)); err != nil {
		return nil, err
	}

	result = &Result{Worker: fleet.worker().Name}
	for name := range fleet.cluster.Nodes() {
		if _, known := before[name]; !known {
			result.Joined = append(result.Joined, name)
		}
	}
	slices.Sort(result.Joined)
	if result.Log, err = fleet.read(ctx, "ansible.log"); err != nil {
		return nil, err
	}
	events, err := fleet.read(ctx, "events.jsonl")
	if err != nil {
		return nil, err
	}
	result.Phases, err = phases(events)
	return result, err
}
