package stacks

// prod is the profile of the deployment proposal: every part survives the loss of a machine, and what holds data is kept.
func prod() Config {
	return Config{
		Profile: "prod",
		Protect: true,
		Cloud: Cloud{
			Image:     Image{Distribution: "ubuntu", Version: "24.04"},
			User:      "ubuntu",
			SSHPort:   22,
			Placement: "anti-affinity",
		},
		Network: Network{
			CIDR:        "10.20.0.0/24", // not demo's, so that the two could be joined one day
			PodCIDR:     "10.233.64.0/18",
			ServiceCIDR: "10.233.0.0/18",
			MTU:         1450, // what OpenStack leaves of 1500 for a tenant network
		},
		Kubernetes: Kubernetes{
			Version:    "1.35.4",
			Network:    "calico",
			Hardened:   true,
			Reserve:    true,
			Kubespray:  Kubespray{Version: "v2.31.0", Ansible: "venv"},
			EtcdBackup: etcdBackup(true),
		},
		Edge:        Edge{TTLSeconds: 120, Proxied: true},
		Ingress:     Ingress{Engine: "ingress-nginx"},
		Monitoring:  Monitoring{Retention: "15d"},
		Logging:     Logging{Engine: "bitnami", FluentBit: true},
		Postgres:    Postgres{Engine: "bitnami", Database: "exchange", User: "exchange"},
		ObjectStore: ObjectStore{Engine: "minio", StaticBucket: "static", MediaBucket: "media"},
		Exchange:    Exchange{WebReplicas: 2, WorkerReplicas: 2},
	}
}
