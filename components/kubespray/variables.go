package kubespray

import (
	"strconv"
	"strings"
)

// vxlanOverhead is what Calico's encapsulation takes of every packet.
const vxlanOverhead = 50

// apiPort is where every API server listens.
const apiPort = 6443

// Variables that are named elsewhere, too.
const (
	kubeVersion        = "kube_version"
	certificateNames   = "supplementary_addresses_in_ssl_keys"
	etcdBackupVariable = "etcd_backup"
	registryLogins     = "registry_logins"
)

// groupVariables are Kubespray's settings, by the group of machines that they concern: every one, and the Kubernetes nodes.
// Values have the types Kubespray expects: a boolean in quotes would count as true whatever it says.
type groupVariables struct{ all, cluster ordered }

func (args *Args) groupVariables(known resolved) groupVariables {
	return groupVariables{args.allVariables(), args.clusterVariables(known.certificateNames())}
}

// allVariables are group_vars/all.
func (args *Args) allVariables() ordered {
	all := ordered{
		{"etcd_deployment_type", "host"},
		// Serves etcd's metrics without a client certificate, on the private address.
		{"etcd_metrics_port", 2381},
	}
	if name := args.InternalHost; name != "" {
		// They make kubeadm write a name instead of the first control plane's address into the cluster.
		all = append(all,
			entry{"loadbalancer_apiserver", ordered{{"address", name}, {"port", apiPort}}},
			entry{"apiserver_loadbalancer_domain_name", name},
		)
	}
	if args.Network == Cilium || args.Hardened {
		// Owner of Kubernetes' files.
		all = append(all, entry{"kube_owner", "root"})
	}
	all = append(all,
		// A machine that updates itself while packages are installed holds apt's lock for minutes.
		entry{"ubuntu_stop_unattended_upgrades", true},
		entry{"ubuntu_kernel_unattended_upgrades_disabled", true},
	).optional(entry{"containerd_registries_mirrors", containerdMirrors(args.RegistryMirrors, args.RegistryLogins)})
	if kernel := args.kernelSettings(); len(kernel) > 0 {
		all = append(all, entry{"additional_sysctl", kernel})
	}
	if base := strings.TrimRight(args.DownloadMirror, "/"); base != "" {
		all = append(all,
			entry{"github_url", base + "/github.com"},
			entry{"dl_k8s_io_url", base + "/dl.k8s.io"},
			entry{"storage_googleapis_url", base + "/storage.googleapis.com"},
			entry{"get_helm_url", base + "/get.helm.sh"},
		)
	}
	return all
}

// kernelSettings are those besides Kubespray's own.
func (args *Args) kernelSettings() []ordered {
	var kernel []ordered
	set := func(name string, value int) { kernel = append(kernel, ordered{{"name", name}, {"value", value}}) }
	if args.MemoryMappings > 0 {
		set("vm.max_map_count", args.MemoryMappings)
	}
	if args.StrictARP {
		// What kube-proxy's strictARP does (pkg/proxy/ipvs of Kubernetes 1.35.4), which kubeadm writes into a new cluster only.
		set("net.ipv4.conf.all.arp_ignore", 1)
		set("net.ipv4.conf.all.arp_announce", 2)
	}
	return kernel
}

// clusterVariables are group_vars/k8s_cluster. names are those the API server's
// certificate covers besides what Kubespray adds by itself: the private addresses and host names of the control planes.
func (args *Args) clusterVariables(names []string) ordered {
	cluster := ordered{
		{kubeVersion, args.Version},
		{"container_manager", "containerd"},
		{"kube_service_addresses", args.ServiceCIDR},
		{"kube_pods_subnet", args.PodCIDR},
		{"kube_network_plugin", string(args.Network)},
	}
	cluster = append(cluster, args.networkPluginVariables()...)
	cluster = append(cluster,
		entry{certificateNames, append([]string{}, names...)},
		entry{"local_path_provisioner_enabled", true},
		entry{"local_path_provisioner_storage_class", "local-path"},
		// It goes into an annotation as it is, so it is text.
		entry{"local_path_provisioner_is_default_storageclass", "true"},
	).optional(entry{"local_path_provisioner_claim_root", args.DataPath})
	if seconds := args.NodeMonitorGraceSeconds; seconds != 0 {
		cluster = append(cluster, entry{"kube_controller_node_monitor_grace_period", strconv.Itoa(seconds) + "s"})
	}
	if args.Hardened {
		cluster = append(cluster, hardening...)
	}
	if args.Reserve {
		cluster = append(cluster, reservations...)
	}
	return cluster
}

// networkPluginVariables are those of Calico or of Cilium.
func (args *Args) networkPluginVariables() ordered {
	if args.Network == Cilium {
		var mtu ordered
		if args.MTU != 0 {
			// Text in Kubespray, and the private network's own: Cilium takes its overhead off itself.
			mtu = ordered{{"cilium_mtu", strconv.Itoa(args.MTU)}}
		}
		return append(mtu, entry{"cilium_tunnel_mode", "vxlan"})
	}
	calico := ordered{{"calico_network_backend", "vxlan"}}
	if args.MTU != 0 {
		// The one that counts: calico_veth_mtu alone changes nothing.
		calico = append(calico, entry{"calico_mtu", args.MTU - vxlanOverhead})
	}
	return calico
}

// hardening follows Kubespray's hardening guide, but for what breaks a cluster that cannot always reach its registry
// (AlwaysPullImages) or whose kubelets' certificates nobody approves.
var hardening = ordered{
	{"kube_encrypt_secret_data", true},
	{"kubernetes_audit", true},
	{"audit_log_maxage", 30},
	{"audit_log_maxbackups", 10},
	{"audit_log_maxsize", 100},
	{"kube_profiling", false},
	{"tls_min_version", "VersionTLS12"},
	{"tls_cipher_suites", []string{
		"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
	}},
	{"kubelet_protect_kernel_defaults", true},
	{"kubelet_seccomp_default", true},
	{"kubelet_rotate_certificates", true},
	{"auto_renew_certificates", true},
}

// reservations are what nodes keep back from pods. Kubespray writes its defaults into every kubelet's settings whether it is
// told to or not: 600m and 768Mi in all, too little memory for a node that also ships logs and metrics.
var reservations = ordered{
	{"kube_reserved", true},
	{"kube_cpu_reserved", "200m"},
	{"kube_memory_reserved", "512Mi"},
	{"system_reserved", true},
	{"system_cpu_reserved", "500m"},
	{"system_memory_reserved", "1Gi"},
}
