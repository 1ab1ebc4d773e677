package kubespray

import (
	"cmp"
	"regexp"
	"slices"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is the cluster's version and how it is installed.
type Config struct {
	// Version is without a leading "v" and must be one the Kubespray version carries.
	Version string `json:"version" later:"in place, node by node; one minor version at a time, never back"`
	// APIHost is a name in `edge.domain` that is made to lead to every control plane and is then what kubeconfigs name, so
	// that the loss of a control plane cuts nobody off. Empty means the first control plane's public address.
	APIHost string `json:"apiHost,omitempty" later:"in place; kubeconfigs that were given out name the old one, which goes"`
	// InternalHost is the same for the nodes themselves: a name in `edge.domain` that is made to lead to every control
	// plane's private address. Choose it before the first `pulumi up`: without it, the nodes depend on the first control
	// plane's address for the life of the cluster.
	InternalHost string `json:"internalHost,omitempty" later:"refused" because:"it was written into the cluster when that was made, and every node joined by it"`
	// Network is the pods' network, "calico" or "cilium".
	Network NetworkPlugin `json:"network" later:"refused" because:"the pods that run are connected by it"`
	// Hardened turns on what production needs: secrets encrypted at rest, an audit log, strict kubelets, TLS 1.2 and newer.
	Hardened bool `json:"hardened"`
	// Reserve keeps 700m and 1.5Gi of each node for Kubernetes and the system, in cgroups of their own; without it,
	// Kubespray's own 600m and 768Mi are kept.
	Reserve bool `json:"reserve"`
	// NodeMonitorGraceSeconds is after how long without a sign of life a node, and what runs on it, counts as lost: from 15 to 300.
	// Zero means Kubernetes' own, 40. It is most of what the loss of the database's machine costs; nodes say that they live every 10.
	NodeMonitorGraceSeconds int `json:"nodeMonitorGraceSeconds,omitempty" later:"with the next change of version"`
	// DataPath is the directory of the workers in which volumes of the storage class local-path lie: on a volume of the node's own
	// where it has one (`nodes[].data`; the path of those is for the life of the node), else on the root disk. Empty means Kubespray's
	// own, /opt/local-path-provisioner.
	DataPath string `json:"dataPath,omitempty" later:"new volumes only"`
	// Force lets a node be removed or upgraded even where the workloads' disruption budgets do not allow it, and several workers
	// be replaced or resized at once. Set it for one `pulumi up`.
	Force bool `json:"force,omitempty"`
	// Kubespray is the installer that runs on the bastion or, without one, on the first control plane.
	Kubespray Toolchain `json:"kubespray"`
	// EtcdBackup is where the members of etcd put encrypted backups of it, each on its own, in turns.
	EtcdBackup EtcdBackup `json:"etcdBackup"`
}

// LocalPath is where volumes of the storage class local-path lie.
func (c *Config) LocalPath() string { return cmp.Or(c.DataPath, "/opt/local-path-provisioner") }

// NetworkPlugin connects the pods.
type NetworkPlugin string

const (
	// Calico carries the pods' packets in VXLAN.
	Calico NetworkPlugin = "calico"
	// Cilium does the same with eBPF. Kubernetes' own files then belong to root.
	Cilium NetworkPlugin = "cilium"
)

// Toolchain is Kubespray and the Ansible that runs it.
type Toolchain struct {
	// Version is Kubespray's tag, with its leading "v".
	Version string `json:"version" later:"in place, with version; one release at a time, never back"`
	// Archive is the address of the tag's tree as .tar.gz. Empty means the project's own archive on GitHub.
	Archive string `json:"archive,omitempty" later:"the next run" login:"let the server know the machines by their addresses instead"`
	// SHA256 of the archive, in hexadecimal. Empty skips the check.
	SHA256 string `json:"sha256,omitempty" later:"the next run"`
	// Ansible is "venv" (the versions that the release pins, installed beside the tree) or "system" (the runner's own).
	Ansible Ansible `json:"ansible" later:"the next run"`
	// PackageIndex is the Python package index for "venv". Empty means pypi.org.
	PackageIndex string `json:"packageIndex,omitempty" later:"the next run" login:"let the server know the machines by their addresses instead, or set ansible to system"`
}

// Ansible says where ansible-playbook comes from.
type Ansible string

const (
	// Venv installs the versions the Kubespray release pins into a Python environment of its own on the runner.
	Venv Ansible = "venv"
	// System uses the ansible-playbook found on the runner's PATH.
	System Ansible = "system"
)

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(profile settings.Profile) {
	safe := profile == settings.Prod
	*c = Config{
		Version: "1.35.4", Network: Calico, Hardened: safe, Reserve: safe,
		Kubespray:  Toolchain{Version: "v2.31.0", Ansible: Venv},
		EtcdBackup: defaultBackup(safe),
	}
}

var (
	versionPattern  = regexp.MustCompile(`^1\.[0-9]+\.[0-9]+$`)
	dataPathPattern = regexp.MustCompile(`^(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$`)
	sha256Pattern   = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// Validate reports what is wrong with the section.
func (c *Config) Validate(profile settings.Profile, path *field.Path) field.ErrorList {
	problems := slices.Concat(
		c.validateVersions(path),
		settings.OneOf(c.Network, path.Child("network"), Calico, Cilium),
		settings.OneOf(c.Kubespray.Ansible, path.Child("kubespray", "ansible"), Venv, System),
		c.EtcdBackup.validate(profile, path.Child("etcdBackup")))
	if seconds := c.NodeMonitorGraceSeconds; seconds != 0 && (seconds < 15 || seconds > 300) {
		problems = append(problems, field.Invalid(path.Child("nodeMonitorGraceSeconds"), seconds,
			"must be from 15, more than the 10 in which a node says that it lives, to 300; or 0 for Kubernetes' own 40"))
	}
	if c.DataPath != "" {
		problems = append(problems, settings.Matches(c.DataPath, path.Child("dataPath"), dataPathPattern,
			`must be an absolute directory below the root, such as "/data/local-path"`)...)
	}
	if c.Kubespray.SHA256 != "" {
		problems = append(problems, settings.Matches(c.Kubespray.SHA256, path.Child("kubespray", "sha256"), sha256Pattern, "must be 64 hexadecimal digits")...)
	}
	return problems
}

func (c *Config) validateVersions(path *field.Path) field.ErrorList {
	if !versionPattern.MatchString(c.Version) {
		return field.ErrorList{field.Invalid(path.Child("version"), c.Version, `must be three numbers without a leading "v", for example "1.35.4"`)}
	}
	if problems := settings.OneOf(c.Kubespray.Version, path.Child("kubespray", "version"), Releases()...); len(problems) > 0 {
		return problems
	}
	if err := Carries(c.Kubespray.Version, c.Version); err != nil {
		return field.ErrorList{field.Invalid(path.Child("version"), c.Version, err.Error())}
	}
	return nil
}
