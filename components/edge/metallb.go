package edge

import (
	"cmp"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

const metallbNamespace = "metallb-system"

// announce has MetalLB answer for the virtual address: one of its speakers, on a worker with a ready ingress controller, says by ARP that
// the address is there.
func (e *Edge) announce(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) error {
	name += "-address"
	made, err := args.Installer.Install(ctx, name, &chart.Parts{
		// speakers are on their machines' network, and send packets of their own making (ARP), both of which "baseline" does not allow
		Namespace: chart.NamespaceArgs{Name: metallbNamespace, PodSecurity: chart.Privileged},
		Releases:  []chart.ReleaseArgs{{Entry: "metallb", Values: pulumi.ToMap(metallbValues(args)), Atomic: true, CRDs: args.MonitorCRDs}},
	}, child)
	if err != nil {
		return err
	}
	vip := args.Config.VIP
	pool, err := args.Installer.Object(ctx, name+"-pool", &chart.ObjectArgs{
		// Called after its address: where that changes, the old pool goes when the ingress has the new address, and not before.
		APIVersion: "metallb.io/v1beta1", Kind: "IPAddressPool", Name: "ingress-" + strings.ReplaceAll(vip.Address, ".", "-"), Namespace: made.Namespace.Name,
		Fields: pulumi.Map{"spec": pulumi.Map{
			"addresses": pulumi.ToStringArray([]string{vip.Address + "/32"}),
			// for the Service that names the address, and no other one that happens to be of the type LoadBalancer
			"autoAssign": pulumi.Bool(false),
		}},
	}, child, pulumi.DependsOn([]pulumi.Resource{made.Release("release")}))
	if err != nil {
		return err
	}
	spec := pulumi.Map{} // it names no pool, and is for all
	if vip.Interface != "" {
		spec["interfaces"] = pulumi.ToStringArray([]string{vip.Interface})
	}
	announced, err := args.Installer.Object(ctx, name+"-announcement", &chart.ObjectArgs{
		APIVersion: "metallb.io/v1beta1", Kind: "L2Advertisement", Name: "ingress", Namespace: made.Namespace.Name,
		Fields: pulumi.Map{"spec": spec},
	}, child, pulumi.DependsOn(append([]pulumi.Resource{pool}, args.LetThrough...)))
	if err != nil {
		return err
	}
	e.VirtualAddress = announced.After(vip.Address)
	return args.Installer.Alerts(ctx, name+"-alerts", &chart.AlertsArgs{
		Name: "virtual-address", Namespace: made.Namespace.Name, CRDs: args.MonitorCRDs, Groups: []string{"virtual-address"},
	}, child)
}

func metallbValues(args *Args) map[string]any {
	return map[string]any{
		// Layer 2 only: routers are the cloud's, and nobody speaks BGP with them. On by default, it brings FRR on every node.
		"frrk8s": map[string]any{"enabled": false},
		// What its webhook would refuse, the program has looked at. It is not there yet when the controller says that it is ready, and pools that
		// are made then would be refused.
		"crds": map[string]any{"validationFailurePolicy": "Ignore"},
		"controller": map[string]any{
			"resources": chart.Requests("10m", "64Mi"),
		},
		"speaker": map[string]any{
			"frr": map[string]any{"enabled": false},
			// The workers' private ports are the only ones that let the address through.
			"tolerateMaster": false,
			"resources":      chart.Requests("10m", "64Mi"),
		},
		"prometheus": map[string]any{
			// our Prometheus sees all namespaces anyway
			"rbacPrometheus": false,
			"serviceMonitor": map[string]any{"enabled": args.MonitorCRDs != nil},
		},
	}
}

// leadTo are the addresses that the names' records have.
func leadTo(args *Args) pulumi.StringArray {
	if args.Config.Mode != Virtual {
		return args.Addresses
	}
	vip := args.Config.VIP
	return pulumi.StringArray{pulumi.String(cmp.Or(vip.PublicAddress, vip.Address))}
}
