package kubespray

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"

	"github.com/iransre/exchange-platform/internal/settings"
)

const testKey = "-----BEGIN OPENSSH PRIVATE KEY-----\nthe-key-itself\n-----END OPENSSH PRIVATE KEY-----\n"

// demoArgs is the demo environment: one control plane with etcd, one worker, Ansible on the control plane.
func demoArgs() *Args {
	return &Args{
		Cluster: "demo",
		Nodes: []Node{
			node("arvan-k8s-m1", 11, func(n *Node) { n.ControlPlane, n.Etcd = true, true }),
			node("arvan-k8s-w1", 12, func(n *Node) { n.Worker = true }),
		},
		Runner: "arvan-k8s-m1",
		SSH:    SSH{User: "ubuntu", Port: 22, PrivateKey: pulumi.String(testKey)},
		Config: defaultConfig(), PodCIDR: "10.233.64.0/18", ServiceCIDR: "10.233.0.0/18", MTU: 1450,
	}
}

// defaultConfig is what the demo profile says of the cluster.
func defaultConfig() Config {
	var config Config
	config.SetDefaults(settings.Demo)
	return config
}

// prodArgs is like production: three control planes, four workers, a bastion that runs Ansible, mirrors.
func prodArgs() *Args {
	args := &Args{
		Cluster: "prod",
		Runner:  "arvan-k8s-bastion",
		SSH:     SSH{User: "ubuntu", Port: 2222, PrivateKey: pulumi.String(testKey)},
		Config:  defaultConfig(),
		PodCIDR: "10.64.0.0/16", ServiceCIDR: "10.65.0.0/18", MTU: 1500,
		Endpoint:         pulumi.String("api.exchange.example"),
		CertificateNames: pulumi.StringArray{pulumi.String("api.internal.example"), pulumi.String("api.exchange.example")},
		RegistryMirrors: []RegistryMirror{
			{Registry: "docker.io", Mirrors: []string{"https://docker.mirror.example"}},
			{Registry: "ghcr.io", Mirrors: []string{"https://ghcr.mirror.example"}},
			{Registry: "gcr.io", Mirrors: []string{"https://harbor.mirror.example/v2/gcr"}},
			{Registry: "docker.elastic.co", Mirrors: []string{"https://elastic.mirror.example"}},
			{Registry: "public.ecr.aws", Mirrors: []string{"https://ecr.mirror.example"}},
			{Registry: "registry.k8s.io", Mirrors: []string{"https://k8s.mirror.example"}},
			{Registry: "quay.io", Mirrors: []string{"https://quay.mirror.example", "https://quay2.mirror.example"}},
		},
		DownloadMirror: "https://files.mirror.example/",
	}
	args.MemoryMappings, args.StrictARP = 1<<20, true
	args.InternalHost, args.Hardened, args.Reserve, args.DataPath = "api.internal.example", true, true, "/data/local-path"
	args.NodeMonitorGraceSeconds = 20
	args.Kubespray.Archive, args.Kubespray.SHA256 = "https://mirror.example/kubespray-2.31.0.tar.gz", strings.Repeat("ab", 32)
	args.Kubespray.PackageIndex = "https://mirror.example/pypi/simple"
	for i := range 3 {
		args.Nodes = append(args.Nodes, node(fmt.Sprintf("arvan-k8s-m%d", i+1), 11+i, func(n *Node) { n.ControlPlane, n.Etcd = true, true }))
	}
	for i := range 4 {
		args.Nodes = append(args.Nodes, node(fmt.Sprintf("arvan-k8s-w%d", i+1), 21+i, func(n *Node) {
			n.Worker = true
			n.Labels = map[string]string{"topology.kubernetes.io/zone": "ir-thr-ba1", "exchange.iransre.ir/pool": "general"}
			if i == 3 {
				n.Taints = []string{"dedicated=storage:NoSchedule"}
			}
		}))
	}
	args.Nodes = append(args.Nodes, node("arvan-k8s-bastion", 5, func(*Node) {}))
	return args
}

func node(name string, last int, change func(*Node)) Node {
	n := Node{
		Name:           name,
		PrivateAddress: pulumi.Sprintf("10.10.0.%d", last),
		PublicAddress:  pulumi.Sprintf("203.0.113.%d", last),
		HostKey:        pulumi.Sprintf("ssh-ed25519 AAAAhostkey%d root@%s", last, name),
		Machine:        pulumi.Sprintf("server-%d", last),
	}
	change(&n)
	return n
}

