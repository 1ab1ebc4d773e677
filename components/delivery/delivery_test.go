package delivery_test

import (
	"crypto/x509"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/delivery"
	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/providers"
	"github.com/iransre/exchange-platform/internal/settings"
)

// token reads the repository; nobody but the Secret may see it.
const token = mocktest.Generated + "-by-gitlab"

func deliver(t *testing.T, change func(*delivery.Config)) *mocktest.Recording {
	t.Helper()
	return deliverAs(t, func(args *delivery.Args) {
		if change != nil {
			change(&args.Config)
		}
	})
}

func deliverAs(t *testing.T, change func(*delivery.Args)) *mocktest.Recording {
	t.Helper()
	var config delivery.Config
	config.SetDefaults(settings.Prod)
	config.Mode = delivery.ByGit
	config.GitOps.Repository, config.GitOps.Username, config.GitOps.Password = "https://gitlab.iransre.ir/iransre/exchange-devops.git", "argocd", token
	return mocktest.Run(t, func(ctx *pulumi.Context) error {
		cluster, randomness, err := mocktest.Providers(ctx)
		if err != nil {
			return err
		}
		machine := &providers.Machine{
			Login: providers.Login{User: "ubuntu", Port: 22, PrivateKey: pulumi.String("the-private-key")}, Host: pulumi.String("10.10.0.11"), HostKey: pulumi.String("ssh-ed25519 AAAA"),
		}
		args := &delivery.Args{
			Installer: &chart.Installer{Provider: cluster, Random: randomness}, Config: config, Profile: settings.Prod,
			Stack: "demo", Host: delivery.Host{Machine: machine, ID: pulumi.String("42")},
			Exchange: pulumi.String("exchange"), Ready: pulumi.String("exchange"), MonitorCRDs: cluster,
		}
		change(args)
		_, err = delivery.New(ctx, "delivery", args)
		return err
	})
}

func TestArgoCD(t *testing.T) {
	deliver(t, nil).CheckComponent(t)
}

func spec(t *testing.T, r *mocktest.Recording, name string) map[string]any {
	t.Helper()
	return mocktest.Plain(r.Get(t, name).Inputs["spec"]).(map[string]any)
}

// Helm makes the chart's ServiceMonitors with a kubeconfig that may "edit" one namespace.
func TestAWorkflowMayDeployTheWholeChart(t *testing.T) {
	r := deliver(t, func(config *delivery.Config) { config.Mode = delivery.GitHub })
	labels := mocktest.Plain(r.Get(t, "delivery-edit-monitors").Inputs["metadata"]).(map[string]any)["labels"].(map[string]any)
	assert.Equal(t, labels["rbac.authorization.k8s.io/aggregate-to-edit"], "true")
	assert.Equal(t, len(r.OfType(mocktest.ReleaseType)), 0)
}

func TestArgoCDsSecretsAreHandedIn(t *testing.T) {
	r := deliver(t, nil)
	for name, keys := range map[string][]string{
		"delivery-secret":            {"admin.password", "server.secretkey"},
		"delivery-admin-secret":      {"password", "username"},
		"delivery-repository-secret": {"password", "project", "type", "url", "username"},
	} {
		assert.Assert(t, r.Get(t, name).Inputs["stringData"].IsSecret(), name)
		assert.DeepEqual(t, slices.Sorted(maps.Keys(r.SecretData(t, name))), keys)
	}
	labels := func(name string) map[string]any {
		return mocktest.Plain(r.Get(t, name).Inputs["metadata"]).(map[string]any)["labels"].(map[string]any)
	}
	assert.Equal(t, labels("delivery-secret")["app.kubernetes.io/part-of"], "argocd", "Argo CD looks for it")
	assert.Equal(t, labels("delivery-repository-secret")["argocd.argoproj.io/secret-type"], "repository")
	assert.DeepEqual(t, r.SecretsOutside(), []string(nil))
	for _, each := range r.Resources {
		if each.Name == "delivery-repository-secret" {
			continue
		}
		text, err := json.Marshal(mocktest.Plain(resource.NewProperty(each.Inputs)))
		assert.NilError(t, err)
		assert.Check(t, !strings.Contains(string(text), token), each.Name)
	}
}

