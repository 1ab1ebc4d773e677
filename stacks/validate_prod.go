package stacks

import (
	"net/netip"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validateProd checks what only production asks for: that it goes on without any one of its machines, and is open to nobody
// who need not reach it.
func validateProd(cfg *Config) field.ErrorList {
	return append(validateSpare(cfg), validateOpenings(cfg)...)
}

// validateSpare asks for more than one of everything that users would miss.
func validateSpare(cfg *Config) field.ErrorList {
	counts := map[Role]int{}
	for _, node := range cfg.Nodes {
		counts[node.Role]++
	}
	nodes := field.NewPath("nodes")
	var problems field.ErrorList
	if counts[ControlPlane] > 0 && counts[ControlPlane] < 3 {
		problems = append(problems, field.Invalid(nodes, counts[ControlPlane], "prod needs at least 3 control planes: with fewer, etcd does not survive the loss of one"))
	}
	if counts[Worker] == 1 {
		problems = append(problems, field.Invalid(nodes, 1, "prod needs at least 2 workers: with one, everything stops when it does"))
	}
	if counts[Bastion] == 0 {
		problems = append(problems, field.Required(nodes, `prod needs a node with role "bastion": the others take SSH from the private network only`))
	}
	if cfg.Exchange.WebReplicas == 1 {
		problems = append(problems, field.Invalid(field.NewPath("exchange", "webReplicas"), 1, "prod needs at least 2: with one, the exchange is away whenever its node is"))
	}
	return problems
}

// validateOpenings refuses firewalls that let everybody through.
func validateOpenings(cfg *Config) field.ErrorList {
	var problems field.ErrorList
	for i, cidr := range cfg.Cloud.AdminCIDRs {
		if everybody(cidr) {
			problems = append(problems, field.Invalid(field.NewPath("cloud", "adminCidrs").Index(i), cidr, "opens SSH and the Kubernetes API to everybody; list the addresses administrators come from"))
		}
	}
	web := field.NewPath("network", "webCidrs")
	if len(cfg.Network.WebCIDRs) == 0 {
		problems = append(problems, field.Required(web, "list the ranges web traffic comes from: those of the CDN, https://www.arvancloud.ir/en/ips.txt"))
	}
	for i, cidr := range cfg.Network.WebCIDRs {
		if cfg.Edge.Proxied && everybody(cidr) {
			problems = append(problems, field.Invalid(web.Index(i), cidr, "lets everybody go around the CDN and its firewall; list the CDN's ranges, https://www.arvancloud.ir/en/ips.txt"))
		}
	}
	return problems
}

func everybody(cidr string) bool {
	prefix, err := netip.ParsePrefix(cidr)
	return err == nil && prefix.Bits() == 0
}
