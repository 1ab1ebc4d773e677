package kubeadm_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/hosts/hoststest"
	"github.com/iransre/exchange-platform/sandbox/hosts/light/lighttest"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

// greeter stands for an API server: it says hello and hangs up.
func greeter(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NilError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("hello"))
			_ = conn.Close()
		}
	}()
	return listener.Addr().String()
}

// api connects to the API of a machine and returns what it says.
func api(w *lighttest.World, name string) (string, error) {
	conn, err := net.Dial("tcp", net.JoinHostPort(w.Specs[name].PublicAddress, "6443"))
	if err != nil {
		return "", err
	}
	defer conn.Close()
	said, err := io.ReadAll(conn)
	return string(said), err
}

func TestKubeadm(t *testing.T) {
	w := lighttest.New(t)
	cluster := w.Options.Cluster.(*hoststest.Cluster)
	cluster.API = greeter(t)
	w.Make("m1", "w1", "m2")
	assert.Equal(t, w.Run("w1", "sudo kubeadm join").Stderr, "kubeadm: there is no cluster to join: no control plane has run kubeadm init\n")
	_, err := api(w, "m1")
	assert.ErrorContains(t, err, "refused", "no API before kubeadm init")

	w.Must("m1", "sudo kubeadm init --node-name arvan-m1 --advertise-address 10.0.0.1 --external-address "+w.Specs["m1"].PublicAddress+
		" --apiserver-cert-extra-sans api.example,10.9.9.9 --node-labels a=b,c= --node-taints k=v:NoSchedule --kubernetes-version 1.34.3")
	assert.DeepEqual(t, cluster.Nodes(), map[string]hosts.Node{"arvan-m1": {
		Name: "arvan-m1", ControlPlane: true, InternalIP: "10.0.0.1", ExternalIP: w.Specs["m1"].PublicAddress,
		Labels: map[string]string{"a": "b", "c": ""}, Taints: []string{"k=v:NoSchedule"}, Version: "v1.34.3",
	}})
	for _, name := range []string{"api.example", "10.9.9.9", "10.0.0.1", "arvan-m1", w.Specs["m1"].PublicAddress, "localhost"} {
		assert.Assert(t, cmp.Contains(cluster.CertSANs(), name))
	}
	said, err := api(w, "m1")
	assert.NilError(t, err)
	assert.Equal(t, said, "hello")
	assert.Equal(t, w.Must("m1", "grep server: /etc/kubernetes/admin.conf; stat -c %a /etc/kubernetes/admin.conf; systemctl is-active kubelet; ls /var/lib/kubelet"),
		"    server: https://"+w.Specs["m1"].PublicAddress+":6443\n600\nactive\nconfig.yaml")

	w.Must("w1", "sudo kubeadm join --node-name arvan-w1 --kubernetes-version v1.35.4")
	w.Must("m2", "sudo kubeadm join --control-plane")
	nodes := cluster.Nodes()
	assert.Equal(t, nodes["arvan-w1"].InternalIP, "10.0.0.2")
	assert.Assert(t, !nodes["arvan-w1"].ControlPlane && nodes["m2"].ControlPlane)
	for _, name := range []string{"api.example", "m2", "10.0.0.3"} {
		assert.Assert(t, cmp.Contains(cluster.CertSANs(), name), "the certificate serves all control planes")
	}
	_, err = api(w, "w1")
	assert.ErrorContains(t, err, "refused", "workers have no API")

	assert.NilError(t, w.Cut(t.Context(), "m1"))
	assert.NilError(t, w.Stop(t.Context(), "m2"))
	assert.Equal(t, w.Run("w1", "sudo kubeadm join").Stderr,
		"kubeadm: the API server does not answer: every control plane is switched off or cut from the network\n")
	assert.NilError(t, w.Restore(t.Context(), "m1"))
	assert.NilError(t, w.Start(t.Context(), "m2"))

	assert.NilError(t, w.Close())
	w.Open()
	said, err = api(w, "m2")
	assert.NilError(t, err)
	assert.Equal(t, said, "hello", "after a restart")

	w.Must("m2", "sudo kubeadm reset --force; test ! -e /etc/kubernetes/admin.conf; test ! -e /var/lib/kubelet/config.yaml")
	_, err = api(w, "m2")
	assert.ErrorContains(t, err, "refused")
	assert.Assert(t, cmp.Len(cluster.Nodes(), 2))
	w.Must("m2", "sudo kubeadm reset -f")
	assert.Equal(t, w.Run("m2", "sudo kubeadm join --bogus").Stderr, "kubeadm: the sandbox's stand-in does not know \"--bogus\"\n")
}

