package arvan

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/internal/providers"
)

// kubernetesAPIPort is kube-apiserver's.
const kubernetesAPIPort = 6443

// everywhere names the group all servers are in; the others are by the role of their nodes.
const everywhere Role = ""

// firewalls are an environment's security groups: one for all servers, one for each role.
type firewalls map[Role]*providers.SecurityGroup

func newFirewalls(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) (firewalls, error) {
	made := firewalls{}
	for _, group := range []struct {
		role        Role
		name, about string
		rules       []providers.SecurityGroupRule
	}{
		{everywhere, name + "-nodes", "Every machine: the private network among itself" + aboutSSH(args), nodeRules(args)},
		{ControlPlane, groupName(name, ControlPlane), "Control planes: the Kubernetes API for administrators", []providers.SecurityGroupRule{
			ingress("the Kubernetes API", "tcp", kubernetesAPIPort, args.Cloud.AdminCIDRs),
		}},
		{Worker, groupName(name, Worker), "Workers: web traffic", webRules(args)},
		{Bastion, name + "-bastion", "The bastion: SSH for administrators", []providers.SecurityGroupRule{sshRule(args)}},
	} {
		if group.role == Bastion && !args.Nodes.Has(Bastion) {
			continue
		}
		securityGroup, err := providers.NewSecurityGroup(ctx, group.name, &providers.SecurityGroupArgs{
			Name: pulumi.String(group.name), Description: pulumi.String(group.about), Rules: group.rules, Zone: pulumi.String(args.Cloud.Zone),
		}, child)
		if err != nil {
			return nil, err
		}
		made[group.role] = securityGroup
	}
	return made, nil
}

// of are the ids of the groups a server is in.
func (f firewalls) of(node Node) pulumi.StringArrayInput {
	return pulumi.StringArray{f[everywhere].SecurityGroupId, f[node.Role].SecurityGroupId}
}

// webRules let web traffic in to the workers' own addresses. With a virtual address there is none: it comes by the private network, and
// the cluster itself looks at who sends it.
func webRules(args *Args) []providers.SecurityGroupRule {
	if args.VirtualAddress.IsValid() {
		return nil
	}
	return []providers.SecurityGroupRule{ingress("HTTP", "tcp", 80, args.Network.WebCIDRs), ingress("HTTPS", "tcp", 443, args.Network.WebCIDRs)}
}

// nodeRules let the machines talk among themselves and everything out, and, unless there is a bastion for that,
// administrators in by SSH.
func nodeRules(args *Args) []providers.SecurityGroupRule {
	var rules []providers.SecurityGroupRule
	if !args.Nodes.Has(Bastion) {
		rules = append(rules, sshRule(args))
	}
	for _, protocol := range []string{"tcp", "udp", "icmp"} {
		rules = append(rules,
			allPorts("the private network", "ingress", protocol, args.Network.CIDR),
			allPorts("out", "egress", protocol, "0.0.0.0/0"))
	}
	return rules
}

func sshRule(args *Args) providers.SecurityGroupRule {
	return ingress("SSH", "tcp", args.Cloud.SSHPort, args.Cloud.AdminCIDRs)
}

func aboutSSH(args *Args) string {
	if args.Nodes.Has(Bastion) {
		return ""
	}
	return ", SSH for administrators"
}

func ingress(about, protocol string, port int, cidrs []string) providers.SecurityGroupRule {
	return providers.SecurityGroupRule{
		Description: pulumi.String(about), Direction: pulumi.String("ingress"), Protocol: pulumi.String(protocol),
		PortFrom: pulumi.Int(port), PortTo: pulumi.Int(port), Cidrs: pulumi.ToStringArray(cidrs),
	}
}

func allPorts(about, direction, protocol, cidr string) providers.SecurityGroupRule {
	return providers.SecurityGroupRule{
		Description: pulumi.String(about), Direction: pulumi.String(direction), Protocol: pulumi.String(protocol),
		Cidrs: pulumi.StringArray{pulumi.String(cidr)},
	}
}
