package stacks

import (
	"cmp"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/access"
	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/exchange"
	"github.com/iransre/exchange-platform/components/ingress"
	"github.com/iransre/exchange-platform/components/kubespray"
	"github.com/iransre/exchange-platform/components/logging"
	"github.com/iransre/exchange-platform/components/monitoring"
	"github.com/iransre/exchange-platform/components/objectstore"
	"github.com/iransre/exchange-platform/components/postgres"
)

// Each function here says what one component is told: the configuration and the other components' outputs, as its
// arguments.

func machineArgs(cfg *Config, imageIDs map[Image]string) *arvan.Args {
	image := func(named Image) arvan.Image { return arvan.Image{Name: named.String(), ID: imageIDs[named]} }
	args := &arvan.Args{
		Zone: cfg.Cloud.Zone, Image: image(cfg.Cloud.Image),
		CIDR: cfg.Network.CIDR, MTU: cfg.Network.MTU, SSHPort: cfg.Cloud.SSHPort,
		AdminCIDRs: cfg.Cloud.AdminCIDRs, WebCIDRs: cfg.Network.WebCIDRs, AdminSSHKeys: cfg.Cloud.AdminSSHKeys,
		Placement: cfg.Cloud.Placement, Protect: cfg.Protect,
	}
	for _, node := range cfg.Nodes {
		server := arvan.Server{Name: node.Name, Kind: arvan.Kind(node.Role), Plan: node.Plan, DiskGiB: node.DiskGiB}
		if node.Image != nil {
			own := image(*node.Image)
			server.Image = &own
		}
		args.Servers = append(args.Servers, server)
	}
	return args
}

func clusterArgs(name string, cfg *Config, machines *arvan.Machines, api *apiNames, last string) *kubespray.Args {
	bastion := first(cfg.Nodes, Bastion)
	args := &kubespray.Args{
		Cluster:           name,
		Runner:            runner(cfg.Nodes),
		Endpoint:          api.outside,
		InternalEndpoint:  cfg.Kubernetes.InternalHost,
		CertificateNames:  api.certified,
		LastState:         last,
		Force:             cfg.Kubernetes.Force,
		NetworkPlugin:     kubespray.NetworkPlugin(cfg.Kubernetes.Network),
		Hardened:          cfg.Kubernetes.Hardened,
		Reserve:           cfg.Kubernetes.Reserve,
		DataPath:          cfg.Kubernetes.DataPath,
		SSH:               kubespray.SSH{User: cfg.Cloud.User, Port: cfg.Cloud.SSHPort, PrivateKey: machines.PrivateKey, Bastion: bastion},
		KubernetesVersion: cfg.Kubernetes.Version,
		KubesprayVersion:  cfg.Kubernetes.Kubespray.Version,
		Toolchain: kubespray.Toolchain{
			Archive: cfg.Kubernetes.Kubespray.Archive, SHA256: cfg.Kubernetes.Kubespray.SHA256,
			Ansible: kubespray.Ansible(cfg.Kubernetes.Kubespray.Ansible), PackageIndex: cfg.Kubernetes.Kubespray.PackageIndex,
		},
		PodCIDR: cfg.Network.PodCIDR, ServiceCIDR: cfg.Network.ServiceCIDR, MTU: cfg.Network.MTU,
		DownloadMirror: cfg.Mirrors.Files,
		EtcdBackup:     etcdBackupArgs(cfg),
	}
	for _, registry := range slices.Sorted(maps.Keys(cfg.Mirrors.Registries)) {
		args.RegistryMirrors = append(args.RegistryMirrors, kubespray.RegistryMirror{
			Registry: registry, Mirrors: []string{cfg.Mirrors.Registries[registry]},
		})
	}
	for _, node := range cfg.Nodes {
		machine := machines.Machines[node.Name]
		member := kubespray.Node{
			Name:         node.Name,
			ControlPlane: node.Role == ControlPlane, Etcd: node.Role == ControlPlane, Worker: node.Role == Worker,
			PrivateAddress: machine.PrivateAddress, HostKey: machine.HostKey, Machine: machine.ID, Image: machine.Image,
			Labels: node.Labels, Taints: node.Taints,
		}
		if node.Image != nil {
			member.WantedImage = node.Image.String()
		}
		// its public address takes SSH only where no bastion does
		if bastion == "" || bastion == node.Name {
			member.PublicAddress = machine.PublicAddress
		}
		args.Nodes = append(args.Nodes, member)
	}
	return args
}

