package stacks

// Config is everything an environment can say about itself. A profile fills the defaults, the stack file holds only what
// differs. Each field is one key of the stack file, `exchange-platform:<name>`; docs/configuration.md is made from the
// comments here.
type Config struct {
	// Profile chooses the defaults: "demo" (two nodes, nothing kept) or "prod" (highly available, everything kept). Each
	// also has rules of its own about what it accepts.
	Profile string `json:"profile"`
	// Protect refuses to delete what holds data or cannot be brought back: the database, the object store, the private
	// network, the key that logs in to the machines. `pulumi destroy` then stops at its preview; with --skip-preview it still
	// deletes everything that keeps no data. To take an environment down, set it to false, run `pulumi up`, then `pulumi destroy`.
	Protect bool `json:"protect"`
	// Cloud is where the machines come from and how they are reached.
	Cloud Cloud `json:"cloud"`
	// Network is the private network of the machines, and the cluster's own address ranges.
	Network Network `json:"network"`
	// Nodes are the cluster's machines in the order in which they joined. Append new ones; to remove a node, delete its
	// entry. A node is known by its name: a new name is a new machine.
	Nodes []Node `json:"nodes"`
	// Kubernetes is the cluster's version and the Kubespray that makes it.
	Kubernetes Kubernetes `json:"kubernetes"`
	// Edge is what stands between the users and the workers.
	Edge Edge `json:"edge"`
	// Ingress is the cluster's web entry.
	Ingress Ingress `json:"ingress"`
	// Monitoring is Prometheus, Alertmanager and Grafana.
	Monitoring Monitoring `json:"monitoring"`
	// Logging is Elasticsearch, Kibana and, if wanted, the collector.
	Logging Logging `json:"logging"`
	// Postgres is the exchange's database.
	Postgres Postgres `json:"postgres"`
	// ObjectStore holds the exchange's static and media files.
	ObjectStore ObjectStore `json:"objectStore"`
	// Exchange is the application itself.
	Exchange Exchange `json:"exchange"`
	// Mirrors replace the sources outside the country.
	Mirrors Mirrors `json:"mirrors"`
}

// Cloud is the ArvanCloud account's side of an environment. The API key is not here: it is the secret `arvancloud:apiKey`
// or the variable ARVANCLOUD_API_KEY.
type Cloud struct {
	// Zone is the availability zone of every machine, for example "ir-thr-ba1". It cannot be changed once they run.
	Zone string `json:"zone"`
	// Endpoint is the base address of the API. Empty means ArvanCloud's own.
	Endpoint string `json:"endpoint,omitempty"`
	// Image is the operating system of new machines, looked up in the zone: image ids differ from zone to zone. Machines that
	// run keep theirs; `nodes[].image` says how one gets another.
	Image Image `json:"image"`
	// User is the image's login user.
	User string `json:"user"`
	// SSHPort is the port on which the machines' SSH servers listen.
	SSHPort int `json:"sshPort"`
	// AdminCIDRs are the only address ranges that reach the Kubernetes API and SSH: the bastion's if there is one, otherwise
	// every machine's. They must hold the machine that runs Pulumi.
	AdminCIDRs []string `json:"adminCidrs"`
	// AdminSSHKeys are public keys, in the form of authorized_keys, that may log in besides the program's own.
	AdminSSHKeys []string `json:"adminSshKeys,omitempty"`
	// Placement is how control planes, and workers, are spread over the cloud's physical machines: "anti-affinity" (a new
	// machine is refused where there is no room apart from the others), "soft-anti-affinity" (then it is not), or empty (as
	// it comes). It cannot be changed once the machines run.
	Placement string `json:"placement,omitempty"`
}

// Image names an operating system by distribution and version, as the zone's image list does.
type Image struct {
	Distribution string `json:"distribution"`
	Version      string `json:"version"`
}

// String is "ubuntu 24.04".
func (i Image) String() string { return i.Distribution + " " + i.Version }

// Network is the addresses an environment uses. None of the ranges may overlap.
type Network struct {
	// CIDR is the private network that carries all traffic between the machines. It cannot be changed once they run.
	CIDR string `json:"cidr"`
	// PodCIDR and ServiceCIDR are the cluster's own ranges. They cannot be changed once the cluster runs.
	PodCIDR     string `json:"podCidr"`
	ServiceCIDR string `json:"serviceCidr"`
	// MTU is the private network's, in bytes. The pods' follows from it.
	MTU int `json:"mtu"`
	// WebCIDRs may reach the workers' ports 80 and 443.
	WebCIDRs []string `json:"webCidrs"`
}

