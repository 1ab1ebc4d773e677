package delivery_test

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/delivery"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// runner is GitHub's, on a control plane.
func runner(t *testing.T, change func(*delivery.Args)) *mocktest.Recording {
	t.Helper()
	return deliverAs(t, func(args *delivery.Args) {
		args.Config.Mode = delivery.GitHub
		runner := &args.Config.Runner
		runner.Repository, runner.Token, runner.Version, runner.SHA256 = "iransre/exchange", token, "2.336.0", strings.Repeat("0", 64)
		if change != nil {
			change(args)
		}
	})
}

// told is what the machine is told.
func told(t *testing.T, r *mocktest.Recording) map[string]any {
	t.Helper()
	script := r.Get(t, "delivery-runner").Inputs["stdin"].SecretValue().Element.StringValue()
	for _, part := range []string{"@PROGRAM@", "@SETUP@", "@SETTINGS@"} {
		assert.Check(t, !strings.Contains(script, part))
	}
	coded := regexp.MustCompile(`(?m)^put /etc/github-runner/settings.json 600 <<'END'\n(.*)\nEND$`).FindStringSubmatch(script)
	assert.Equal(t, len(coded), 2)
	text, err := base64.StdEncoding.DecodeString(coded[1])
	assert.NilError(t, err)
	var settings map[string]any
	assert.NilError(t, json.Unmarshal(text, &settings))
	return settings
}

// The token is on standard input and nowhere else; the runner goes when nobody wants it any more, not only with its machine.
func TestGitHubsRunnerIsMadeAndRemoved(t *testing.T) {
	r := runner(t, nil)
	made := r.Get(t, "delivery-runner")
	assert.Assert(t, made.Inputs["stdin"].IsSecret())
	for name, value := range made.Inputs {
		assert.Check(t, name == "stdin" || !strings.Contains(value.String(), token), "%s", name)
	}
	assert.DeepEqual(t, told(t, r), map[string]any{
		"url": "https://github.com", "repository": "iransre/exchange", "name": "exchange-demo", "labels": []any{"exchange-deploy"}, "token": token,
		"archive": "https://github.com/actions/runner/releases/download/v2.336.0/actions-runner-linux-x64-2.336.0.tar.gz", "sha256": strings.Repeat("0", 64),
		"namespace": "exchange", "account": "github-runner",
	})
	assert.Check(t, strings.HasSuffix(made.Inputs["create"].StringValue(), "\n# machine 42"), "another machine has none yet")
	assert.Check(t, strings.Contains(made.Inputs["delete"].StringValue(), "runner.py remove"))
	assert.Equal(t, made.DeletedWith, "", "GitHub would go on to list it")
	for _, first := range []string{"delivery-runner-account", "delivery-runner-role", "delivery-runner-binding"} {
		assert.Check(t, slices.Contains(made.DependsOn, first), first)
	}
}

func TestWhereGitHubsRunnerComesFrom(t *testing.T) {
	mirrored := func(args *delivery.Args) { args.Mirror = "https://files.example.ir/" }
	assert.Equal(t, told(t, runner(t, mirrored))["archive"],
		"https://files.example.ir/github.com/actions/runner/releases/download/v2.336.0/actions-runner-linux-x64-2.336.0.tar.gz")
	said := told(t, runner(t, func(args *delivery.Args) {
		mirrored(args)
		args.Config.Runner.Archive = "https://mirror.example.ir/runner-{version}.tar.gz"
	}))
	assert.Equal(t, said["archive"], "https://mirror.example.ir/runner-2.336.0.tar.gz")
}

// It deploys what the chart has, in the exchange's namespace: no rights, no programs in pods that run, nothing of the cluster.
func TestWhatGitHubsRunnerMayDo(t *testing.T) {
	r := runner(t, nil)
	role := r.Get(t, "delivery-runner-role")
	assert.Equal(t, role.Type, "kubernetes:rbac.authorization.k8s.io/v1:Role")
	metadata := mocktest.Plain(role.Inputs["metadata"]).(map[string]any)
	assert.Equal(t, metadata["namespace"], "exchange")
	for _, each := range mocktest.Plain(role.Inputs["rules"]).([]any) {
		rule := each.(map[string]any)
		for _, resource := range rule["resources"].([]any) {
			assert.Check(t, !slices.Contains([]any{"*", "roles", "rolebindings", "pods/exec", "serviceaccounts/token"}, resource), resource)
		}
		assert.Check(t, !slices.Contains(rule["verbs"].([]any), any("*")))
	}
	bound := mocktest.Plain(r.Get(t, "delivery-runner-binding").Inputs["roleRef"]).(map[string]any)
	assert.Equal(t, bound["kind"], "Role")
}
