package arvan

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// zonePattern is the form of ArvanCloud's zone codes ("ir-thr-ba1", "eu-west1-a"). Which zones exist is asked of the API:
// a list here would refuse every zone that opens after it was written.
var zonePattern = regexp.MustCompile(`^[a-z]{2}-[a-z]+[0-9]*-[a-z0-9]+$`)

// placements are the values of cloud.placement besides none.
var placements = []string{"anti-affinity", "soft-anti-affinity"}

// smallestDisk is the smallest one that the images fit on, in GiB.
const smallestDisk = 25

// cdnRanges is where the CDN's own ranges are listed.
const cdnRanges = "https://www.arvancloud.ir/en/ips.txt"

// Validate reports what is wrong with the section.
func (c *Cloud) Validate(profile settings.Profile, path *field.Path) field.ErrorList {
	problems := slices.Concat(
		settings.Matches(c.Zone, path.Child("zone"), zonePattern, `must be a zone code such as "ir-thr-ba1"`),
		c.Image.validate(path.Child("image")),
		settings.Text(c.User, path.Child("user"), "name the image's login user"),
		settings.Messages(field.IsValidPortNum(c.SSHPort), c.SSHPort, path.Child("sshPort")))
	if c.Placement != "" {
		problems = append(problems, settings.OneOf(c.Placement, path.Child("placement"), placements...)...)
	}
	if len(c.AdminCIDRs) == 0 {
		problems = append(problems, field.Required(path.Child("adminCidrs"),
			`list the ranges that may reach SSH and the Kubernetes API, for example ["203.0.113.7/32"]; the machine that runs Pulumi must be in one of them`))
	}
	problems = append(problems, settings.CIDRs(c.AdminCIDRs, path.Child("adminCidrs"))...)
	for i, key := range c.AdminSSHKeys {
		at := path.Child("adminSshKeys").Index(i)
		if strings.Contains(key, "PRIVATE KEY") { // must not be said again, in a log
			problems = append(problems, field.Forbidden(at, "is a private key: give the public one (the file that ends in .pub), and make a new pair, because others may have read this one"))
		} else if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(key)); err != nil {
			problems = append(problems, field.Invalid(at, key, `must be a public key such as "ssh-ed25519 AAAA… name"`))
		} else if strings.ContainsAny(key, "\r\n") {
			problems = append(problems, field.Invalid(at, key, "has a line break in it: list each key by itself"))
		}
	}
	return problems
}

func (i Image) validate(path *field.Path) field.ErrorList {
	return slices.Concat(
		settings.Text(i.Distribution, path.Child("distribution"), `name a distribution, for example "ubuntu"`),
		settings.Text(i.Version, path.Child("version"), `name a version, for example "24.04"`))
}

// Validate reports what is wrong with the section.
func (n *Network) Validate(profile settings.Profile, path *field.Path) field.ErrorList {
	problems := n.validateRanges(path)
	if n.MTU < 1280 || n.MTU > 9000 {
		problems = append(problems, field.Invalid(path.Child("mtu"), n.MTU, "must be between 1280 and 9000 bytes; `ip link` on a machine of the network shows it"))
	}
	if profile == settings.Prod && len(n.WebCIDRs) == 0 {
		problems = append(problems, field.Required(path.Child("webCidrs"), "list the ranges web traffic comes from: \"cdn\" stands for those of the CDN, "+cdnRanges))
	}
	for i, cidr := range n.WebCIDRs {
		if cidr != CDNRanges {
			problems = append(problems, settings.CIDR(cidr, path.Child("webCidrs").Index(i))...)
		}
	}
	return problems
}