// Role is what a node does in the cluster.
type Role string

// The roles a node can have. A control plane also runs etcd and takes no workloads. A bastion is no part of the cluster:
// Ansible runs on it, and SSH to the others goes through it.
const (
	ControlPlane Role = "control-plane"
	Worker       Role = "worker"
	Bastion      Role = "bastion"
)

// Node is one machine of the cluster, or its bastion.
type Node struct {
	// Name is the machine's, the node's and the SSH host's: a lower-case DNS label.
	Name string `json:"name"`
	// Role is "control-plane", "worker" or "bastion".
	Role Role `json:"role"`
	// Plan is the id of a size, for example "g2-4-2-0". `curl …/sizes` or the panel lists those of a zone.
	Plan string `json:"plan"`
	// DiskGiB is the size of the root disk.
	DiskGiB int `json:"diskGiB"`
	// Image (`{distribution, version}`) is this machine's own operating system. A node whose machine was made from another one
	// gets a new machine under its name: set it for one worker, or one control plane but the first, at a time. Left out, the
	// machine stays what it is, and a new one is made from `cloud.image`.
	Image *Image `json:"image,omitempty"`
	// Labels and Taints (`key=value:Effect`) are the Kubernetes node's.
	Labels map[string]string `json:"labels,omitempty"`
	Taints []string          `json:"taints,omitempty"`
}

// Kubernetes is the cluster's version and how it is installed.
type Kubernetes struct {
	// Version is without a leading "v" and must be one the Kubespray version carries.
	Version string `json:"version"`
	// APIHost is a name in `edge.domain` that is made to lead to every control plane and is then what kubeconfigs name, so
	// that the loss of a control plane cuts nobody off. Empty means the first control plane's public address.
	APIHost string `json:"apiHost,omitempty"`
	// InternalHost is the same for the nodes themselves: a name in `edge.domain` that is made to lead to every control
	// plane's private address. Choose it before the first `pulumi up`: without it, the nodes depend on the first control
	// plane's address for the life of the cluster.
	InternalHost string `json:"internalHost,omitempty"`
	// Network is the pods' network, "calico" or "cilium". It cannot be changed once the cluster runs.
	Network string `json:"network"`
	// Hardened turns on what production needs: secrets encrypted at rest, an audit log, strict kubelets, TLS 1.2 and newer.
	Hardened bool `json:"hardened"`
	// Reserve keeps CPU and memory of each node for Kubernetes and the system.
	Reserve bool `json:"reserve"`
	// DataPath is the directory of the workers in which volumes of the storage class local-path lie. No volume is attached for
	// it: it is on the root disk (`nodes[].diskGiB`) unless the machines' image mounts another one there. Volumes that exist stay where they
	// are. Empty means Kubespray's own, /opt/local-path-provisioner.
	DataPath string `json:"dataPath,omitempty"`
	// Force lets a node be removed even where the workloads' disruption budgets do not allow it. Set it for one `pulumi up`.
	Force bool `json:"force,omitempty"`
	// Access gives others than the administrator kubeconfigs of their own: the secret output `kubeconfigs`, by name.
	Access     []Access   `json:"access,omitempty"`
	Kubespray  Kubespray  `json:"kubespray"`
	EtcdBackup EtcdBackup `json:"etcdBackup"`
}

// EtcdBackup is where the members of etcd put encrypted backups of it, each on its own, in turns.
type EtcdBackup struct {
	// Enabled makes backups. To set it to false in prod is to say that the loss of etcd may be the loss of the cluster.
	Enabled bool `json:"enabled"`
	// Endpoint is the address of the S3-compatible storage, and Region the name of its region. It must be outside the cluster.
	Endpoint string `json:"endpoint"`
	Region   string `json:"region"`
	// Bucket must exist; nothing makes it.
	Bucket string `json:"bucket,omitempty"`
	// Prefix of the objects' names. Empty means "etcd/<stack>".
	Prefix string `json:"prefix,omitempty"`
	// AccessKey and SecretKey are those of a user of the storage who may list, put and delete under the prefix. Set them with
	// `pulumi config set --secret --path exchange-platform:kubernetes.etcdBackup.secretKey`.
	AccessKey string `json:"accessKey,omitempty"`
	SecretKey string `json:"secretKey,omitempty"`
	// Certificate is what backups are encrypted for: in PEM, or the name of a file beside the stack file that holds it. Its
	// private key opens every backup and must be nowhere near the cluster.
	Certificate string `json:"certificate,omitempty"`
	// EveryHours is the time between two backups of one member; it divides a day.
	EveryHours int `json:"everyHours"`
	// Keep is how many backups of each member stay.
	Keep int `json:"keep"`
}