func TestKubeadmUpgrade(t *testing.T) {
	w := lighttest.New(t)
	cluster := w.Options.Cluster.(*hoststest.Cluster)
	w.Make("m1", "m2", "w1")
	assert.Equal(t, w.Run("m1", "sudo kubeadm upgrade apply v1.35.4").Stderr, "kubeadm: this machine is no node of a cluster: kubeadm init or join comes first\n")
	w.Must("m1", "sudo kubeadm init --kubernetes-version 1.34.3 --node-labels a=b")
	w.Must("m2", "sudo kubeadm join --control-plane --kubernetes-version 1.34.3")
	w.Must("w1", "sudo kubeadm join --kubernetes-version 1.34.3")
	for command, refusal := range map[string]string{
		"m1 kubeadm upgrade apply v1.36.0":                    "the cluster is at v1.34.3: v1.36.0 is too high, kubeadm upgrades one minor version at a time",
		"m1 kubeadm upgrade apply v1.33.9":                    "the cluster is at v1.34.3: kubeadm does not go back to v1.33.9",
		"m1 kubeadm upgrade apply 1.35":                       `"v1.35" is not a version like v1.35.4`,
		"m1 kubeadm upgrade apply":                            "upgrade apply needs a version, for example v1.35.4",
		"w1 kubeadm upgrade apply v1.35.4":                    "upgrade apply runs on a control plane: on a worker, run upgrade node",
		"w1 kubeadm upgrade node --kubernetes-version 1.35.4": "the cluster is at v1.34.3: a node may not be at v1.35.4 before upgrade apply took the cluster there",
		"w1 kubeadm upgrade node --kubernetes-version 1.34.1": "node w1 is at v1.34.3: kubeadm does not go back to v1.34.1",
		"m1 kubeadm upgrade plan":                             `the sandbox's stand-in does not know "upgrade plan"`,
	} {
		name, rest, _ := strings.Cut(command, " ")
		assert.Equal(t, w.Run(name, "sudo "+rest).Stderr, "kubeadm: "+refusal+"\n", command)
	}
	w.Must("m1", "sudo kubeadm upgrade apply -y 1.35.4 --ignore-preflight-errors=all --certificate-renewal=true")
	w.Must("m2", "sudo kubeadm upgrade node")
	w.Must("w1", "sudo kubeadm upgrade node --kubernetes-version v1.35.4")
	for name, node := range cluster.Nodes() {
		assert.Equal(t, node.Version, "v1.35.4", name)
	}
	assert.Equal(t, cluster.Nodes()["m1"].Labels["a"], "b")
}

func TestLastControlPlaneTakesTheClusterWithIt(t *testing.T) {
	w := lighttest.New(t)
	cluster := w.Options.Cluster.(*hoststest.Cluster)
	w.Make("m1", "m2", "w1")
	w.Must("m1", "sudo kubeadm init")
	w.Must("m2", "sudo kubeadm join --control-plane")
	w.Must("w1", "sudo kubeadm join")
	w.Must("m1", "sudo kubeadm init") // again
	w.Remove(t.Context(), "vm-m1")
	w.Must("m2", "sudo kubeadm init")
	assert.Equal(t, cluster.Made(), 1, "a control plane was always there")
	assert.NilError(t, w.Kill(t.Context(), "m2"))
	assert.Assert(t, w.Run("w1", "sudo kubeadm join").Code != 0)
	w.Remove(t.Context(), "vm-m2")
	assert.Equal(t, cluster.Made(), 1, "until the next one, what was left can be seen")
	assert.Assert(t, cmp.Contains(w.Run("w1", "sudo kubeadm join").Stderr, "there is no cluster to join"))
	w.Make("m3")
	w.Must("m3", "sudo kubeadm init")
	assert.Equal(t, cluster.Made(), 2)
	assert.Assert(t, cmp.Len(cluster.Nodes(), 1), "it is empty but for the node that made it")
}

func TestKubeadmWithoutCluster(t *testing.T) {
	w := lighttest.New(t)
	assert.NilError(t, w.Close())
	w.Options.Cluster = nil
	w.Open()
	w.Make("m1")
	assert.Equal(t, w.Run("m1", "sudo kubeadm init").Stderr, "kubeadm: this sandbox runs no Kubernetes control plane\n")
}

func TestEtcdsKeysLieWhereKubesprayPutsThem(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	assert.Equal(t, w.Must("m1", "sudo make-ssl-etcd"), "https://etcd.example:2379")
	assert.Equal(t, w.Must("m1", "cd /etc/ssl/etcd/ssl; ls; cat admin-m1.pem; stat -c ' %a' admin-m1-key.pem"),
		"admin-m1-key.pem\nadmin-m1.pem\nca.pem\nmember-m1-key.pem\nmember-m1.pem\nadmin of m1 600")
	assert.Assert(t, strings.Contains(w.Must("m1", "cat /etc/ssl/etcd/ssl/member-m1.pem"), " m1 "), "it is valid for the machine's names")
}
