package kubespray

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const (
	defaultPodCIDR     = "10.233.64.0/18"
	defaultServiceCIDR = "10.233.0.0/18"
)

var (
	// clusterName is an RFC 1123 label and hostName a name: they become paths, unit names, host names and Node objects.
	clusterName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)
	hostName    = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)
	taint       = regexp.MustCompile(`^[A-Za-z0-9./_-]+(=[A-Za-z0-9._-]*)?:(NoSchedule|PreferNoSchedule|NoExecute)$`)
)

// complete returns a copy of the arguments with the defaults filled in, or every reason they cannot be used.
func (args *Args) complete() (*Args, error) {
	if args == nil {
		return nil, errors.New("no arguments given")
	}
	full := *args
	full.setDefaults()
	if err := errors.Join(append(full.checkSettings(), full.checkNodes()...)...); err != nil {
		return nil, err
	}
	return &full, nil
}

// setDefaults fills in what was left empty.
func (args *Args) setDefaults() {
	args.KubernetesVersion = strings.TrimPrefix(args.KubernetesVersion, "v")
	if args.SSH.Port == 0 {
		args.SSH.Port = 22
	}
	if args.PodCIDR == "" {
		args.PodCIDR = defaultPodCIDR
	}
	if args.ServiceCIDR == "" {
		args.ServiceCIDR = defaultServiceCIDR
	}
	if args.EtcdBackup != nil {
		backup := *args.EtcdBackup
		backup.setDefaults(args.Cluster)
		args.EtcdBackup = &backup
	}
	if args.NetworkPlugin == "" {
		args.NetworkPlugin = Calico
	}
	if args.Toolchain.Ansible == "" {
		args.Toolchain.Ansible = Venv
	}
	if args.Toolchain.Archive == "" {
		args.Toolchain.Archive = "https://github.com/kubernetes-sigs/kubespray/archive/refs/tags/" + args.KubesprayVersion + ".tar.gz"
	}
	if args.CertificateNames == nil {
		args.CertificateNames = pulumi.StringArray{}
	}
}

func (args *Args) checkSettings() []error {
	var found []error
	if !clusterName.MatchString(args.Cluster) {
		found = append(found, fmt.Errorf("cluster: %q is no name of at most 40 lower-case letters, digits and dashes", args.Cluster))
	}
	if err := Carries(args.KubesprayVersion, args.KubernetesVersion); err != nil {
		found = append(found, err)
	}
	if args.SSH.User == "" || args.SSH.PrivateKey == nil {
		found = append(found, errors.New("ssh: user and private key are both needed"))
	}
	if args.SSH.Port < 1 || args.SSH.Port > 65535 {
		found = append(found, fmt.Errorf("ssh: %d is no port", args.SSH.Port))
	}
	if args.Toolchain.Ansible != Venv && args.Toolchain.Ansible != System {
		found = append(found, fmt.Errorf("toolchain: ansible is %q, want %q or %q", args.Toolchain.Ansible, Venv, System))
	}
	if args.NetworkPlugin != Calico && args.NetworkPlugin != Cilium {
		found = append(found, fmt.Errorf("networkPlugin: %q is neither %q nor %q", args.NetworkPlugin, Calico, Cilium))
	}
	if name := args.InternalEndpoint; name != "" && (!hostName.MatchString(name) || net.ParseIP(name) != nil) {
		found = append(found, fmt.Errorf("internalEndpoint: %q is no host name in lower case", name))
	}
	if args.DataPath != "" && !path.IsAbs(args.DataPath) {
		found = append(found, fmt.Errorf("dataPath: %q is no absolute path", args.DataPath))
	}
	if args.MTU != 0 && (args.MTU < 1280 || args.MTU > 9216) {
		found = append(found, fmt.Errorf("mtu: %d is outside 1280-9216", args.MTU))
	}
	pods, podsErr := netip.ParsePrefix(args.PodCIDR)
	services, servicesErr := netip.ParsePrefix(args.ServiceCIDR)
	switch {
	case podsErr != nil:
		found = append(found, fmt.Errorf("podCIDR: %w", podsErr))
	case servicesErr != nil:
		found = append(found, fmt.Errorf("serviceCIDR: %w", servicesErr))
	case pods.Overlaps(services):
		found = append(found, fmt.Errorf("podCIDR %s and serviceCIDR %s overlap: choose two ranges apart", pods, services))
	case args.members() > args.podRanges(pods):
		found = append(found, fmt.Errorf("podCIDR: %s has room for %d nodes and the cluster has %d: %s gives each a range of its own, a /%d",
			pods, args.podRanges(pods), args.members(), args.NetworkPlugin, podRangeBits[args.NetworkPlugin]))
	}
	if args.EtcdBackup != nil {
		found = append(found, args.EtcdBackup.check()...)
	}
	for _, mirror := range args.RegistryMirrors {
		if mirror.Registry == "" || len(mirror.Mirrors) == 0 {
			found = append(found, fmt.Errorf("registry mirror %q: the registry and at least one mirror are needed", mirror.Registry))
		}
	}
	return found
}

