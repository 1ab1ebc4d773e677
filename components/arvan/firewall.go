package arvan

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/sdks/arvancloud/iaas"
)

// kubernetesAPIPort is kube-apiserver's.
const kubernetesAPIPort = 6443

// everywhere names the group all servers are in; the others are by the kind of their servers.
const everywhere Kind = ""

// firewalls are an environment's security groups: one for all servers, one for each kind.
type firewalls map[Kind]*iaas.SecurityGroup

func newFirewalls(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) (firewalls, error) {
	made := firewalls{}
	for _, group := range []struct {
		kind        Kind
		name, about string
		rules       iaas.SecurityGroupRuleArray
	}{
		{everywhere, name + "-nodes", "Every machine: the private network among itself" + aboutSSH(args), nodeRules(args)},
		{ControlPlane, groupName(name, ControlPlane), "Control planes: the Kubernetes API for administrators", iaas.SecurityGroupRuleArray{
			ingress("the Kubernetes API", "tcp", kubernetesAPIPort, args.AdminCIDRs),
		}},
		{Worker, groupName(name, Worker), "Workers: web traffic", iaas.SecurityGroupRuleArray{
			ingress("HTTP", "tcp", 80, args.WebCIDRs), ingress("HTTPS", "tcp", 443, args.WebCIDRs),
		}},
		{Bastion, name + "-bastion", "The bastion: SSH for administrators", iaas.SecurityGroupRuleArray{sshRule(args)}},
	} {
		if group.kind == Bastion && !args.has(Bastion) {
			continue
		}
		securityGroup, err := iaas.NewSecurityGroup(ctx, group.name, &iaas.SecurityGroupArgs{
			Name: pulumi.String(group.name), Description: pulumi.String(group.about), Rules: group.rules, Zone: pulumi.String(args.Zone),
		}, child)
		if err != nil {
			return nil, err
		}
		made[group.kind] = securityGroup
	}
	return made, nil
}

// of are the ids of the groups a server is in.
func (f firewalls) of(server Server) pulumi.StringArrayInput {
	return pulumi.StringArray{f[everywhere].SecurityGroupId, f[server.Kind].SecurityGroupId}
}

// nodeRules let the machines talk among themselves and everything out, and, unless there is a bastion for that,
// administrators in by SSH.
func nodeRules(args *Args) iaas.SecurityGroupRuleArray {
	var rules iaas.SecurityGroupRuleArray
	if !args.has(Bastion) {
		rules = append(rules, sshRule(args))
	}
	for _, protocol := range []string{"tcp", "udp", "icmp"} {
		rules = append(rules,
			allPorts("the private network", "ingress", protocol, args.CIDR),
			allPorts("out", "egress", protocol, "0.0.0.0/0"))
	}
	return rules
}

func sshRule(args *Args) iaas.SecurityGroupRuleArgs {
	return ingress("SSH", "tcp", args.SSHPort, args.AdminCIDRs)
}

func aboutSSH(args *Args) string {
	if args.has(Bastion) {
		return ""
	}
	return ", SSH for administrators"
}

func ingress(about, protocol string, port int, cidrs []string) iaas.SecurityGroupRuleArgs {
	return iaas.SecurityGroupRuleArgs{
		Description: pulumi.String(about), Direction: pulumi.String("ingress"), Protocol: pulumi.String(protocol),
		PortFrom: pulumi.Int(port), PortTo: pulumi.Int(port), Cidrs: pulumi.ToStringArray(cidrs),
	}
}

func allPorts(about, direction, protocol, cidr string) iaas.SecurityGroupRuleArgs {
	return iaas.SecurityGroupRuleArgs{
		Description: pulumi.String(about), Direction: pulumi.String(direction), Protocol: pulumi.String(protocol),
		Cidrs: pulumi.StringArray{pulumi.String(cidr)},
	}
}
