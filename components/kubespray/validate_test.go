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
		"even etcd": {
			func(a *Args) { a.Nodes[1].Etcd = true },
			"nodes: 2 of them run etcd; etcd needs an odd number, for example 3: an even one has no better quorum",
		},
		"no etcd":          {func(a *Args) { a.Nodes[0].Etcd = false }, "nodes: 0 of them run etcd"},
		"no control plane": {func(a *Args) { a.Nodes[0].ControlPlane = false }, "nodes: none is a control plane"},
		"no worker":        {func(a *Args) { a.Nodes = a.Nodes[:1] }, "nodes: none is a worker"},
		"same name twice":  {func(a *Args) { a.Nodes[1].Name = a.Nodes[0].Name }, "nodes[1]: arvan-k8s-m1 is there twice"},
		"bad host name":    {func(a *Args) { a.Nodes[1].Name = "Arvan_W1" }, `nodes[1]: "Arvan_W1" is no host name in lower case`},
		"no host key":      {func(a *Args) { a.Nodes[1].HostKey = nil }, "node arvan-k8s-w1: private address and host key are both needed"},
		"not reachable":    {func(a *Args) { a.Nodes[1].PublicAddress = nil }, "node arvan-k8s-w1: it has no public address, and ssh.bastion names no node to reach it through"},
		"bastion":          {func(a *Args) { a.SSH.Bastion = "m9" }, `ssh: the bastion "m9" is none of the nodes with a public address`},
		"network":          {func(a *Args) { a.NetworkPlugin = "weave" }, `networkPlugin: "weave" is neither "calico" nor "cilium"`},
		"internal name":    {func(a *Args) { a.InternalEndpoint = "10.0.0.1" }, `internalEndpoint: "10.0.0.1" is no host name`},
		"data path":        {func(a *Args) { a.DataPath = "data" }, `dataPath: "data" is no absolute path`},
		"no role":          {func(a *Args) { a.Nodes[1].Worker = false }, "node arvan-k8s-w1: it has no role and is neither the runner nor the bastion"},
		"taint":            {func(a *Args) { a.Nodes[1].Taints = []string{"x"} }, `taint "x" is not written key=value:Effect`},
		"unknown runner":   {func(a *Args) { a.Runner = "m9" }, `runner: "m9" is none of the nodes`},
		"no key":           {func(a *Args) { a.SSH.PrivateKey = nil }, "ssh: user and private key are both needed"},
		"port":             {func(a *Args) { a.SSH.Port = 70000 }, "ssh: 70000 is no port"},
		"overlap": {
			func(a *Args) { a.PodCIDR, a.ServiceCIDR = "10.0.0.0/8", "10.1.0.0/16" },
			"podCIDR 10.0.0.0/8 and serviceCIDR 10.1.0.0/16 overlap",
		},
		"room for pods": {
			func(a *Args) { a.PodCIDR, a.NetworkPlugin = "10.64.0.0/24", Cilium },
			"podCIDR: 10.64.0.0/24 has room for 1 nodes and the cluster has 2: cilium gives each a range of its own, a /24",
		},
		"no room for pods": {func(a *Args) { a.PodCIDR = "10.64.0.0/28" }, "podCIDR: 10.64.0.0/28 has room for 0 nodes"},
		"empty label":      {func(a *Args) { a.Nodes[1].Name = "w..1" }, `nodes[1]: "w..1" is no host name`},
		"jump host":        {func(a *Args) { a.Nodes[1].Name = "bastion" }, "nodes[1]: Kubespray takes a host called bastion for a jump host"},
		"cidr":             {func(a *Args) { a.PodCIDR = "10.0.0.0" }, "podCIDR: netip.ParsePrefix"},
		"mtu":              {func(a *Args) { a.MTU = 100 }, "mtu: 100 is outside 1280-9216"},
		"toolchain":        {func(a *Args) { a.Toolchain.Ansible = "docker" }, `toolchain: ansible is "docker", want "venv" or "system"`},
		"mirror":           {func(a *Args) { a.RegistryMirrors = []RegistryMirror{{Registry: "quay.io"}} }, `registry mirror "quay.io"`},
		"cluster":          {func(a *Args) { a.Cluster = "a/b" }, `cluster: "a/b" is no name`},
		"kubernetes": {
			func(a *Args) { a.KubernetesVersion = "v1.36.0" },
			`kubernetes: version "1.36.0" is not carried by Kubespray v2.31.0, which has 1.33.0-1.33.11, 1.34.0-1.34.7, 1.35.0-1.35.4`,
		},
		"kubespray": {
			func(a *Args) { a.KubesprayVersion = "v2.1.0" },
			`kubespray: "v2.1.0" is no release this program knows; it knows v2.28.1, v2.29.1, v2.30.0, v2.31.0`,
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
	args.MTU, args.Runner, args.Nodes[1].Etcd = 1, "", true
	_, err := args.complete()
	for _, want := range []string{"mtu:", "runner:", "run etcd"} {
		assert.ErrorContains(t, err, want)
	}
}

func TestCompleteLeavesTheCallersArgumentsAlone(t *testing.T) {
	args := demoArgs()
	full, err := args.complete()
	assert.NilError(t, err)
	assert.Equal(t, full.SSH.Port, 22)
	assert.Equal(t, full.KubernetesVersion, "1.35.4")
	assert.Equal(t, full.Toolchain.Archive, "https://github.com/kubernetes-sigs/kubespray/archive/refs/tags/v2.31.0.tar.gz")
	assert.Equal(t, args.SSH.Port, 0)
	assert.Equal(t, args.KubernetesVersion, "v1.35.4")
}

func TestCarries(t *testing.T) {
	for _, version := range []string{"1.35.4", "v1.35.0", "1.33.11"} {
		assert.NilError(t, Carries("v2.31.0", version))
	}
	for _, version := range []string{"1.35.5", "1.32.8", "1.35", "latest", "1.35.-1", ""} {
		assert.ErrorContains(t, Carries("v2.31.0", version), "is not carried by Kubespray v2.31.0")
	}
}
