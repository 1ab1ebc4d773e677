package stacks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/kubespray"
	"github.com/iransre/exchange-platform/internal/random"
	"github.com/iransre/exchange-platform/sdks/arvancloud"
	"github.com/iransre/exchange-platform/sdks/arvancloud/iaas"
	"github.com/pulumi/pulumi-command/sdk/go/command"
)

// providers are those that need no cluster. Default providers are disabled (Pulumi.yaml), so each resource names its own;
// components hand these down to their children.
type providers struct {
	arvancloud *arvancloud.Provider
	command    *command.Provider
	random     *random.Provider
}

func newProviders(ctx *pulumi.Context, cfg *Config) (*providers, error) {
	args := &arvancloud.ProviderArgs{Zone: pulumi.String(cfg.Cloud.Zone)}
	if cfg.Cloud.Endpoint != "" {
		args.Endpoint = pulumi.String(cfg.Cloud.Endpoint)
	}
	if err := accountArgs(ctx, args); err != nil {
		return nil, err
	}
	cloud, err := arvancloud.NewProvider(ctx, "arvancloud", args)
	if err != nil {
		return nil, err
	}
	commands, err := command.NewProvider(ctx, "command", &command.ProviderArgs{})
	if err != nil {
		return nil, err
	}
	passwords, err := random.NewProvider(ctx, "random")
	if err != nil {
		return nil, err
	}
	return &providers{cloud, commands, passwords}, nil
}

// option hands the providers to a component and all its children.
func (p *providers) option() pulumi.ResourceOption {
	return pulumi.Providers(p.arvancloud, p.command, p.random)
}

// checkOffer asks the cloud whether the zone has the images and every plan, before anything is made, and returns the
// images' ids there.
func checkOffer(ctx *pulumi.Context, cfg *Config, cloud *arvancloud.Provider) (imageIDs map[arvan.Image]string, err error) {
	imageIDs = map[arvan.Image]string{}
	find := func(path string, image arvan.Image) error {
		if _, asked := imageIDs[image]; asked {
			return nil
		}
		found, err := iaas.GetImage(ctx, &iaas.GetImageArgs{
			Distribution: image.Distribution, Version: image.Version, Zone: &cfg.Cloud.Zone,
		}, pulumi.Provider(cloud))
		if err != nil {
			return fmt.Errorf("%s: %s", path, reason(err))
		}
		imageIDs[image] = found.ImageId
		return nil
	}
	if err := find("cloud.image", cfg.Cloud.Image); err != nil {
		return nil, err
	}
	var asked []string
	for i, node := range cfg.Nodes {
		if node.Image != nil {
			if err := find(fmt.Sprintf("nodes[%d].image", i), *node.Image); err != nil {
				return nil, err
			}
		}
		if slices.Contains(asked, node.Plan) {
			continue
		}
		asked = append(asked, node.Plan)
		if _, err := iaas.GetPlan(ctx, &iaas.GetPlanArgs{PlanId: node.Plan, Zone: &cfg.Cloud.Zone}, pulumi.Provider(cloud)); err != nil {
			return nil, fmt.Errorf("nodes[%d].plan: %s", i, reason(err))
		}
	}
	return imageIDs, nil
}

// reason is what the provider said, without what the calls between it and us put before it.
func reason(err error) string {
	text := err.Error()
	if _, said, found := strings.Cut(text, "returned an error: "); found {
		return said
	}
	return text
}

// newInstaller is the way into the cluster.
func newInstaller(ctx *pulumi.Context, name string, cfg *Config, cluster *kubespray.Cluster) (*chart.Installer, error) {
	provider, err := kubernetes.NewProvider(ctx, "kubernetes", &kubernetes.ProviderArgs{
		Kubeconfig: cluster.Kubeconfig,
		// Without it, a preview that does not know the kubeconfig yet, or a renewed certificate, plans to replace everything
		// in the cluster.
		ClusterIdentifier:     pulumi.String(name + "-cluster"),
		EnableServerSideApply: pulumi.Bool(true),
		// Names are fixed, so a replacement would delete first: pods that start meanwhile would miss their Secret.
		EnableSecretMutable:    pulumi.Bool(true),
		EnableConfigMapMutable: pulumi.Bool(true),
		// An environment that keeps nothing has nothing left to delete in a cluster whose machines are gone. Elsewhere a
		// cluster out of reach for a moment must not be taken for one that is gone.
		DeleteUnreachable: pulumi.Bool(!cfg.Protect),
	})
	if err != nil {
		return nil, err
	}
	return &chart.Installer{Provider: provider, Mirror: cfg.Mirrors.Charts}, nil
}
