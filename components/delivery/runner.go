package delivery

import (
	"cmp"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/internal/providers"
)

// Host is the control plane that GitHub's runner is on.
type Host struct {
	Machine *providers.Machine
	// ID changes when the machine is another one.
	ID pulumi.StringInput
}

// deployer is the ServiceAccount of the runner's kubeconfig, and its Role, in the exchange's namespace.
const deployer = "github-runner"

var (
	// runnerProgram registers the runner, looks after it and takes it away.
	//
	//go:embed runner.py
	runnerProgram string
	// runnerSetup is what of that the runner's own user does.
	//
	//go:embed setup.sh
	runnerSetup string
	// runnerScript makes it all a service.
	//
	//go:embed runner.sh
	runnerScript string
)

const (
	runnerCommand = "sudo -n sh"
	runnerRemoved = `sudo -n sh -c '[ ! -e /usr/local/lib/github-runner/runner.py ] || exec python3 -Es /usr/local/lib/github-runner/runner.py remove'`
)

// deployed is what Helm makes of the exchange's chart, by API group, and deployedRead what it looks at while it waits. Its own record of a
// release is a Secret, so whoever runs it reads the Secrets of the namespace.
var (
	deployed = []struct {
		group     string
		resources []any
	}{
		{"", []any{"configmaps", "secrets", "services", "serviceaccounts"}},
		{"apps", []any{"deployments"}},
		{"autoscaling", []any{"horizontalpodautoscalers"}},
		{"batch", []any{"jobs"}},
		{"monitoring.coreos.com", []any{"servicemonitors"}},
		{"networking.k8s.io", []any{"ingresses"}},
		{"policy", []any{"poddisruptionbudgets"}},
	}
	deployedRead = []struct {
		group     string
		resources []any
	}{
		{"", []any{"events", "pods", "pods/log"}},
		{"apps", []any{"replicasets"}},
	}
)

// installRunner makes GitHub's runner on a control plane, and what its kubeconfig may do: deploy the exchange, in its namespace.
func (a *Args) installRunner(ctx *pulumi.Context, name string, child pulumi.ResourceOption) error {
	account, err := a.allowRunner(ctx, name, child)
	if err != nil {
		return err
	}
	script := pulumi.All(a.Exchange, a.Ready).ApplyT(func(values []any) (string, error) {
		return a.Config.Runner.install("exchange-"+a.Stack, values[0].(string), a.Mirror)
	}).(pulumi.StringOutput)
	_, err = a.Host.Machine.Repeated(ctx, name+"-runner", providers.Command{
		Text: pulumi.String(providers.Settled + runnerCommand), Stdin: pulumi.ToSecret(script).(pulumi.StringOutput),
		Delete: pulumi.String(runnerRemoved), After: account,
	}, providers.Reason{For: pulumi.Sprintf("machine %s", a.Host.ID)}, child, pulumi.AdditionalSecretOutputs([]string{"stdin"}),
		// one that is made first would be taken away with the one before it
		pulumi.DeleteBeforeReplace(true))
	return err
}

// allowRunner makes the ServiceAccount and says what it may do.
func (a *Args) allowRunner(ctx *pulumi.Context, name string, child pulumi.ResourceOption) ([]pulumi.Resource, error) {
	var rules []any
	for _, each := range deployed {
		rules = append(rules, map[string]any{
			"apiGroups": []any{each.group}, "resources": each.resources,
			"verbs": []any{"get", "list", "watch", "create", "update", "patch", "delete"},
		})
	}
	for _, each := range deployedRead {
		rules = append(rules, map[string]any{"apiGroups": []any{each.group}, "resources": each.resources, "verbs": []any{"get", "list", "watch"}})
	}
	const rbac = "rbac.authorization.k8s.io"
	var made []pulumi.Resource
	for _, each := range []struct {
		part   string
		object chart.ObjectArgs
	}{
		{"-account", chart.ObjectArgs{APIVersion: "v1", Kind: "ServiceAccount"}},
		{"-role", chart.ObjectArgs{APIVersion: rbac + "/v1", Kind: "Role", Fields: pulumi.Map{"rules": pulumi.ToArray(rules)}}},
		{"-binding", chart.ObjectArgs{APIVersion: rbac + "/v1", Kind: "RoleBinding", Fields: pulumi.Map{
			"roleRef":  pulumi.StringMap{"apiGroup": pulumi.String(rbac), "kind": pulumi.String("Role"), "name": pulumi.String(deployer)},
			"subjects": pulumi.Array{pulumi.Map{"kind": pulumi.String("ServiceAccount"), "name": pulumi.String(deployer), "namespace": a.Exchange}},
		}}},
	} {
		each.object.Name, each.object.Namespace = deployer, a.Exchange
		object, err := a.Installer.Object(ctx, name+"-runner"+each.part, &each.object, child)
		if err != nil {
			return nil, err
		}
		made = append(made, object)
	}
	return made, nil
}

// install renders the script that makes the runner a service, under a name of GitHub's list.
func (r *Runner) install(name, namespace, mirror string) (string, error) {
	github := "https://github.com"
	if mirror != "" {
		github = strings.TrimRight(mirror, "/") + "/github.com" // as Kubespray looks there
	}
	settings, err := json.Marshal(map[string]any{
		"url": strings.TrimSuffix(r.URL, "/"), "repository": r.Repository, "name": name, "labels": r.Labels, "token": r.Token,
		"archive": strings.ReplaceAll(cmp.Or(r.Archive, github+ofReleases), versionPart, r.Version), "sha256": r.SHA256,
		"namespace": namespace, "account": deployer,
	})
	if err != nil {
		return "", err
	}
	coded := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	return strings.NewReplacer("@PROGRAM@", coded(runnerProgram), "@SETUP@", coded(runnerSetup), "@SETTINGS@", coded(string(settings))).
		Replace(runnerScript), nil
}
