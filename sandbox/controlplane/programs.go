package controlplane

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/sandbox/pki"
)

// Address ranges of the cluster: Kubespray's defaults, so that what users see here they see there.
const (
	ServiceCIDR = "10.233.0.0/18"
	PodCIDR     = "10.233.64.0/18"

	firstServiceAddress = "10.233.0.1"
	clusterDomain       = "cluster.local"
)

// controllers that have work in the sandbox. The others are left out for their memory: they serve cloud providers, kubelets that
// bootstrap themselves, attached disks, or devices.
var controllers = []string{
	"clusterrole-aggregation-controller",
	"cronjob-controller",
	"daemonset-controller",
	"deployment-controller",
	"disruption-controller",
	"endpoints-controller",
	"endpointslice-controller",
	"ephemeral-volume-controller",
	"garbage-collector-controller",
	"horizontal-pod-autoscaler-controller",
	"job-controller",
	"namespace-controller",
	"node-lifecycle-controller",
	"persistentvolume-binder-controller",
	"persistentvolume-protection-controller",
	"persistentvolumeclaim-protection-controller",
	"pod-garbage-collector-controller",
	"replicaset-controller",
	"resourcequota-controller",
	"root-ca-certificate-publisher-controller",
	"serviceaccount-controller",
	"serviceaccount-token-controller",
	"statefulset-controller",
	"taint-eviction-controller",
	"ttl-after-finished-controller",
}

// layout knows where everything of one control plane is.
type layout struct {
	dir     string
	address string
	binary  string
	pki     pki.Folder
}

func (l layout) kubeconfig(user string) string { return filepath.Join(l.dir, user+".kubeconfig") }
func (l layout) log(name string) string        { return filepath.Join(l.dir, "logs", name+".log") }
func (l layout) certificate(name string) string {
	return l.pki.Path(name + ".crt")
}
func (l layout) key(name string) string { return l.pki.Path(name + ".key") }

func (l layout) url(port int) string { return fmt.Sprintf("https://%s:%d", l.address, port) }

// etcdName is the name of the one member of etcd.
const etcdName = "sandbox"

// etcdConfig is the content of etcd's configuration file.
func (l layout) etcdConfig() ([]byte, error) {
	tls := map[string]any{
		"cert-file": l.certificate("etcd"), "key-file": l.key("etcd"),
		"trusted-ca-file": l.certificate("etcd-ca"), "client-cert-auth": true,
	}
	return yaml.Marshal(map[string]any{
		"name":                           etcdName,
		"data-dir":                       filepath.Join(l.dir, "etcd"),
		"listen-client-urls":             l.url(etcdPort),
		"advertise-client-urls":          l.url(etcdPort),
		"listen-peer-urls":               l.url(etcdPeerPort),
		"initial-advertise-peer-urls":    l.url(etcdPeerPort),
		"initial-cluster":                etcdName + "=" + l.url(etcdPeerPort),
		"client-transport-security":      tls,
		"peer-transport-security":        tls,
		"log-level":                      "warn",
		"warning-unary-request-duration": 300 * time.Millisecond, // left out, it is zero, and each request is worth a warning
		"quota-backend-bytes":            512 << 20,
		// The history that etcd keeps in memory for followers, of which there are none.
		"snapshot-count":           1000,
		"snapshot-catchup-entries": 10,
		// A sandbox may lose its last seconds if the machine loses power; it must not wait for a disk at every write.
		"unsafe-no-fsync": true,
	})
}

func (l layout) apiServerFlags(webhooks bool) []string {
	flags := []string{
		"--bind-address=" + l.address,
		"--advertise-address=" + l.address,
		fmt.Sprintf("--secure-port=%d", apiPort),
		// The endpoints of Service kubernetes would be a loopback address, which is not allowed there.
		"--endpoint-reconciler-type=none",
		"--etcd-servers=" + l.url(etcdPort),
		"--etcd-cafile=" + l.certificate("etcd-ca"),
		"--etcd-certfile=" + l.certificate("etcd-client"),
		"--etcd-keyfile=" + l.key("etcd-client"),
		"--etcd-count-metric-poll-period=0",
		"--client-ca-file=" + l.certificate("ca"),
		"--tls-cert-file=" + l.certificate("apiserver"),
		"--tls-private-key-file=" + l.key("apiserver"),
		"--requestheader-client-ca-file=" + l.certificate("front-proxy-ca"),
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + l.certificate("front-proxy-client"),
		"--proxy-client-key-file=" + l.key("front-proxy-client"),
		"--service-account-issuer=https://kubernetes.default.svc." + clusterDomain,
		"--service-account-key-file=" + l.pki.Path("service-account.pub"),
		"--service-account-signing-key-file=" + l.key("service-account"),
		"--service-cluster-ip-range=" + ServiceCIDR,
		"--authorization-mode=RBAC",
		"--allow-privileged=true",
		// Pods leave a node that is lost after half a minute instead of five: rehearsals wait for it.
		"--default-not-ready-toleration-seconds=30",
		"--default-unreachable-toleration-seconds=30",
		"--enable-priority-and-fairness=false",
		"--max-requests-inflight=200",
		"--max-mutating-requests-inflight=100",
		"--profiling=false",
	}
	if !webhooks {
		// A webhook is answered by a pod, and no pod here really runs: each one would refuse what it guards.
		flags = append(flags, "--disable-admission-plugins=MutatingAdmissionWebhook,ValidatingAdmissionWebhook")
	}
	return flags
}

func (l layout) controllerManagerFlags() []string {
	return []string{
		"--kubeconfig=" + l.kubeconfig("controller-manager"),
		"--leader-elect=false",
		"--secure-port=0", // nobody scrapes it, and a port less can be busy
		"--controllers=" + strings.Join(controllers, ","),
		"--cluster-name=" + clusterDomain,
		"--service-account-private-key-file=" + l.key("service-account"),
		"--root-ca-file=" + l.certificate("ca"),
		"--kube-api-qps=200",
		"--kube-api-burst=400",
		// Several times the heartbeat of the simulated nodes.
		"--node-monitor-grace-period=5m",
		"--horizontal-pod-autoscaler-sync-period=1m",
		"--pvclaimbinder-sync-period=1m",
		"--min-resync-period=12h",
		"--profiling=false",
	}
}

// schedulerConfig is the content of the scheduler's configuration file.
func (l layout) schedulerConfig() ([]byte, error) {
	return yaml.Marshal(map[string]any{
		"apiVersion":       "kubescheduler.config.k8s.io/v1",
		"kind":             "KubeSchedulerConfiguration",
		"clientConnection": map[string]any{"kubeconfig": l.kubeconfig("scheduler"), "qps": 200, "burst": 400},
		"leaderElection":   map[string]any{"leaderElect": false},
		"enableProfiling":  false,
		"parallelism":      2,
		// Pods that wait for a volume or a node should not wait ten seconds longer than that.
		"podInitialBackoffSeconds": 1,
		"podMaxBackoffSeconds":     2,
	})
}

func (l layout) cloudFlags(addresses []netip.Addr) []string {
	return []string{"--kubeconfig=" + l.kubeconfig("cloud"), "--pod-cidr=" + PodCIDR, poolFlag(addresses)}
}

func poolFlag(addresses []netip.Addr) string {
	pool := make([]string, len(addresses))
	for i, address := range addresses {
		pool[i] = address.String()
	}
	return "--load-balancer-addresses=" + strings.Join(pool, ",")
}
