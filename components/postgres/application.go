package postgres

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

const rbac = "rbac.authorization.k8s.io"

// Application is what uses the database, as the restore drill has to know it: it reads there which image runs with which settings, whoever
// has delivered it, and has that look at the copy. The zero value is none.
type Application struct {
	// Namespace is where it runs, Deployment whose first container it is, and Settings the ConfigMap that this has its variables from.
	Namespace  string `json:"namespace"`
	Deployment string `json:"deployment"`
	Settings   string `json:"settings"`
	// Command ends well if a database is as the image needs it, and says what is missing there if not.
	Command []string `json:"command"`
	// PullSecrets are the logins that the image is pulled with: a pod in the drill's namespace needs them there.
	PullSecrets []chart.SecretArgs `json:"-"`
}

// LetDrillRead gives the drill's account the right to read what it has to know of the application, once its namespace is there. Where
// there are no drills, nothing is made.
func LetDrillRead(ctx *pulumi.Context, name string, args *Args, namespace pulumi.StringInput, opts ...pulumi.ResourceOption) error {
	if !args.Config.drilled() {
		return nil
	}
	one := func(group, resource, name string) map[string]any {
		rule := rule(group, resource, "get")
		rule["resourceNames"] = []any{name}
		return rule
	}
	for _, each := range []objectPart{
		{part: "role", ObjectArgs: chart.ObjectArgs{Kind: "Role", Fields: pulumi.ToMap(map[string]any{
			"rules": []any{one("apps", "deployments", args.Application.Deployment), one("", "configmaps", args.Application.Settings)},
		})}},
		{part: "binding", ObjectArgs: chart.ObjectArgs{Kind: "RoleBinding", Fields: pulumi.ToMap(drillsRights(drillName))}},
	} {
		each.APIVersion, each.Name, each.Namespace = rbac+"/v1", drillName, namespace
		if _, err := args.Installer.Object(ctx, name+"-"+each.part, &each.ObjectArgs, opts...); err != nil {
			return err
		}
	}
	return nil
}
