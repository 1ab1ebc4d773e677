package examples

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/internal/review/typed"
)

const deliver = "exchange/.github/workflows/deliver.yaml"

// runner is a machine on which GitHub's jobs run.
func runner(t *testing.T) *pipeline {
	p := newPipeline(t, "GITHUB_REPOSITORY=IranSRE/Exchange", "IMAGE=ghcr.io/iransre/exchange", "TAG="+commit, "DIGEST="+digest,
		"EXCHANGE_URL=https://demo.iransre.ir", "RUNNING=ghcr.io/iransre/exchange:"+commit+"@"+digest, "HELM_FAILS=")
	for name, at := range map[string]string{"GITHUB_ENV": "env", "GITHUB_OUTPUT": "output", "RUNNER_TEMP": "temp"} {
		p.env = append(p.env, name+"="+filepath.Join(p.home, at))
	}
	assert.NilError(t, os.Mkdir(filepath.Join(p.home, "temp"), 0o755))
	return p
}

// step runs one of a job's, with what the steps before it have put into the environment.
func (p *pipeline) step(job, name string, variables ...string) (string, error) {
	p.t.Helper()
	workflow, _ := typed.ReadWorkflow(p.t, deliver)
	set, err := os.ReadFile(filepath.Join(p.home, "env"))
	if err == nil {
		variables = append(strings.Fields(string(set)), variables...)
	}
	return p.run(p.folder, workflow.Script(p.t, job, name), variables...)
}

func TestGitHubFromACommitToTheDemo(t *testing.T) {
	p := runner(t)
	for _, step := range []struct{ job, name string }{
		{"test", "Install"}, {"test", "Lint"}, {"test", "Test"}, {"build", "Name"}, {"deploy", "Log in"}, {"deploy", "Settings"}, {"deploy", "Deploy"}, {"deploy", "Smoke test"},
	} {
		output, err := p.step(step.job, step.name, "TEXT="+token)
		assert.NilError(t, err, "%s: %s", step.name, output)
	}
	named, err := os.ReadFile(filepath.Join(p.home, "output"))
	assert.NilError(t, err)
	assert.Equal(t, string(named), "image=ghcr.io/iransre/exchange\n", "a registry knows no capitals")
	for _, call := range []string{
		"kubectl --namespace exchange get configmap platform-values --output jsonpath={.data.values\\.yaml}\n",
		"helm upgrade --install exchange platform/charts/exchange --namespace exchange --values " + p.home + "/temp/values.yaml --set-string image.repository=ghcr.io/iransre/exchange," +
			"image.tag=" + commit + ",image.digest=" + digest + " --atomic --wait --timeout 10m\n",
		"https://demo.iransre.ir/readyz\n", "https://demo.iransre.ir/\n",
	} {
		assert.Check(t, is.Contains(p.called(), call))
	}
	values, err := os.ReadFile(filepath.Join(p.home, "temp/values.yaml"))
	assert.NilError(t, err)
	assert.Equal(t, string(values), "host: demo.iransre.ir\n")
	info, err := os.Stat(filepath.Join(p.home, "temp/kubeconfig"))
	assert.NilError(t, err)
	assert.Equal(t, info.Mode().Perm(), os.FileMode(0o600))
	output, err := p.step("deploy", "Log out")
	assert.NilError(t, err, output)
	left, err := os.ReadDir(filepath.Join(p.home, "temp"))
	assert.NilError(t, err)
	assert.Assert(t, is.Len(left, 0))
	assert.Check(t, !strings.Contains(p.called(), token))
}

func TestGitHubRollsBack(t *testing.T) {
	p := runner(t)
	_, err := p.step("deploy", "Log in", "TEXT="+token)
	assert.NilError(t, err)
	output, err := p.step("deploy", "Smoke test", "RUNNING=ghcr.io/iransre/exchange:old")
	assert.Assert(t, err != nil)
	assert.Check(t, is.Contains(output, "error: ghcr.io/iransre/exchange:old runs, and not"))
	_, err = p.step("deploy", "Smoke test", "CURL_FAILS=yes")
	assert.Assert(t, err != nil)
	output, err = p.step("deploy", "Roll back")
	assert.NilError(t, err, output)
	assert.Check(t, is.Contains(p.called(), "helm rollback exchange --namespace exchange --wait --timeout 10m\n"))
	_, err = p.step("deploy", "Deploy", "HELM_FAILS=upgrade")
	assert.Assert(t, err != nil, "a release that Helm has rolled back is no success")

	workflow, _ := typed.ReadWorkflow(t, deliver)
	steps := map[string]string{}
	for _, step := range workflow.Jobs["deploy"].Steps {
		steps[step.Name] = step.If
	}
	assert.Equal(t, steps["Roll back"], "failure() && steps.deploy.outcome == 'success'", "Helm did it by itself, or there is nothing to go back to")
	assert.Equal(t, steps["Log out"], "always()")
}

// The platform's own runner brings a kubeconfig.
func TestGitHubsRunnerKeepsItsKubeconfig(t *testing.T) {
	p := runner(t)
	output, err := p.step("deploy", "Log in", "TEXT=")
	assert.NilError(t, err, output)
	for _, left := range []string{"env", "temp/kubeconfig"} {
		_, err = os.Stat(filepath.Join(p.home, left))
		assert.ErrorIs(t, err, os.ErrNotExist, left)
	}
}

// Nothing has more rights than it needs, and no step's words hold a secret.
func TestGitHubsRights(t *testing.T) {
	workflow, text := typed.ReadWorkflow(t, deliver)
	assert.Assert(t, is.Len(workflow.Permissions, 0))
	assert.Check(t, !strings.Contains(text, "pull_request"), "a change that nobody merged would run on our machine")
	for name, job := range workflow.Jobs {
		for _, step := range job.Steps {
			assert.Check(t, !strings.Contains(step.Run, "${{"), "%s: %s: an expression becomes part of the script", name, step.Name)
			if strings.HasPrefix(step.Uses, "actions/checkout@") {
				assert.Equal(t, step.With["persist-credentials"], false)
			}
		}
	}
}