func (args *Args) checkNodes() []error {
	var found []error
	refuse := func(format string, values ...any) { found = append(found, fmt.Errorf(format, values...)) }

	seen := map[string]bool{}
	for i, node := range args.Nodes {
		if !hostName.MatchString(node.Name) || len(node.Name) > 63 {
			refuse("nodes[%d]: %q is no host name in lower case", i, node.Name)
		}
		if node.Name == "bastion" && node.hasRole() {
			refuse("nodes[%d]: Kubespray takes a host called bastion for a jump host and trusts any key behind it: give it another name", i)
		}
		if seen[node.Name] {
			refuse("nodes[%d]: %s is there twice", i, node.Name)
		}
		seen[node.Name] = true
		if node.PrivateAddress == nil || node.HostKey == nil {
			refuse("node %s: private address and host key are both needed", node.Name)
		}
		if node.PublicAddress == nil && args.SSH.Bastion == "" {
			refuse("node %s: it has no public address, and ssh.bastion names no node to reach it through", node.Name)
		}
		if !node.hasRole() && node.Name != args.Runner && node.Name != args.SSH.Bastion {
			refuse("node %s: it has no role and is neither the runner nor the bastion", node.Name)
		}
		for _, text := range node.Taints {
			if !taint.MatchString(text) {
				refuse("node %s: taint %q is not written key=value:Effect", node.Name, text)
			}
		}
	}

	if bastion := args.SSH.Bastion; bastion != "" && !slices.ContainsFunc(args.Nodes, func(n Node) bool {
		return n.Name == bastion && n.PublicAddress != nil
	}) {
		refuse("ssh: the bastion %q is none of the nodes with a public address", bastion)
	}
	if !seen[args.Runner] {
		refuse("runner: %q is none of the nodes", args.Runner)
	}
	if !slices.ContainsFunc(args.Nodes, func(n Node) bool { return n.ControlPlane }) {
		refuse("nodes: none is a control plane")
	}
	if !slices.ContainsFunc(args.Nodes, func(n Node) bool { return n.Worker }) {
		refuse("nodes: none is a worker, so nothing could be scheduled")
	}
	members := 0
	for _, node := range args.Nodes {
		if node.Etcd {
			members++
		}
	}
	if members%2 == 0 {
		refuse("nodes: %d of them run etcd; etcd needs an odd number, for example %d: an even one has no better quorum", members, members+1)
	}
	return found
}

// podRangeBits is the size of the range that each node takes its pods' addresses from; Calico gives a node another when it is full.
var podRangeBits = map[NetworkPlugin]int{Calico: 26, Cilium: 24}

// podRanges is the number of nodes that the pods' range has room for.
func (args *Args) podRanges(pods netip.Prefix) int {
	spare := podRangeBits[args.NetworkPlugin] - pods.Bits()
	if spare < 0 {
		return 0
	}
	return 1 << min(spare, 30)
}

// members is the number of nodes that run Kubernetes.
func (args *Args) members() int {
	members := 0
	for _, node := range args.Nodes {
		if node.ControlPlane || node.Worker {
			members++
		}
	}
	return members
}

func (node Node) hasRole() bool { return node.ControlPlane || node.Etcd || node.Worker }
