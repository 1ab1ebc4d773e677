package stacks

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/iransre/exchange-platform/components/kubespray"
)

// validate checks cfg as a whole, so that a user mends all mistakes in one go and before anything is made.
func validate(cfg *Config) field.ErrorList {
	return slices.Concat(
		validateCloud(cfg.Cloud, field.NewPath("cloud")),
		validateNetwork(cfg.Network, field.NewPath("network")),
		validateNodes(cfg.Nodes, field.NewPath("nodes")),
		validateKubernetes(cfg.Kubernetes, field.NewPath("kubernetes")),
		validateEtcdBackup(cfg, field.NewPath("kubernetes", "etcdBackup")),
		validateNames(cfg, field.NewPath("kubernetes")),
		validateAccess(cfg.Kubernetes.Access, field.NewPath("kubernetes", "access")),
		validateEdge(cfg.Edge, cfg.Exchange.Host, field.NewPath("edge")),
		validateEngines(cfg),
		validateExchange(cfg.Exchange, field.NewPath("exchange")),
		validateMirrors(cfg.Mirrors, field.NewPath("mirrors")),
	)
}

// zonePattern is the form of ArvanCloud's zone codes ("ir-thr-ba1", "eu-west1-a"). Which zones exist is asked of the API:
// a list here would refuse every zone that opens after it was written.
var zonePattern = regexp.MustCompile(`^[a-z]{2}-[a-z]+[0-9]*-[a-z0-9]+$`)

// placements are the values of cloud.placement; the first is none.
var placements = []string{"", "anti-affinity", "soft-anti-affinity"}

func validateCloud(cloud Cloud, path *field.Path) field.ErrorList {
	var problems field.ErrorList
	if !zonePattern.MatchString(cloud.Zone) {
		problems = append(problems, field.Invalid(path.Child("zone"), cloud.Zone, `must be a zone code such as "ir-thr-ba1"`))
	}
	problems = append(problems, validateImage(cloud.Image, path.Child("image"))...)
	problems = append(problems, validateText(cloud.User, path.Child("user"), "name the image's login user")...)
	for _, message := range validation.IsValidPortNum(cloud.SSHPort) {
		problems = append(problems, field.Invalid(path.Child("sshPort"), cloud.SSHPort, message))
	}
	if !slices.Contains(placements, cloud.Placement) {
		problems = append(problems, field.NotSupported(path.Child("placement"), cloud.Placement, placements[1:]))
	}
	if len(cloud.AdminCIDRs) == 0 {
		problems = append(problems, field.Required(path.Child("adminCidrs"),
			`list the ranges that may reach SSH and the Kubernetes API, for example ["203.0.113.7/32"]; the machine that runs Pulumi must be in one of them`))
	}
	problems = append(problems, validateCIDRs(cloud.AdminCIDRs, path.Child("adminCidrs"))...)
	for i, key := range cloud.AdminSSHKeys {
		if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(key)); err != nil {
			problems = append(problems, field.Invalid(path.Child("adminSshKeys").Index(i), key, `must be a public key such as "ssh-ed25519 AAAA… name"`))
		}
	}
	return problems
}

func validateImage(image Image, path *field.Path) field.ErrorList {
	return slices.Concat(
		validateText(image.Distribution, path.Child("distribution"), `name a distribution, for example "ubuntu"`),
		validateText(image.Version, path.Child("version"), `name a version, for example "24.04"`))
}

func validateNetwork(network Network, path *field.Path) field.ErrorList {
	ranges := []struct{ key, cidr string }{
		{"cidr", network.CIDR}, {"podCidr", network.PodCIDR}, {"serviceCidr", network.ServiceCIDR},
	}
	var problems field.ErrorList
	parsed := make([]netip.Prefix, len(ranges))
	for i, r := range ranges {
		problems = append(problems, validateCIDR(r.cidr, path.Child(r.key))...)
		parsed[i], _ = netip.ParsePrefix(r.cidr)
		for j := range i {
			if parsed[i].IsValid() && parsed[j].IsValid() && parsed[i].Overlaps(parsed[j]) {
				problems = append(problems, field.Invalid(path.Child(r.key), r.cidr,
					fmt.Sprintf("overlaps with %s (%s); choose ranges that have no address in common", path.Child(ranges[j].key), ranges[j].cidr)))
			}
		}
	}
	if network.MTU < 1280 || network.MTU > 9000 {
		problems = append(problems, field.Invalid(path.Child("mtu"), network.MTU, "must be between 1280 and 9000 bytes; `ip link` on a machine of the network shows it"))
	}
	return append(problems, validateCIDRs(network.WebCIDRs, path.Child("webCidrs"))...)
}

func validateCIDRs(cidrs []string, path *field.Path) field.ErrorList {
	var problems field.ErrorList
	for i, cidr := range cidrs {
		problems = append(problems, validateCIDR(cidr, path.Index(i))...)
	}
	return problems
}

func validateCIDR(cidr string, path *field.Path) field.ErrorList {
	prefix, err := netip.ParsePrefix(cidr)
	switch {
	case err != nil:
		return field.ErrorList{field.Invalid(path, cidr, `must be an address range such as "10.10.0.0/24"`)}
	case prefix != prefix.Masked():
		return field.ErrorList{field.Invalid(path, cidr, fmt.Sprintf("has bits set outside its mask; write %s", prefix.Masked()))}
	}
	return nil
}

