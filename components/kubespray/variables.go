package kubespray

import (
	"slices"
	"strconv"
	"strings"
)

// vxlanOverhead is what Calico's encapsulation takes of every packet.
const vxlanOverhead = 50

// allVariables are group_vars/all: what concerns every machine. Fields have the types Kubespray expects; a boolean in
// quotes would count as true whatever it says.
type allVariables struct {
	EtcdDeployment string `yaml:"etcd_deployment_type"`
	// EtcdMetricsPort serves etcd's metrics without a client certificate, on the private address.
	EtcdMetricsPort int `yaml:"etcd_metrics_port"`

	// LoadBalancer and its name make kubeadm write a name instead of the first control plane's address into the cluster.
	LoadBalancer     *loadBalancer `yaml:"loadbalancer_apiserver,omitempty"`
	LoadBalancerName string        `yaml:"apiserver_loadbalancer_domain_name,omitempty"`
	// Owner of Kubernetes' files: Cilium and hardening want root.
	Owner string `yaml:"kube_owner,omitempty"`

	// A machine that updates itself while packages are installed holds apt's lock for minutes.
	StopUnattendedUpgrades    bool               `yaml:"ubuntu_stop_unattended_upgrades"`
	KernelUpgradesDisabled    bool               `yaml:"ubuntu_kernel_unattended_upgrades_disabled"`
	ContainerdRegistryMirrors []containerdMirror `yaml:"containerd_registries_mirrors,omitempty"`

	GithubURL  string `yaml:"github_url,omitempty"`
	DlK8sURL   string `yaml:"dl_k8s_io_url,omitempty"`
	StorageURL string `yaml:"storage_googleapis_url,omitempty"`
	GetHelmURL string `yaml:"get_helm_url,omitempty"`
}

type loadBalancer struct {
	Address string `yaml:"address"`
	Port    int    `yaml:"port"`
}

type containerdMirror struct {
	Prefix  string           `yaml:"prefix"`
	Server  string           `yaml:"server"`
	Mirrors []containerdHost `yaml:"mirrors"`
}

type containerdHost struct {
	Host         string   `yaml:"host"`
	Capabilities []string `yaml:"capabilities"`
	SkipVerify   bool     `yaml:"skip_verify"`
	OverridePath bool     `yaml:"override_path"`
}

// clusterVariables are group_vars/k8s_cluster: what concerns the Kubernetes nodes.
type clusterVariables struct {
	KubeVersion      string `yaml:"kube_version"`
	ContainerManager string `yaml:"container_manager"`
	ServiceAddresses string `yaml:"kube_service_addresses"`
	PodsSubnet       string `yaml:"kube_pods_subnet"`

	NetworkPlugin string `yaml:"kube_network_plugin"`
	Backend       string `yaml:"calico_network_backend,omitempty"`
	// CalicoMTU is the one that counts: calico_veth_mtu alone changes nothing.
	CalicoMTU int `yaml:"calico_mtu,omitempty"`
	// CiliumMTU is text in Kubespray, and the network's own: Cilium takes its overhead off itself.
	CiliumMTU        string `yaml:"cilium_mtu,omitempty"`
	CiliumTunnelMode string `yaml:"cilium_tunnel_mode,omitempty"`

	CertificateNames []string `yaml:"supplementary_addresses_in_ssl_keys"`

	LocalPath      bool   `yaml:"local_path_provisioner_enabled"`
	LocalPathClass string `yaml:"local_path_provisioner_storage_class"`
	// LocalPathDefault goes into an annotation as it is, so it is text.
	LocalPathDefault string `yaml:"local_path_provisioner_is_default_storageclass"`
	LocalPathRoot    string `yaml:"local_path_provisioner_claim_root,omitempty"`

	*hardening    `yaml:",inline"`
	*reservations `yaml:",inline"`
}

// hardening follows Kubespray's hardening guide, but for what breaks a cluster that cannot always reach its registry
// (AlwaysPullImages) or whose kubelets' certificates nobody approves.
type hardening struct {
	EncryptSecrets bool `yaml:"kube_encrypt_secret_data"`
	Audit          bool `yaml:"kubernetes_audit"`
	AuditMaxAge    int  `yaml:"audit_log_maxage"`
	AuditBackups   int  `yaml:"audit_log_maxbackups"`
	AuditMaxSize   int  `yaml:"audit_log_maxsize"`
	Profiling      bool `yaml:"kube_profiling"`

	TLSMinVersion   string   `yaml:"tls_min_version"`
	TLSCipherSuites []string `yaml:"tls_cipher_suites"`

	ProtectKernel     bool `yaml:"kubelet_protect_kernel_defaults"`
	SeccompDefault    bool `yaml:"kubelet_seccomp_default"`
	RotateCertificate bool `yaml:"kubelet_rotate_certificates"`
	RenewCertificates bool `yaml:"auto_renew_certificates"`
}

// reservations are what nodes keep back from pods. Kubespray writes its defaults into every kubelet's settings whether it is
// told to or not: 600m and 768Mi in all, too little memory for a node that also ships logs and metrics.
type reservations struct {
	Kube         bool   `yaml:"kube_reserved"`
	KubeCPU      string `yaml:"kube_cpu_reserved"`
	KubeMemory   string `yaml:"kube_memory_reserved"`
	System       bool   `yaml:"system_reserved"`
	SystemCPU    string `yaml:"system_cpu_reserved"`
	SystemMemory string `yaml:"system_memory_reserved"`
}