// resolvedFor is what the nodes above turn out to be.
func resolvedFor(args *Args, names []string, endpoint string) resolved {
	last := map[string]int{"m": 10, "w": 20}
	if args.Cluster == "demo" {
		last["w"] = 11
	}
	facts := map[string]map[string]string{}
	for _, node := range args.Nodes {
		short := strings.TrimPrefix(node.Name, "arvan-k8s-")
		number := 5
		if short != "bastion" {
			number = last[short[:1]] + int(short[1]-'0')
		}
		facts[node.Name] = map[string]string{
			privateAddress: fmt.Sprintf("10.10.0.%d", number), publicAddress: fmt.Sprintf("203.0.113.%d", number),
			hostKey: fmt.Sprintf("ssh-ed25519 AAAAhostkey%d root@%s", number, node.Name), machineID: fmt.Sprintf("server-%d", number),
		}
	}
	return resolved{nodes: args.resolveAll(facts), names: names, endpoint: endpoint, backup: credentials{"access", "secret"}}
}

func renderedFor(t *testing.T, args *Args, names []string, endpoint string) *rendered {
	t.Helper()
	full, err := args.complete()
	assert.NilError(t, err)
	rendered, err := full.render(resolvedFor(full, names, endpoint))
	assert.NilError(t, err)
	return rendered
}

func demoRendered(t *testing.T) *rendered { return renderedFor(t, demoArgs(), nil, "203.0.113.11") }

func prodRendered(t *testing.T) *rendered {
	return renderedFor(t, prodArgs(), []string{"api.internal.example", "api.exchange.example"}, "api.exchange.example")
}

func TestBundleFiles(t *testing.T) {
	for name, bundle := range map[string]*rendered{"demo": demoRendered(t), "prod": prodRendered(t)} {
		t.Run(name, func(t *testing.T) {
			for _, f := range bundle.files {
				if !strings.HasPrefix(f.path, "runner/") {
					golden.Assert(t, string(f.data), name+"/"+f.path)
				}
			}
		})
	}
}

// testCertificate is any certificate: nothing is encrypted for it here.
func testCertificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	assert.NilError(t, err)
	return certificateOf(t, key)
}

func certificateOf(t *testing.T, key crypto.Signer) string {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	assert.NilError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))
}

func backup(t *testing.T) EtcdBackup {
	backup := defaultBackup(true)
	backup.Endpoint, backup.Region, backup.Bucket, backup.Certificate = "https://s3.example", "us-east-1", "backups", testCertificate(t)
	backup.AccessKey, backup.SecretKey = "AK", "the-storage-key"
	return backup
}

func TestCilium(t *testing.T) {
	args := demoArgs()
	args.Network = Cilium
	shape := renderedFor(t, args, nil, "203.0.113.11").shape
	for name, want := range map[string]string{
		"kube_network_plugin": `"cilium"`, "cilium_mtu": `"1450"`, "cilium_tunnel_mode": `"vxlan"`, "kube_owner": `"root"`,
		"calico_mtu": "", "calico_network_backend": "",
	} {
		assert.Equal(t, shape.Variables[name], want, name)
	}
}

func TestARunnerThatForgot(t *testing.T) {
	rendered := demoRendered(t)
	last := `{"state": {"revision": 3, "shape": {"cluster": "demo", "nodes": []}}}`
	args := demoArgs()
	args.LastState = last
	_, err := args.order(`{}`, rendered.shape)
	assert.ErrorContains(t, err, "arvan-k8s-m1 knows nothing of the cluster that the last update left")
	args.LastState = `{}`
	_, err = args.order(`{}`, rendered.shape)
	assert.NilError(t, err)
	// an update that changes nothing does not ask the runner again: it still has the answer from before there was a cluster
	args.LastState = fmt.Sprintf(`{"state": {"revision": 3, "shape": {"hash": %q}}}`, rendered.shape.Hash)
	_, err = args.order(`{}`, rendered.shape)
	assert.NilError(t, err)
}

func TestCheckRefusesBeforeThereIsAnyMachine(t *testing.T) {
	shape, err := json.Marshal(demoRendered(t).shape)
	assert.NilError(t, err)
	args := demoArgs()
	args.LastState = fmt.Sprintf(`{"state": {"revision": 3, "shape": %s}}`, shape)
	for i := range args.Nodes {
		args.Nodes[i].PrivateAddress, args.Nodes[i].PublicAddress, args.Nodes[i].HostKey, args.Nodes[i].Machine = nil, nil, nil, nil
	}
	assert.NilError(t, Check(args))
	args.Nodes[0].Name = "arvan-k8s-m9"
	assert.ErrorContains(t, Check(args), "the first control plane arvan-k8s-m1 would be removed")
}

