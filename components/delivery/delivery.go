// Package delivery is who brings a new version of the exchange into the cluster, where that is not the program itself, and who runs the
// pipelines that make one.
package delivery

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/internal/component"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Args describes the delivery.
type Args struct {
	Installer *chart.Installer
	Config    Config
	Profile   settings.Profile
	// Stack names the runner in GitHub's list, and Host is the machine that it is on.
	Stack string
	Host  Host
	// Mirror has the runner's archive, below github.com; empty if GitHub has.
	Mirror string
	// Page is how people reach Argo CD from outside.
	Page chart.Page
	// Exchange is the namespace of what is delivered, and Ready arrives when there is all that it needs.
	Exchange, Ready pulumi.StringInput
	// MonitorCRDs installs the kinds of the Prometheus operator; nil if nothing shall be monitored.
	MonitorCRDs pulumi.Resource
}

// Delivery is what others need in the cluster to deliver.
type Delivery struct {
	pulumi.ResourceState

	// ArgoCD is where it is; its Secret has the keys username and password.
	ArgoCD chart.Endpoint `output:"argocd"`
	// Namespace is that of Argo CD.
	Namespace pulumi.StringOutput `output:"namespaces.argocd"`
}

// New makes what the mode needs.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Delivery, error) {
	self := &Delivery{}
	return component.New(ctx, "exchange:delivery:Delivery", name, self, opts, func(child pulumi.ResourceOption) error {
		if args.Config.GitLabRunner.URL != "" {
			if err := args.installGitLabRunner(ctx, name+"-gitlab", child); err != nil {
				return err
			}
		}
		switch args.Config.Mode {
		case ByGit:
			return self.installArgoCD(ctx, name, args, child)
		case Pulumi:
			return nil
		}
		if args.Config.Runner.Repository != "" {
			if err := args.installRunner(ctx, name, child); err != nil {
				return err
			}
		}
		return args.letEditorsMonitor(ctx, name, child)
	})
}

// letEditorsMonitor lets whoever may deploy in a namespace (Kubernetes' own role "edit") have it monitored, too: the chart has objects
// of these kinds, of which that role knows nothing.
func (a *Args) letEditorsMonitor(ctx *pulumi.Context, name string, child pulumi.ResourceOption) error {
	_, err := a.Installer.Object(ctx, name+"-edit-monitors", &chart.ObjectArgs{
		APIVersion: "rbac.authorization.k8s.io/v1", Kind: "ClusterRole", Name: "edit-monitors",
		Labels: map[string]string{"rbac.authorization.k8s.io/aggregate-to-edit": "true"},
		Fields: pulumi.Map{"rules": pulumi.ToArray([]any{map[string]any{
			"apiGroups": []any{"monitoring.coreos.com"}, "resources": []any{"servicemonitors"},
			"verbs": []any{"get", "list", "watch", "create", "update", "patch", "delete"},
		}})},
	}, child)
	return err
}