// accessArgs are the kubeconfigs of others, with what is known of the tokens they hold.
func accessArgs(cfg *Config, cluster *kubespray.Cluster, installer *chart.Installer, last map[string]access.Term) *access.Args {
	args := &access.Args{Installer: installer, Kubeconfig: cluster.Kubeconfig, Tokens: cluster.Tokens}
	for _, grant := range cfg.Kubernetes.Access {
		lifetime, _ := grant.lifetime() // it was validated
		args.Grants = append(args.Grants, access.Grant{
			Name: grant.Name, Role: grant.Role, Namespaces: grant.Namespaces, Lifetime: lifetime, Last: last[grant.Name],
		})
	}
	return args
}

// runner is the node Ansible runs on: the bastion or, without one, the first control plane. It stands where the cluster is,
// because over a border's latency a run takes hours.
func runner(nodes []Node) string {
	return cmp.Or(first(nodes, Bastion), first(nodes, ControlPlane))
}

// first is the name of the first node of a role; empty if there is none.
func first(nodes []Node, role Role) string {
	for _, node := range nodes {
		if node.Role == role {
			return node.Name
		}
	}
	return ""
}

func collector(cfg *Config) *logging.FluentBitArgs {
	if !cfg.Logging.FluentBit {
		return nil
	}
	return &logging.FluentBitArgs{}
}

// publicAddresses are those of the nodes of a role: of workers, where the edge sends web traffic; of control planes, where
// the Kubernetes API answers.
func publicAddresses(cfg *Config, role Role, machines *arvan.Machines) []pulumi.StringInput {
	return addresses(cfg, role, machines, func(machine arvan.Machine) pulumi.StringInput { return machine.PublicAddress })
}

// privateAddresses are those in the private network.
func privateAddresses(cfg *Config, role Role, machines *arvan.Machines) []pulumi.StringInput {
	return addresses(cfg, role, machines, func(machine arvan.Machine) pulumi.StringInput { return machine.PrivateAddress })
}

func addresses(cfg *Config, role Role, machines *arvan.Machines, of func(arvan.Machine) pulumi.StringInput) []pulumi.StringInput {
	var found []pulumi.StringInput
	for _, node := range cfg.Nodes {
		if node.Role == role {
			found = append(found, of(machines.Machines[node.Name]))
		}
	}
	return found
}

func exchangeArgs(cfg *Config, installer *chart.Installer, watch *monitoring.Monitoring, web *ingress.Ingress,
	database *postgres.Postgres, store *objectstore.ObjectStore,
) *exchange.Args {
	return &exchange.Args{
		Installer: installer, MonitorCRDs: watch.CRDs,
		Image: exchange.Image{Repository: cfg.Exchange.Image.Repository, Tag: cfg.Exchange.Image.Tag},
		Host:  cfg.Exchange.Host, IngressClass: web.Class,
		Database: exchange.Database{
			Host: database.Host, ReadOnlyHost: database.ReadOnlyHost, Port: database.Port,
			Name: database.Database, User: database.User, Password: database.Password,
		},
		ObjectStore: exchange.ObjectStore{
			Endpoint: store.Endpoint, StaticBucket: cfg.ObjectStore.StaticBucket, MediaBucket: cfg.ObjectStore.MediaBucket,
			AccessKey: store.AccessKey, SecretKey: store.SecretKey,
		},
		WebReplicas: cfg.Exchange.WebReplicas, WorkerReplicas: cfg.Exchange.WorkerReplicas,
	}
}
