package delivery_test

import (
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/delivery"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// gitLabRunner is GitLab's, which builds images on nodes of its own.
func gitLabRunner(t *testing.T, change func(*delivery.GitLabRunner)) *mocktest.Recording {
	t.Helper()
	return deliverAs(t, func(args *delivery.Args) {
		args.Config.Mode = delivery.Pulumi
		runner := &args.Config.GitLabRunner
		runner.URL, runner.Token, runner.Builds = "https://gitlab.iransre.ir", "glrt-"+token, true
		runner.AllowedImages, runner.Nodes = []string{"registry.iransre.ir/**"}, map[string]string{"purpose": "jobs"}
		if change != nil {
			change(runner)
		}
	})
}

func TestGitLabsRunner(t *testing.T) {
	gitLabRunner(t, nil).CheckEngine(t, "gitlab")
}

// The manager has the token, and a pod of a job never: it is not even in its namespace.
func TestTheTokenOfGitLabsRunnerStaysWithItsManager(t *testing.T) {
	r := gitLabRunner(t, nil)
	assert.Equal(t, r.SecretData(t, "delivery-gitlab-secret")["runner-token"], "glrt-"+token)
	_, mounted := r.SecretData(t, "delivery-gitlab-secret")["runner-registration-token"]
	assert.Check(t, mounted, "the chart mounts both keys, and the pod would not start without")
	metadata := mocktest.Plain(r.Get(t, "delivery-gitlab-secret").Inputs["metadata"]).(map[string]any)
	assert.Equal(t, metadata["namespace"], "gitlab-runner")
	assert.DeepEqual(t, r.SecretsOutside(), []string(nil))
	other := gitLabRunner(t, func(runner *delivery.GitLabRunner) { runner.Token += "-after-a-reset" })
	assert.Check(t, annotation(t, r) != annotation(t, other), "the manager reads its token when it starts")
}

func values(t *testing.T, r *mocktest.Recording) map[string]any {
	t.Helper()
	return mocktest.Plain(r.Get(t, "delivery-gitlab-release").Inputs["values"]).(map[string]any)
}

func annotation(t *testing.T, r *mocktest.Recording) any {
	t.Helper()
	return values(t, r)["podAnnotations"].(map[string]any)["checksum/token"]
}

func level(t *testing.T, r *mocktest.Recording, namespace string) any {
	t.Helper()
	metadata := mocktest.Plain(r.Get(t, namespace).Inputs["metadata"]).(map[string]any)
	return metadata["labels"].(map[string]any)["pod-security.kubernetes.io/enforce"]
}

// No job is privileged. Where images are built, the level of Kubernetes' own that says so is off: a policy that says so, too, is there before.
func TestJobsOfGitLabHaveNoPrivileges(t *testing.T) {
	r := gitLabRunner(t, nil)
	assert.Equal(t, level(t, r, "delivery-gitlab-namespace"), "restricted")
	assert.Equal(t, level(t, r, "delivery-gitlab-jobs-namespace"), "privileged")
	jobs := values(t, r)["runners"].(map[string]any)["config"].(string)
	for _, line := range []string{"privileged = false\n", "automount_service_account_token = false\n", "allow_privilege_escalation = true\n"} {
		assert.Check(t, strings.Contains(jobs, line), line)
	}
	assert.Equal(t, strings.Count(jobs, `"Unconfined"`), 2)
	assert.Check(t, !strings.Contains(jobs, "overwrite"), "a pipeline could choose its node, account or limits")
	assert.Check(t, slices.Contains(r.Get(t, "delivery-gitlab-jobs-namespace").DependsOn, "delivery-gitlab-jobs-policy-binding"))
	assert.Check(t, slices.Contains(r.Get(t, "delivery-gitlab-release").DependsOn, "delivery-gitlab-jobs-namespace"))
	binding := spec(t, r, "delivery-gitlab-jobs-policy-binding")
	assert.DeepEqual(t, binding["validationActions"], []any{"Deny"})

	plain := gitLabRunner(t, func(runner *delivery.GitLabRunner) { runner.Builds = false })
	assert.Equal(t, level(t, plain, "delivery-gitlab-jobs-namespace"), "baseline")
	jobs = values(t, plain)["runners"].(map[string]any)["config"].(string)
	assert.Check(t, strings.Contains(jobs, "allow_privilege_escalation = false\n") && !strings.Contains(jobs, "Unconfined"))
	assert.Check(t, slices.Contains(plain.Names(), "delivery-gitlab-jobs-policy-binding"))
}

// What the manager may do, it may do in the namespace of the jobs, and nothing that gives anybody rights.
func TestWhatTheManagerOfGitLabsRunnerMayDo(t *testing.T) {
	all := values(t, gitLabRunner(t, nil))
	assert.Equal(t, all["runners"].(map[string]any)["jobNamespace"], "gitlab-jobs")
	rbac := all["rbac"].(map[string]any)
	assert.Assert(t, len(rbac["rules"].([]any)) > 0, "the chart would allow everything")
	for _, each := range rbac["rules"].([]any) {
		rule := each.(map[string]any)
		assert.Check(t, !slices.Contains(rule["resources"].([]any), any("*")) && !slices.Contains(rule["verbs"].([]any), any("*")), "%v", rule)
		assert.DeepEqual(t, rule["apiGroups"], []any{""})
	}
}

// It goes with Argo CD, too, and what an environment has without it stays as it is.
func TestGitLabsRunnerGoesWithArgoCD(t *testing.T) {
	with := deliver(t, func(config *delivery.Config) {
		config.GitLabRunner.URL, config.GitLabRunner.Token = "https://gitlab.iransre.ir", "glrt-"+token
	}).Names()
	without := deliver(t, nil).Names()
	added := slices.DeleteFunc(slices.Clone(with), func(name string) bool { return slices.Contains(without, name) })
	assert.Equal(t, len(with), len(without)+len(added))
	for _, name := range added {
		assert.Check(t, strings.HasPrefix(name, "delivery-gitlab-"), name)
	}
}