// apiPort is where every API server listens.
const apiPort = 6443

// variables renders group_vars/all/all.yml.
func (args *Args) variables() ([]byte, error) {
	all := allVariables{
		EtcdDeployment:            "host",
		EtcdMetricsPort:           2381,
		StopUnattendedUpgrades:    true,
		KernelUpgradesDisabled:    true,
		ContainerdRegistryMirrors: containerdMirrors(args.RegistryMirrors),
	}
	if args.InternalEndpoint != "" {
		all.LoadBalancer = &loadBalancer{Address: args.InternalEndpoint, Port: apiPort}
		all.LoadBalancerName = args.InternalEndpoint
	}
	if args.Network == Cilium || args.Hardened {
		all.Owner = "root"
	}
	if base := strings.TrimRight(args.DownloadMirror, "/"); base != "" {
		all.GithubURL = base + "/github.com"
		all.DlK8sURL = base + "/dl.k8s.io"
		all.StorageURL = base + "/storage.googleapis.com"
		all.GetHelmURL = base + "/get.helm.sh"
	}
	return render(all)
}

// clusterVariables renders group_vars/k8s_cluster/k8s-cluster.yml. names are those the API server's certificate covers
// besides what Kubespray adds by itself: the private addresses and host names of the control planes.
func (args *Args) clusterVariables(names []string) ([]byte, error) {
	variables := clusterVariables{
		KubeVersion:      args.KubernetesVersion,
		ContainerManager: "containerd",
		ServiceAddresses: args.ServiceCIDR,
		PodsSubnet:       args.PodCIDR,
		NetworkPlugin:    string(args.Network),
		CertificateNames: names,
		LocalPath:        true,
		LocalPathClass:   "local-path",
		LocalPathDefault: "true",
		LocalPathRoot:    args.DataPath,
	}
	if args.Network == Cilium {
		variables.CiliumTunnelMode = "vxlan"
		if args.MTU != 0 {
			variables.CiliumMTU = strconv.Itoa(args.MTU)
		}
	} else {
		variables.Backend = "vxlan"
		if args.MTU != 0 {
			variables.CalicoMTU = args.MTU - vxlanOverhead
		}
	}
	if args.Hardened {
		variables.hardening = &hardening{
			EncryptSecrets: true, Audit: true, AuditMaxAge: 30, AuditBackups: 10, AuditMaxSize: 100,
			TLSMinVersion: "VersionTLS12",
			TLSCipherSuites: []string{
				"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
			},
			ProtectKernel: true, SeccompDefault: true, RotateCertificate: true, RenewCertificates: true,
		}
	}
	if args.Reserve {
		variables.reservations = &reservations{
			Kube: true, KubeCPU: "200m", KubeMemory: "512Mi", System: true, SystemCPU: "500m", SystemMemory: "1Gi",
		}
	}
	return render(variables)
}

// containerdMirrors renders the mirrors, sorted by registry. Setting the list replaces Kubespray's own, which is Docker
// Hub's real address: that entry is kept.
func containerdMirrors(mirrors []RegistryMirror) []containerdMirror {
	if len(mirrors) == 0 {
		return nil
	}
	const dockerHub, dockerHubServer = "docker.io", "https://registry-1.docker.io"
	mirrors = slices.Clone(mirrors)
	if !slices.ContainsFunc(mirrors, func(m RegistryMirror) bool { return m.Registry == dockerHub }) {
		mirrors = append(mirrors, RegistryMirror{Registry: dockerHub, Mirrors: []string{dockerHubServer}})
	}
	slices.SortStableFunc(mirrors, func(a, b RegistryMirror) int { return strings.Compare(a.Registry, b.Registry) })

	var rendered []containerdMirror
	for _, mirror := range mirrors {
		server := mirror.Server
		switch {
		case server != "":
		case mirror.Registry == dockerHub:
			server = dockerHubServer
		default:
			server = "https://" + mirror.Registry
		}
		var hosts []containerdHost
		for _, url := range mirror.Mirrors {
			hosts = append(hosts, containerdHost{
				Host: url, Capabilities: []string{"pull", "resolve"},
				// Else containerd puts /v2 behind the path, which a registry with several upstreams (Harbor) has in front of it.
				OverridePath: strings.Contains(url, "/v2/"),
			})
		}
		rendered = append(rendered, containerdMirror{Prefix: mirror.Registry, Server: server, Mirrors: hosts})
	}
	return rendered
}

// certificateNames are the wanted names, the endpoint and the control planes' public addresses, each once.
func (args *Args) certificateNames(wanted []string, endpoint string, addresses []address) []string {
	names := slices.Clone(wanted)
	names = append(names, endpoint)
	for i, node := range args.Nodes {
		if node.ControlPlane {
			names = append(names, addresses[i].public)
		}
	}
	seen := map[string]bool{"": true}
	return slices.DeleteFunc(names, func(name string) bool {
		defer func() { seen[name] = true }()
		return seen[name]
	})
}