func (n *Network) validateRanges(path *field.Path) field.ErrorList {
	ranges := []struct{ key, cidr string }{{"cidr", n.CIDR}, {"podCidr", n.PodCIDR}, {"serviceCidr", n.ServiceCIDR}}
	var problems field.ErrorList
	parsed := make([]netip.Prefix, len(ranges))
	for i, each := range ranges {
		problems = append(problems, settings.CIDR(each.cidr, path.Child(each.key))...)
		parsed[i], _ = netip.ParsePrefix(each.cidr) // an invalid one overlaps with none
		for j := range i {
			if parsed[i].Overlaps(parsed[j]) {
				problems = append(problems, field.Invalid(path.Child(each.key), each.cidr,
					fmt.Sprintf("overlaps with %s (%s); choose ranges that have no address in common", path.Child(ranges[j].key), ranges[j].cidr)))
			}
		}
	}
	return problems
}

// Validate reports what is wrong with the machines. What the cluster asks of its nodes, package kubespray says.
func (n Nodes) Validate(profile settings.Profile, path *field.Path) field.ErrorList {
	var problems field.ErrorList
	seen := map[string]int{}
	for i, node := range n {
		at := path.Index(i)
		if first, twice := seen[node.Name]; twice {
			problems = append(problems, field.Duplicate(at.Child("name"), fmt.Sprintf("%s (also %s)", node.Name, path.Index(first))))
		}
		seen[node.Name] = i
		problems = append(problems, node.validate(at)...)
	}
	if bastions := n.count(Bastion); bastions > 1 {
		problems = append(problems, field.Invalid(path, bastions, "one bastion is enough: Ansible runs on it, and what it knows of the cluster lies there"))
	}
	if profile == settings.Prod {
		problems = append(problems, n.validateSpare(path)...)
	}
	return problems
}

// validateSpare asks for what goes on without any one of the machines.
func (n Nodes) validateSpare(path *field.Path) field.ErrorList {
	var problems field.ErrorList
	if count := n.count(ControlPlane); count > 0 && count < 3 {
		problems = append(problems, field.Invalid(path, count, "prod needs at least 3 control planes: with fewer, etcd does not survive the loss of one"))
	}
	if n.count(Worker) == 1 {
		problems = append(problems, field.Invalid(path, 1, "prod needs at least 2 workers: with one, everything stops when it does"))
	}
	if !n.Has(Bastion) {
		problems = append(problems, field.Required(path, `prod needs a node with role "bastion": the others take SSH from the private network only`))
	}
	return problems
}

func (n Node) validate(path *field.Path) field.ErrorList {
	problems := slices.Concat(
		settings.Messages(field.IsDNS1123Label(n.Name), n.Name, path.Child("name")),
		settings.OneOf(n.Role, path.Child("role"), ControlPlane, Worker, Bastion))
	if n.Role == Bastion && len(n.Labels)+len(n.Taints) > 0 {
		problems = append(problems, field.Forbidden(path, "a bastion is no Kubernetes node: it can have neither labels nor taints"))
	}
	if n.Image != nil {
		problems = append(problems, n.Image.validate(path.Child("image"))...)
		if n.Role == Bastion {
			problems = append(problems, field.Forbidden(path.Child("image"),
				"another machine would know nothing of the cluster: what is known of it lies on the bastion. It is made from cloud.image, and stays"))
		}
	}
	problems = append(problems, settings.Text(n.Plan, path.Child("plan"), `name a plan of the zone, for example "g2-4-2-0"`)...)
	if n.DiskGiB < smallestDisk {
		problems = append(problems, field.Invalid(path.Child("diskGiB"), n.DiskGiB,
			fmt.Sprintf("must be at least %d: the smallest disk the images fit on", smallestDisk)))
	}
	if n.Data < 0 {
		problems = append(problems, field.Invalid(path.Child("data"), n.Data, "is no size: name it in GiB, or leave it out"))
	} else if n.Data > 0 && n.Role == Bastion {
		problems = append(problems, field.Forbidden(path.Child("data"), "a bastion is no Kubernetes node, and keeps no volumes of pods: leave it out"))
	}
	for _, key := range slices.Sorted(maps.Keys(n.Labels)) {
		messages := slices.Concat(field.IsQualifiedName(key), field.IsValidLabelValue(n.Labels[key]))
		problems = append(problems, settings.Messages(messages, n.Labels[key], path.Child("labels").Key(key))...)
	}
	return problems
}
