package stacks

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/internal/flows"
	"github.com/iransre/exchange-platform/internal/providers"
)

// providerSet are those that need no cluster. Default providers are disabled (Pulumi.yaml), so each resource names its own;
// components hand these down to their children.
type providerSet struct {
	arvancloud *providers.Provider
	command    *providers.Provider
	random     *providers.Provider
}

func newProviders(ctx *pulumi.Context, cfg *Config) (*providerSet, error) {
	args := &providers.ArvanCloud{Zone: pulumi.String(cfg.Cloud.Zone)}
	if cfg.Cloud.Endpoint != "" {
		args.Endpoint = pulumi.String(cfg.Cloud.Endpoint)
	}
	if err := accountArgs(ctx, args); err != nil {
		return nil, err
	}
	cloud, err := providers.NewArvanCloud(ctx, "arvancloud", args)
	if err != nil {
		return nil, err
	}
	commands, err := providers.NewCommand(ctx, "command")
	if err != nil {
		return nil, err
	}
	passwords, err := providers.NewRandom(ctx, "random")
	if err != nil {
		return nil, err
	}
	return &providerSet{cloud, commands, passwords}, nil
}

// option hands the providers to a component and all its children.
func (p *providerSet) option() pulumi.ResourceOption {
	return pulumi.Providers(p.arvancloud, p.command, p.random)
}

// newInstaller is the way into the cluster.
func newInstaller(ctx *pulumi.Context, name string, cfg *Config, p *platform, last *memory) (*chart.Installer, error) {
	provider, err := providers.NewKubernetes(ctx, "kubernetes", providers.Kubernetes{
		Kubeconfig: p.Cluster.Kubeconfig,
		// Without it, a preview that does not know the kubeconfig yet, or a renewed certificate, plans to replace everything
		// in the cluster.
		ClusterIdentifier: name + "-cluster",
		// Names are fixed, so a replacement would delete first: pods that start meanwhile would miss their Secret.
		MutableSecrets: true, MutableConfigMaps: true,
		// What is there already and is ours is taken over; what is not has been refused before (chart.Recovery).
		UpsertObjects: true,
		// An environment that keeps nothing has nothing left to delete in a cluster whose machines are gone: a refresh drops it.
		// Elsewhere a cluster out of reach for a moment must not be taken for one that is gone.
		DeleteUnreachable: !cfg.Protect,
	})
	if err != nil {
		return nil, err
	}
	isolate, err := isolation(cfg)
	if err != nil {
		return nil, err
	}
	return &chart.Installer{
		Flows:    isolate,
		Provider: provider, Runbooks: cfg.Alerting.Runbooks, Mirror: cfg.Mirrors.Charts, Recovery: newRecovery(ctx, last, p.Cluster.Kubeconfig),
		// The machines as a whole: a single one may be replaced. What the cluster keeps, its volumes too, is on their disks, and
		// the platform makes nothing outside by way of it: no volume, address or record of the cloud is left behind.
		Within: p.Machines,
	}, nil
}

// isolation is what each namespace takes and sends; nil for those where that is not limited.
func isolation(cfg *Config) (func(namespace string) map[string]any, error) {
	table, err := flows.Load()
	if err != nil {
		return nil, err
	}
	ranges := clusterRanges(cfg)
	var published []string
	for _, name := range cfg.Ingress.Published() {
		published = append(published, string(name))
	}
	return func(namespace string) map[string]any {
		if !cfg.Network.Isolate && table.Always[namespace] == "" {
			return nil
		}
		return table.Policy(namespace, ranges, published)
	}, nil
}

// clusterRanges are the cluster's addresses, for policies.
func clusterRanges(cfg *Config) flows.Ranges {
	return flows.Ranges{Nodes: cfg.Network.CIDR, Pods: cfg.Network.PodCIDR, Services: cfg.Network.ServiceCIDR}
}
