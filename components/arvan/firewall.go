package arvan

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/sdks/arvancloud/iaas"
)

// kubernetesAPIPort is kube-apiserver's.
const kubernetesAPIPort = 6443

// firewalls are an environment's security groups: one for all servers, one for each kind.
type firewalls struct {
	nodes, controlPlanes, workers *iaas.SecurityGroup
}

func newFirewalls(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) (*firewalls, error) {
	made := &firewalls{}
	for _, group := range []struct {
		target      **iaas.SecurityGroup
		name, about string
		rules       iaas.SecurityGroupRuleArray
	}{
		{&made.nodes, name + "-nodes", "Every machine: the private network among itself, SSH for administrators", nodeRules(args)},
		{&made.controlPlanes, name + "-control-planes", "Control planes: the Kubernetes API for administrators", iaas.SecurityGroupRuleArray{
			ingress("the Kubernetes API", "tcp", kubernetesAPIPort, args.AdminCIDRs),
		}},
		{&made.workers, name + "-workers", "Workers: web traffic", iaas.SecurityGroupRuleArray{
			ingress("HTTP", "tcp", 80, args.WebCIDRs), ingress("HTTPS", "tcp", 443, args.WebCIDRs),
		}},
	} {
		made, err := iaas.NewSecurityGroup(ctx, group.name, &iaas.SecurityGroupArgs{
			Name: pulumi.String(group.name), Description: pulumi.String(group.about), Rules: group.rules, Zone: pulumi.String(args.Zone),
		}, child)
		if err != nil {
			return nil, err
		}
		*group.target = made
	}
	return made, nil
}

// of are the ids of the groups a server is in.
func (f *firewalls) of(server Server) pulumi.StringArrayInput {
	if server.ControlPlane {
		return pulumi.StringArray{f.nodes.SecurityGroupId, f.controlPlanes.SecurityGroupId}
	}
	return pulumi.StringArray{f.nodes.SecurityGroupId, f.workers.SecurityGroupId}
}

// nodeRules let the machines talk among themselves, administrators in by SSH, and everything out.
func nodeRules(args *Args) iaas.SecurityGroupRuleArray {
	rules := iaas.SecurityGroupRuleArray{ingress("SSH", "tcp", args.SSHPort, args.AdminCIDRs)}
	for _, protocol := range []string{"tcp", "udp", "icmp"} {
		rules = append(rules,
			allPorts("the private network", "ingress", protocol, args.CIDR),
			allPorts("out", "egress", protocol, "0.0.0.0/0"))
	}
	return rules
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
