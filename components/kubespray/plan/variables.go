package plan

import "strings"

// effect is what it takes for a changed variable to be in force on a running cluster.
type effect int

const (
	// wholeCluster variables are applied by cluster.yml.
	wholeCluster effect = iota
	// controlPlaneFlags are arguments of API server, controller manager and scheduler: cluster.yml leaves those of a running
	// control plane alone, only upgrade-cluster.yml writes them.
	controlPlaneFlags
	// everyFlag variables are arguments of those and of every kubelet: it takes both playbooks.
	everyFlag
	// fixed variables cannot be changed once the cluster runs.
	fixed
	// ownStep variables have a playbook of their own.
	ownStep
)

// effects of the variables that are not wholeCluster; a name that ends in * is a prefix.
var effects = map[string]effect{
	"kube_encrypt_secret_data": controlPlaneFlags, "kube_encryption_*": controlPlaneFlags,
	"kubernetes_audit*": controlPlaneFlags, "audit_*": controlPlaneFlags,
	"kube_apiserver_*": controlPlaneFlags, "kube_controller_*": controlPlaneFlags, "kube_scheduler_*": controlPlaneFlags,
	"kube_profiling": controlPlaneFlags, "kube_pod_security_*": controlPlaneFlags, "authorization_modes": controlPlaneFlags,
	"tls_*": everyFlag,

	"kube_service_addresses": fixed, "kube_pods_subnet": fixed, "kube_network_node_prefix": fixed, "kube_network_plugin": fixed,
	"calico_network_backend": fixed, "calico_pool_blocksize": fixed, "container_manager": fixed, "etcd_deployment_type": fixed,
	"cilium_ipam_mode": fixed, "cilium_tunnel_mode": fixed,
	// kubeadm wrote it into the cluster when the cluster was made; nodes joined by it.
	"loadbalancer_apiserver": fixed, "apiserver_loadbalancer_domain_name": fixed,

	"etcd_backup": ownStep,
}

func effectOf(name string) effect {
	if found, known := effects[name]; known {
		return found
	}
	for pattern, found := range effects {
		if prefix, is := strings.CutSuffix(pattern, "*"); is && strings.HasPrefix(name, prefix) {
			return found
		}
	}
	return wholeCluster
}