func validateNodes(nodes []Node, path *field.Path) field.ErrorList {
	var problems field.ErrorList
	seen := map[string]int{}
	counts := map[Role]int{}
	for i, node := range nodes {
		at := path.Index(i)
		if first, twice := seen[node.Name]; twice {
			problems = append(problems, field.Duplicate(at.Child("name"), fmt.Sprintf("%s (also %s)", node.Name, path.Index(first))))
		}
		seen[node.Name] = i
		counts[node.Role]++
		problems = append(problems, validateNode(node, at)...)
	}
	if counts[ControlPlane] == 0 {
		problems = append(problems, field.Required(path, fmt.Sprintf("at least one node needs role %q", ControlPlane)))
	} else if counts[ControlPlane]%2 == 0 {
		problems = append(problems, field.Invalid(path, counts[ControlPlane],
			"control planes run etcd, which keeps its quorum only with an odd number of members: use 1, 3 or 5"))
	}
	if counts[Bastion] > 1 {
		problems = append(problems, field.Invalid(path, counts[Bastion], "one bastion is enough: Ansible runs on it, and what it knows of the cluster lies there"))
	}
	if counts[Worker] == 0 {
		problems = append(problems, field.Required(path, fmt.Sprintf("at least one node needs role %q: control planes take no workloads", Worker)))
	}
	return problems
}

// bareTaint is a taint as Kubespray wants it.
var bareTaint = regexp.MustCompile(`^([^=:]+)(=[^=:]*)?:(NoSchedule|PreferNoSchedule|NoExecute)$`)

func validateNode(node Node, path *field.Path) field.ErrorList {
	var problems field.ErrorList
	for _, message := range validation.IsDNS1123Label(node.Name) {
		problems = append(problems, field.Invalid(path.Child("name"), node.Name, message))
	}
	if roles := []Role{ControlPlane, Worker, Bastion}; !slices.Contains(roles, node.Role) {
		problems = append(problems, field.NotSupported(path.Child("role"), node.Role, roles))
	}
	if node.Role == Bastion && len(node.Labels)+len(node.Taints) > 0 {
		problems = append(problems, field.Forbidden(path, "a bastion is no Kubernetes node: it can have neither labels nor taints"))
	}
	if node.Image != nil {
		problems = append(problems, validateImage(*node.Image, path.Child("image"))...)
		if node.Role == Bastion {
			problems = append(problems, field.Forbidden(path.Child("image"),
				"another machine would know nothing of the cluster: what is known of it lies on the bastion. It is made from cloud.image, and stays"))
		}
	}
	problems = append(problems, validateText(node.Plan, path.Child("plan"), `name a plan of the zone, for example "g2-4-2-0"`)...)
	if node.DiskGiB < 25 {
		problems = append(problems, field.Invalid(path.Child("diskGiB"), node.DiskGiB, "must be at least 25: the smallest disk the images fit on"))
	}
	for _, key := range slices.Sorted(maps.Keys(node.Labels)) {
		at := path.Child("labels").Key(key)
		for _, message := range slices.Concat(validation.IsQualifiedName(key), validation.IsValidLabelValue(node.Labels[key])) {
			problems = append(problems, field.Invalid(at, node.Labels[key], message))
		}
	}
	for i, taint := range node.Taints {
		if !bareTaint.MatchString(taint) {
			problems = append(problems, field.Invalid(path.Child("taints").Index(i), taint, `must be "key=value:Effect" with the effect NoSchedule, PreferNoSchedule or NoExecute`))
		}
	}
	return problems
}

var (
	kubernetesVersion = regexp.MustCompile(`^1\.[0-9]+\.[0-9]+$`)
	dataPath          = regexp.MustCompile(`^(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$`)
	sha256Pattern     = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

func validateKubernetes(kubernetes Kubernetes, path *field.Path) field.ErrorList {
	var problems field.ErrorList
	tag, version := kubernetes.Kubespray.Version, kubernetes.Version
	switch {
	case !kubernetesVersion.MatchString(version):
		problems = append(problems, field.Invalid(path.Child("version"), version, `must be three numbers without a leading "v", for example "1.35.4"`))
	case !slices.Contains(kubespray.Releases(), tag):
		problems = append(problems, field.NotSupported(path.Child("kubespray", "version"), tag, kubespray.Releases()))
	default:
		if err := kubespray.Carries(tag, version); err != nil {
			problems = append(problems, field.Invalid(path.Child("version"), version, err.Error()))
		}
	}
	if kubernetes.DataPath != "" && !dataPath.MatchString(kubernetes.DataPath) {
		problems = append(problems, field.Invalid(path.Child("dataPath"), kubernetes.DataPath, `must be an absolute directory below the root, such as "/data/local-path"`))
	}
	if networks := []string{"calico", "cilium"}; !slices.Contains(networks, kubernetes.Network) {
		problems = append(problems, field.NotSupported(path.Child("network"), kubernetes.Network, networks))
	}
	if ansible := kubernetes.Kubespray.Ansible; ansible != "venv" && ansible != "system" {
		problems = append(problems, field.NotSupported(path.Child("kubespray", "ansible"), ansible, []string{"venv", "system"}))
	}
	if sum := kubernetes.Kubespray.SHA256; sum != "" && !sha256Pattern.MatchString(sum) {
		problems = append(problems, field.Invalid(path.Child("kubespray", "sha256"), sum, "must be 64 hexadecimal digits"))
	}
	return problems
}

func validateText(value string, path *field.Path, hint string) field.ErrorList {
	if strings.TrimSpace(value) == "" {
		return field.ErrorList{field.Required(path, hint)}
	}
	return nil
}