// The repository moves the exchange, and nothing else in the cluster: no rights, no Secrets, no other namespace.
func TestWhatTheRepositoryMayChange(t *testing.T) {
	project := spec(t, deliver(t, nil), "delivery-project")
	assert.DeepEqual(t, project["sourceRepos"], []any{"https://gitlab.iransre.ir/iransre/exchange-devops.git"})
	assert.DeepEqual(t, project["destinations"], []any{map[string]any{"server": "https://kubernetes.default.svc", "namespace": "exchange"}})
	assert.DeepEqual(t, project["clusterResourceWhitelist"], []any{})
	for _, each := range project["namespaceResourceWhitelist"].([]any) {
		kind := each.(map[string]any)["kind"].(string)
		assert.Check(t, kind != "*" && kind != "Secret" && !strings.HasPrefix(kind, "Role"), kind)
	}
}

// A GitLab of one's own has an authority of one's own.
func TestAServersOwnAuthorityIsTrustedForIt(t *testing.T) {
	configs := func(change func(*delivery.Config)) map[string]any {
		values := mocktest.Plain(deliver(t, change).Get(t, "delivery-release").Inputs["values"]).(map[string]any)
		return values["configs"].(map[string]any)
	}
	assert.Assert(t, configs(nil)["tls"] == nil)
	authority := selfSigned(t, true)
	assert.DeepEqual(t, configs(func(config *delivery.Config) {
		config.GitOps.Repository, config.GitOps.Authority = "https://gitlab.iransre.ir:8443/iransre/exchange-devops.git", authority
	})["tls"], map[string]any{"certificates": map[string]any{"gitlab.iransre.ir": authority}})
}

// selfSigned is a certificate, of an authority or of a server.
func selfSigned(t *testing.T, authority bool) string {
	t.Helper()
	made, err := chart.Certify("a", &x509.Certificate{IsCA: authority, BasicConstraintsValid: true})
	assert.NilError(t, err)
	return made[chart.CertificateBlock]
}

func TestAnAuthorityIsOne(t *testing.T) {
	for message, change := range map[string]func(*delivery.GitOps){
		"delivery.gitops.authority: Invalid value: must be certificates in PEM":  func(git *delivery.GitOps) { git.Authority = "ca.pem" },
		"delivery.gitops.authority: Invalid value: must be of authorities, and ": func(git *delivery.GitOps) { git.Authority = selfSigned(t, false) },
		"delivery.gitops.authority: Forbidden: Argo CD looks for it by": func(git *delivery.GitOps) {
			git.Repository, git.Authority = "https://[fd00::1]/iransre/exchange-devops.git", selfSigned(t, true)
		},
	} {
		var config delivery.Config
		config.SetDefaults(settings.Demo)
		config.Mode, config.GitOps.Repository = delivery.ByGit, "https://gitlab.iransre.ir/iransre/exchange-devops.git"
		change(&config.GitOps)
		problems := config.Validate(settings.Demo, field.NewPath("delivery"))
		assert.Assert(t, len(problems) == 1 && strings.HasPrefix(problems[0].Error(), message), "%v", problems)
	}
}

func TestWhatArgoCDWatches(t *testing.T) {
	r := deliver(t, nil)
	application := spec(t, r, "delivery-application")
	assert.DeepEqual(t, application["source"], map[string]any{
		"repoURL": "https://gitlab.iransre.ir/iransre/exchange-devops.git", "targetRevision": "main", "path": "overlays/prod",
	})
	assert.DeepEqual(t, application["syncPolicy"].(map[string]any)["automated"], map[string]any{"prune": true, "selfHeal": true})
	metadata := mocktest.Plain(r.Get(t, "delivery-application").Inputs["metadata"]).(map[string]any)
	_, cascades := metadata["finalizers"]
	assert.Check(t, !cascades, "whoever deletes it would delete the exchange")
	retry := application["syncPolicy"].(map[string]any)["retry"].(map[string]any)
	assert.Equal(t, retry["refresh"], true, "a revert would wait for all attempts of what it reverts")
	for _, first := range []string{"delivery-project", "delivery-repository-secret"} {
		assert.Check(t, slices.Contains(r.Get(t, "delivery-application").DependsOn, first), first)
	}
	assert.Check(t, slices.Contains(r.Get(t, "delivery-project").DependsOn, "delivery-release"))

	looking := spec(t, deliver(t, func(config *delivery.Config) { config.GitOps.Automated, config.GitOps.Folder = false, "envs/live" }), "delivery-application")
	assert.Equal(t, looking["source"].(map[string]any)["path"], "envs/live")
	_, acts := looking["syncPolicy"].(map[string]any)["automated"]
	assert.Check(t, !acts)
}