// Access is one kubeconfig for a person, a team or a program.
type Access struct {
	// Name is the kubeconfig's, and that of the ServiceAccount behind it in the namespace platform-access.
	Name string `json:"name"`
	// Role is one of Kubernetes' own: "view" (reads all but Secrets), "edit" (deploys), or "admin" (edit, and gives rights to
	// others).
	Role string `json:"role"`
	// Namespaces it holds in; they must exist. None means all of them, which only "view" may.
	Namespaces []string `json:"namespaces,omitempty"`
	// Lifetime of its token, "10m" to "8760h"; empty means "720h". A `pulumi up` in the second half of it makes a new one, and
	// the old one goes on to its end.
	Lifetime string `json:"lifetime,omitempty"`
}

// Kubespray is the installer that runs on the bastion or, without one, on the first control plane.
type Kubespray struct {
	// Version is the tag, with its leading "v".
	Version string `json:"version"`
	// Archive is the address of the tag's tree as .tar.gz. Empty means the project's own archive on GitHub.
	Archive string `json:"archive,omitempty"`
	// SHA256 of the archive, in hexadecimal. Empty skips the check.
	SHA256 string `json:"sha256,omitempty"`
	// Ansible is "venv" (installed beside the tree, from the package index) or "system" (the runner's own).
	Ansible string `json:"ansible"`
	// PackageIndex is the Python package index for "venv". Empty means pypi.org.
	PackageIndex string `json:"packageIndex,omitempty"`
}

// Edge is the part of ArvanCloud's CDN an environment uses.
type Edge struct {
	// Domain is the zone in the CDN that holds the exchange's name, for example "iransre.ir".
	Domain string `json:"domain"`
	// TTLSeconds of the record; the CDN accepts a fixed set only.
	TTLSeconds int `json:"ttlSeconds"`
	// Proxied puts the CDN in front of the workers; false only names them.
	Proxied bool `json:"proxied"`
}

// Ingress chooses the cluster's web entry.
type Ingress struct {
	// Engine is "ingress-nginx".
	Engine string `json:"engine"`
}

// Monitoring is what is watched and for how long.
type Monitoring struct {
	// Retention is how long Prometheus keeps samples, for example "6h".
	Retention string `json:"retention"`
}

// Logging chooses where logs go.
type Logging struct {
	// Engine is "bitnami".
	Engine string `json:"engine"`
	// FluentBit collects the pods' logs into Elasticsearch.
	FluentBit bool `json:"fluentBit"`
}

// Postgres chooses the database.
type Postgres struct {
	// Engine is "bitnami".
	Engine string `json:"engine"`
	// Database and User are created for the exchange.
	Database string `json:"database"`
	User     string `json:"user"`
}

// ObjectStore chooses the S3 store.
type ObjectStore struct {
	// Engine is "minio".
	Engine string `json:"engine"`
	// StaticBucket and MediaBucket are created for the exchange.
	StaticBucket string `json:"staticBucket"`
	MediaBucket  string `json:"mediaBucket"`
}

// Exchange is the application: which image runs where, and how many of it.
type Exchange struct {
	// Host is the name its users type.
	Host string `json:"host"`
	// Image holds the Django project, its gunicorn and its Django-Q cluster.
	Image ContainerImage `json:"image"`
	// WebReplicas and WorkerReplicas are the pods of the web server and of Django-Q.
	WebReplicas    int `json:"webReplicas"`
	WorkerReplicas int `json:"workerReplicas"`
}

// ContainerImage is an image by repository and tag.
type ContainerImage struct {
	Repository string `json:"repository"`
	Tag        string `json:"tag"`
}

// Mirrors are the places inside the country from which an environment installs. Empty fields mean the original source.
type Mirrors struct {
	// Charts replaces every chart source at once: an HTTP repository, "oci://…", or a folder of archives.
	Charts string `json:"charts,omitempty"`
	// Registries maps a registry ("docker.io", "registry.k8s.io", "quay.io", "ghcr.io", …) to the mirror containerd asks first.
	Registries map[string]string `json:"registries,omitempty"`
	// Files is the base address for the binaries Kubespray downloads.
	Files string `json:"files,omitempty"`
}
