package stacks

// demo is the profile of the proposal's part 0: two nodes, everything ephemeral, near every chart's defaults.
func demo() Config {
	return Config{
		Profile: "demo",
		Cloud: Cloud{
			Image:   Image{Distribution: "ubuntu", Version: "24.04"},
			User:    "ubuntu",
			SSHPort: 22,
		},
		Network: Network{
			CIDR:        "10.10.0.0/24",
			PodCIDR:     "10.233.64.0/18",
			ServiceCIDR: "10.233.0.0/18",
			MTU:         1450, // what OpenStack leaves of 1500 for a tenant network
			WebCIDRs:    []string{"0.0.0.0/0"},
		},
		Kubernetes: Kubernetes{
			Version:    "1.35.4",
			Network:    "calico",
			Kubespray:  Kubespray{Version: "v2.31.0", Ansible: "venv"},
			EtcdBackup: etcdBackup(false),
		},
		Edge:        Edge{TTLSeconds: 120, Proxied: true},
		Ingress:     Ingress{Engine: "ingress-nginx"},
		Monitoring:  Monitoring{Retention: "6h"},
		Logging:     Logging{Engine: "bitnami"},
		Postgres:    Postgres{Engine: "bitnami", Database: "exchange", User: "exchange"},
		ObjectStore: ObjectStore{Engine: "minio", StaticBucket: "static", MediaBucket: "media"},
		Exchange:    Exchange{WebReplicas: 1, WorkerReplicas: 1},
	}
}