func TestCheckRefusesWhatAnotherImageWouldDo(t *testing.T) {
	shape := prodRendered(t).shape
	for i := range shape.Nodes {
		shape.Nodes[i].Image = "ubuntu 22.04"
	}
	last, err := json.Marshal(shape)
	assert.NilError(t, err)
	wanting := func(image string, names ...string) *Args {
		args := prodArgs()
		args.LastState = fmt.Sprintf(`{"state": {"revision": 3, "shape": %s}}`, last)
		for i, node := range args.Nodes {
			if slices.Contains(names, node.Name) {
				args.Nodes[i].WantedImage = image
			}
		}
		return args
	}
	for name, test := range map[string]struct {
		args *Args
		says string
	}{
		"one worker":         {wanting("ubuntu 24.04", "arvan-k8s-w1"), ""},
		"the third one":      {wanting("ubuntu 24.04", "arvan-k8s-m3"), ""},
		"what it has":        {wanting("ubuntu 22.04", "arvan-k8s-m1", "arvan-k8s-m2", "arvan-k8s-w1", "arvan-k8s-w2"), ""},
		"the first one":      {wanting("ubuntu 24.04", "arvan-k8s-m1"), "the machine of the first control plane arvan-k8s-m1 would be another one"},
		"two control planes": {wanting("ubuntu 24.04", "arvan-k8s-m2", "arvan-k8s-m3"), "etcd would lose arvan-k8s-m2, arvan-k8s-m3"},
		"two workers":        {wanting("ubuntu 24.04", "arvan-k8s-w1", "arvan-k8s-w2"), "the machines of arvan-k8s-w1, arvan-k8s-w2 would be replaced at once"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Check(test.args)
			if test.says == "" {
				assert.NilError(t, err)
				return
			}
			assert.ErrorContains(t, err, test.says)
		})
	}
	forced := wanting("ubuntu 24.04", "arvan-k8s-w1", "arvan-k8s-w2")
	forced.Force = true
	assert.NilError(t, Check(forced))
}

func TestBundleIsTheSameForTheSameArguments(t *testing.T) {
	first, err := archive(prodRendered(t).files)
	assert.NilError(t, err)
	second, err := archive(prodRendered(t).files)
	assert.NilError(t, err)
	assert.Equal(t, first, second)
}

func TestHashFollowsWhatTheClusterIs(t *testing.T) {
	hash := func(change func(*Args)) string {
		args := demoArgs()
		change(args)
		return renderedFor(t, args, nil, "203.0.113.11").shape.Hash
	}
	before := hash(func(*Args) {})

	assert.Equal(t, before, hash(func(a *Args) { a.Kubespray.Archive = "https://elsewhere.example/kubespray.tar.gz" }), "where tools come from")
	assert.Equal(t, before, hash(func(a *Args) { a.SSH.PrivateKey = pulumi.String("another key") }), "how it is reached")

	assert.Assert(t, before != hash(func(a *Args) { a.MTU = 1500 }), "a variable")
	assert.Assert(t, before != hash(func(a *Args) { a.Version = "1.35.3" }), "the version")
	assert.Assert(t, before != hash(func(a *Args) { a.Nodes[1].Labels = map[string]string{"a": "b"} }), "a label")
}

func TestPublicKubeconfig(t *testing.T) {
	found := `apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority-data: Q0E=
    server: https://10.10.0.11:6443
  name: cluster.local
users:
- name: kubernetes-admin
  user:
    client-key-data: S0VZ
`
	rewritten, err := withServer(found, "demo", "https://203.0.113.11:6443")
	assert.NilError(t, err)
	assert.Assert(t, strings.Contains(rewritten, "server: https://203.0.113.11:6443"))
	assert.Assert(t, strings.Contains(rewritten, "client-key-data: S0VZ"))
	assert.Assert(t, !strings.Contains(rewritten, "10.10.0.11"))

	_, err = withServer("{secret", "demo", "https://203.0.113.11:6443")
	assert.Error(t, err, "cluster demo: the kubeconfig on the runner is not YAML")
	_, err = withServer("kind: Config", "demo", "https://203.0.113.11:6443")
	assert.Error(t, err, "cluster demo: the kubeconfig on the runner names no cluster")
}
