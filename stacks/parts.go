package stacks

import (
	"cmp"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/access"
	"github.com/iransre/exchange-platform/components/alerting"
	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/components/certificates"
	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/delivery"
	"github.com/iransre/exchange-platform/components/exchange"
	"github.com/iransre/exchange-platform/components/kubespray"
	"github.com/iransre/exchange-platform/components/objectstore"
	"github.com/iransre/exchange-platform/components/postgres"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Each function here hands one component what others have made, where that takes more than a line.

// clusterArgs are the cluster's. Without machines they say what is wanted of it, which is enough to judge that.
func clusterArgs(stack string, cfg *Config, machines *arvan.Machines, api *apiNames, last string) *kubespray.Args {
	bastion := cfg.Nodes.First(arvan.Bastion)
	args := &kubespray.Args{
		Cluster: stack,
		// Ansible runs where the cluster is, because over a border's latency a run takes hours.
		Runner:           cmp.Or(bastion, cfg.Nodes.First(arvan.ControlPlane)),
		Config:           cfg.Kubernetes.Config,
		After:            machines.Mounted,
		Endpoint:         api.outside,
		CertificateNames: api.certified,
		LastState:        last,
		SSH:              kubespray.SSH{User: cfg.Cloud.User, Port: cfg.Cloud.SSHPort, PrivateKey: machines.PrivateKey, Bastion: bastion},
		PodCIDR:          cfg.Network.PodCIDR, ServiceCIDR: cfg.Network.ServiceCIDR, MTU: cfg.Network.MTU,
		DownloadMirror: cfg.Mirrors.Files, RegistryLogins: cfg.Mirrors.Logins,
		StrictARP: cfg.Edge.VirtualAddress().IsValid(),
	}
	if cfg.Logging.MapsFiles() {
		args.MemoryMappings = 1 << 20 // as Elastic's manual asks for
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
			ControlPlane: node.Role == arvan.ControlPlane, Etcd: node.Role == arvan.ControlPlane, Worker: node.Role == arvan.Worker,
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

// trustedProxies are the CDN's ranges where nobody else reaches the workers: what they say of a client is true.
func trustedProxies(cfg *Config) []string {
	if !cfg.Edge.ThroughCDN() || slices.ContainsFunc(cfg.Network.WebCIDRs, settings.Everybody) {
		return nil
	}
	return cfg.Network.WebCIDRs
}

// allowedSources are who may come to the virtual address. Without one, the workers' firewall says it.
func allowedSources(cfg *Config) []string {
	if !cfg.Edge.VirtualAddress().IsValid() {
		return nil
	}
	return cfg.Network.WebCIDRs
}

// bastion is the machine outside the cluster that notices when the cluster is silent; nil if there is none.
func bastion(machines *arvan.Machines) *alerting.Bastion {
	if machines.Bastion == nil {
		return nil
	}
	return &alerting.Bastion{Machine: machines.Bastion, Address: machines.PrivateAddresses(arvan.Bastion)[0]}
}

// runnerHost is the machine that GitHub's runner is on.
func runnerHost(cfg *Config, machines *arvan.Machines) delivery.Host {
	return delivery.Host{Machine: machines.FirstControlPlane, ID: machines.Machines[cfg.Nodes.First(arvan.ControlPlane)].ID}
}

func exchangeDatabase(cfg *Config, database *postgres.Postgres) exchange.Database {
	return exchange.Database{
		Host: database.Host, ReadOnlyHost: database.ReadOnlyHost, PrimaryHost: database.PrimaryHost, Port: database.Port,
		Encrypted: cfg.Postgres.Engine == postgres.CloudNativePG,
		Name:      database.Database, User: database.User, Password: database.Password,
	}
}

// drilledApplication is the exchange as the restore drill has to know it.
func drilledApplication(cfg *Config) (postgres.Application, error) {
	logins, err := cfg.Exchange.Image.PullSecrets()
	return postgres.Application{
		Namespace: exchange.Namespace, Deployment: exchange.WebServer, Settings: exchange.Settings, Command: exchange.CheckMigrations(), PullSecrets: logins,
	}, err
}

// filesHost is the name from which browsers load static and media files, or those of one bucket; empty where that is none of this environment.
func filesHost(cfg *Config) string {
	return cfg.ObjectStore.FilesHost(cfg.Exchange.Host, cfg.Edge.Domain)
}

// staticPath is where static files are below that name; empty if they are elsewhere.
func staticPath(cfg *Config) string {
	if cfg.ObjectStore.IsOutside(objectstore.Static) {
		return ""
	}
	return "/" + cfg.ObjectStore.StaticBucket + "/"
}

// workersNames are those that lead to the workers' ports for the web.
func workersNames(cfg *Config) []string {
	names := cfg.Exchange.Names()
	if files := filesHost(cfg); files != "" {
		names = append(names, files)
	}
	return append(names, pageHosts(cfg)...)
}

// workersSpeakHTTPS tells whether browsers come to the workers themselves by HTTPS: with a certificate that was handed in, or one that is renewed.
func workersSpeakHTTPS(cfg *Config) bool {
	return !cfg.Edge.ThroughCDN() && (cfg.Edge.Certificate.Given() || cfg.Certificates.Shown())
}

// scheme is how browsers come. The CDN has certificates of its own.
func scheme(cfg *Config) string {
	if cfg.Edge.ThroughCDN() || workersSpeakHTTPS(cfg) {
		return "https"
	}
	return "http"
}

// publicURL is what a browser types for a name of the domain.
func publicURL(cfg *Config, host string) string { return scheme(cfg) + "://" + host }

// renewedSecret is where the certificate is that is renewed in the cluster; empty if the workers show another one.
func renewedSecret(cfg *Config) string {
	if !cfg.Certificates.Shown() {
		return ""
	}
	return certificates.SecretName
}

// filesURL is where they load those of a bucket.
func filesURL(cfg *Config, bucket objectstore.Bucket) string {
	if elsewhere := cfg.ObjectStore.FilesURL(bucket); elsewhere != "" {
		return elsewhere
	}
	return publicURL(cfg, filesHost(cfg))
}

func exchangeFiles(cfg *Config, store *objectstore.ObjectStore) exchange.ObjectStore {
	files := exchange.ObjectStore{
		Endpoint: store.Endpoint, StaticBucket: cfg.ObjectStore.StaticBucket, MediaBucket: cfg.ObjectStore.MediaBucket,
		PublicURL: pulumi.String(filesURL(cfg, objectstore.Static)), Region: cfg.ObjectStore.Region(objectstore.Static),
		AccessKey: store.AccessKey, SecretKey: store.SecretKey,
	}
	if cfg.ObjectStore.AreApart() {
		files.Media = &exchange.Store{
			Endpoint: store.Media.Endpoint, PublicURL: pulumi.String(filesURL(cfg, objectstore.Media)), Region: cfg.ObjectStore.Region(objectstore.Media),
			AccessKey: store.Media.AccessKey, SecretKey: store.Media.SecretKey,
		}
	}
	return files
}

// accessArgs are the kubeconfigs of others. They wait for the namespaces that the program makes: they may be for one of them.
func accessArgs(cfg *Config, p *platform, installer *chart.Installer, last map[string]access.Term) *access.Args {
	made := []pulumi.StringInput{
		p.Monitoring.Namespace, p.Ingress.Namespace, p.Logging.Namespace, p.Postgres.Namespace, p.ObjectStore.Namespace, p.Exchange.Namespace,
	}
	if p.Delivery != nil {
		made = append(made, p.Delivery.Namespace)
	}
	if p.Certificates != nil {
		made = append(made, p.Certificates.Namespace)
	}
	return &access.Args{
		Config: cfg.Kubernetes.Access, Installer: installer, Kubeconfig: p.Cluster.Kubeconfig, Tokens: p.Cluster.Tokens, Last: last, Made: made,
	}
}
