package kubespray

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

var (
	// clusterName becomes paths, unit names and the machines' names.
	clusterName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)
	taint       = regexp.MustCompile(`^[A-Za-z0-9./_-]+(=[A-Za-z0-9._-]*)?:(NoSchedule|PreferNoSchedule|NoExecute)$`)
)

// Problems are all that Kubespray, or this package, will not make a cluster of, with the places of the stack file at which it
// is said. It looks at no address or key, and so can be asked before a machine is made.
func (args *Args) Problems() field.ErrorList {
	return slices.Concat(args.nameProblems(), args.nodeProblems(field.NewPath("nodes")), args.memberProblems(field.NewPath("nodes")),
		args.rangeProblems(field.NewPath("network", "podCidr")), args.mirrorProblems(field.NewPath("mirrors", "registries")),
		args.loginProblems(field.NewPath("mirrors", "logins")))
}

func (args *Args) nameProblems() field.ErrorList {
	return settings.Matches(args.Cluster, field.NewPath("stack"), clusterName,
		"the cluster and its machines are named after the stack: its name must be at most 40 lower-case letters, digits and dashes; "+
			"make a stack of another name with `pulumi stack init`")
}

func (args *Args) nodeProblems(path *field.Path) field.ErrorList {
	var problems field.ErrorList
	for i, node := range args.Nodes {
		if node.Name == "bastion" && node.hasRole() {
			problems = append(problems, field.Invalid(path.Index(i).Child("name"), node.Name,
				"Kubespray takes a host called bastion for a jump host and trusts any key behind it: give it another name"))
		}
		for j, text := range node.Taints {
			problems = append(problems, settings.Matches(text, path.Index(i).Child("taints").Index(j), taint,
				`must be "key=value:Effect" with the effect NoSchedule, PreferNoSchedule or NoExecute`)...)
		}
	}
	return problems
}

// memberProblems asks for what makes a cluster.
func (args *Args) memberProblems(path *field.Path) field.ErrorList {
	count := func(has func(Node) bool) int {
		return len(slices.DeleteFunc(slices.Clone(args.Nodes), func(node Node) bool { return !has(node) }))
	}
	var problems field.ErrorList
	controlPlanes, members := count(func(n Node) bool { return n.ControlPlane }), count(func(n Node) bool { return n.Etcd })
	switch {
	case controlPlanes == 0:
		problems = append(problems, field.Required(path, `at least one node needs role "control-plane"`))
	case members%2 == 0:
		problems = append(problems, field.Invalid(path, members,
			"control planes run etcd, which keeps its quorum only with an odd number of members: use 1, 3 or 5"))
	}
	if count(func(n Node) bool { return n.Worker }) == 0 {
		problems = append(problems, field.Required(path, `at least one node needs role "worker": control planes take no workloads`))
	}
	return problems
}

// podRangeBits is the size of the range that each node takes its pods' addresses from; Calico gives a node another when it is full.
var podRangeBits = map[NetworkPlugin]int{Calico: 26, Cilium: 24}

// rangeProblems asks for a range of pods' addresses for each node.
func (args *Args) rangeProblems(path *field.Path) field.ErrorList {
	pods, err := netip.ParsePrefix(args.PodCIDR)
	if err != nil {
		return field.ErrorList{field.Invalid(path, args.PodCIDR, `must be an address range such as "10.233.64.0/18"`)}
	}
	bits, nodes := podRangeBits[args.Network], 0
	for _, node := range args.Nodes {
		if node.hasRole() {
			nodes++
		}
	}
	room := 0
	if spare := bits - pods.Bits(); spare >= 0 {
		room = 1 << min(spare, 30)
	}
	if nodes > room {
		return field.ErrorList{field.Invalid(path, args.PodCIDR,
			fmt.Sprintf("has room for %d nodes and the cluster has %d: %s gives each a range of its own, a /%d", room, nodes, args.Network, bits))}
	}
	return nil
}

// complete returns a copy of the arguments with the defaults filled in, or every reason they cannot be used.
func (args *Args) complete() (*Args, error) {
	if args == nil {
		return nil, errors.New("no arguments given")
	}
	full := *args
	full.setDefaults()
	problems := append(full.Config.Validate(settings.Demo, field.NewPath("kubernetes")), full.Problems()...)
	return &full, errors.Join(problems.Err(), errors.Join(full.unreachable()...))
}

// setDefaults fills in what may be left empty.
func (args *Args) setDefaults() {
	if args.EtcdBackup.Prefix == "" {
		args.EtcdBackup.Prefix = "etcd/" + args.Cluster
	}
	if args.Kubespray.Archive == "" {
		args.Kubespray.Archive = "https://github.com/kubernetes-sigs/kubespray/archive/refs/tags/" + args.Kubespray.Version + ".tar.gz"
	}
	if args.CertificateNames == nil {
		args.CertificateNames = pulumi.StringArray{}
	}
}

// unreachable are the mistakes of a program that hands over machines.
func (args *Args) unreachable() []error {
	var found []error
	refuse := func(format string, values ...any) { found = append(found, fmt.Errorf(format, values...)) }
	if args.SSH.User == "" || args.SSH.Port == 0 || args.SSH.PrivateKey == nil {
		refuse("ssh: user, port and private key are all needed")
	}
	for _, node := range args.Nodes {
		if node.PrivateAddress == nil || node.HostKey == nil {
			refuse("node %s: private address and host key are both needed", node.Name)
		}
		if node.PublicAddress == nil && args.SSH.Bastion == "" {
			refuse("node %s: it has no public address, and ssh.bastion names no node to reach it through", node.Name)
		}
		if !node.hasRole() && node.Name != args.Runner && node.Name != args.SSH.Bastion {
			refuse("node %s: it has no role and is neither the runner nor the bastion", node.Name)
		}
	}
	if bastion := args.SSH.Bastion; bastion != "" && !slices.ContainsFunc(args.Nodes, func(n Node) bool {
		return n.Name == bastion && n.PublicAddress != nil
	}) {
		refuse("ssh: the bastion %q is none of the nodes with a public address", bastion)
	}
	if !slices.ContainsFunc(args.Nodes, func(n Node) bool { return n.Name == args.Runner }) {
		refuse("runner: %q is none of the nodes", args.Runner)
	}
	return found
}

func (node Node) hasRole() bool { return node.ControlPlane || node.Etcd || node.Worker }
