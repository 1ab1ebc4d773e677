package kubespray

import (
	"testing"

	"gotest.tools/v3/assert"
)

func TestArgumentsThatAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Args)
		want   string
	}{
		"even etcd":        {func(a *Args) { a.Nodes[1].Etcd = true }, "nodes: Invalid value: 2: control planes run etcd, which keeps its quorum only with an odd number"},
		"no etcd":          {func(a *Args) { a.Nodes[0].Etcd = false }, "nodes: Invalid value: 0: control planes run etcd"},
		"no control plane": {func(a *Args) { a.Nodes[0].ControlPlane = false }, `nodes: Required value: at least one node needs role "control-plane"`},
		"no worker":        {func(a *Args) { a.Nodes = a.Nodes[:1] }, `nodes: Required value: at least one node needs role "worker"`},
		"no host key":      {func(a *Args) { a.Nodes[1].HostKey = nil }, "node arvan-k8s-w1: private address and host key are both needed"},
		"not reachable":    {func(a *Args) { a.Nodes[1].PublicAddress = nil }, "node arvan-k8s-w1: it has no public address, and ssh.bastion names no node to reach it through"},
		"bastion":          {func(a *Args) { a.SSH.Bastion = "m9" }, `ssh: the bastion "m9" is none of the nodes with a public address`},
		"network":          {func(a *Args) { a.Network = "weave" }, `kubernetes.network: Unsupported value: "weave": supported values: "calico", "cilium"`},
		"data path":        {func(a *Args) { a.DataPath = "data" }, `kubernetes.dataPath: Invalid value: "data": must be an absolute directory`},
		"no role":          {func(a *Args) { a.Nodes[1].Worker = false }, "node arvan-k8s-w1: it has no role and is neither the runner nor the bastion"},
		"taint":            {func(a *Args) { a.Nodes[1].Taints = []string{"x"} }, `nodes[1].taints[0]: Invalid value: "x": must be "key=value:Effect"`},
		"unknown runner":   {func(a *Args) { a.Runner = "m9" }, `runner: "m9" is none of the nodes`},
		"no key":           {func(a *Args) { a.SSH.PrivateKey = nil }, "ssh: user, port and private key are all needed"},
		"room for pods": {
			func(a *Args) { a.PodCIDR, a.Network = "10.64.0.0/24", Cilium },
			`network.podCidr: Invalid value: "10.64.0.0/24": has room for 1 nodes and the cluster has 2: cilium gives each a range of its own, a /24`,
		},
		"no room for pods": {func(a *Args) { a.PodCIDR = "10.64.0.0/28" }, "has room for 0 nodes"},
		"jump host":        {func(a *Args) { a.Nodes[1].Name = "bastion" }, `nodes[1].name: Invalid value: "bastion": Kubespray takes a host called bastion for a jump host`},
		"toolchain":        {func(a *Args) { a.Kubespray.Ansible = "docker" }, `kubernetes.kubespray.ansible: Unsupported value: "docker"`},
		"mirror": {
			func(a *Args) {
				a.RegistryMirrors = []RegistryMirror{{Registry: "quay.io", Mirrors: []string{"mirror.example"}}}
			},
			`mirrors.registries[quay.io]: Invalid value: "mirror.example": must be the mirror's address with its scheme`,
		},
		"stack": {func(a *Args) { a.Cluster = "Prod_eu" }, `stack: Invalid value: "Prod_eu": the cluster and its machines are named after the stack`},
		"kubernetes": {
			func(a *Args) { a.Version = "1.36.0" },
			`kubernetes: version "1.36.0" is not carried by Kubespray v2.31.0, which has 1.33.0-1.33.11, 1.34.0-1.34.7, 1.35.0-1.35.4`,
		},
		"kubespray": {
			func(a *Args) { a.Kubespray.Version = "v2.1.0" },
			`kubernetes.kubespray.version: Unsupported value: "v2.1.0": supported values: "v2.28.1", "v2.29.1", "v2.30.0", "v2.31.0"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			args := demoArgs()
			test.change(args)
			_, err := args.complete()
			assert.ErrorContains(t, err, test.want)
		})
	}
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	args := demoArgs()
	args.Network, args.Runner, args.Nodes[1].Etcd = "weave", "", true
	_, err := args.complete()
	for _, want := range []string{"kubernetes.network", "runner:", "run etcd"} {
		assert.ErrorContains(t, err, want)
	}
}

func TestCompleteLeavesTheCallersArgumentsAlone(t *testing.T) {
	args := demoArgs()
	full, err := args.complete()
	assert.NilError(t, err)
	assert.Equal(t, full.Kubespray.Archive, "https://github.com/kubernetes-sigs/kubespray/archive/refs/tags/v2.31.0.tar.gz")
	assert.Equal(t, args.Kubespray.Archive, "")
}

func TestCarries(t *testing.T) {
	for _, version := range []string{"1.35.4", "v1.35.0", "1.33.11"} {
		assert.NilError(t, Carries("v2.31.0", version))
	}
	for _, version := range []string{"1.35.5", "1.32.8", "1.35", "latest", "1.35.-1", ""} {
		assert.ErrorContains(t, Carries("v2.31.0", version), "is not carried by Kubespray v2.31.0")
	}
}
