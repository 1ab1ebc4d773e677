// Package examples runs what the examples' pipelines run, step by step: with real git, and stand-ins for what a pipeline has in its images.
package examples

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
	"sigs.k8s.io/yaml"
)

const (
	token  = "the-token-of-exchange-devops"
	commit = "0123456789abcdef0123456789abcdef01234567"
)

var digest = "sha256:" + strings.Repeat("c3", 32)

// standIns are programs that a pipeline finds in its images. Each notes its words, and none may hold a secret.
var standIns = map[string]string{
	"apt-get":                ``,
	"python":                 ``,
	"buildctl-daemonless.sh": `mkdir -p image && cp Dockerfile image/index.json`,
	"trivy":                  `! grep -q VULNERABLE image/index.json`,
	"skopeo":                 `case $1 in login) [ "$(cat)" = "$CI_REGISTRY_PASSWORD" ] ;; copy) [ -f image/index.json ] && printf %s "$PUSHED_DIGEST" >digest ;; esac`,
	"kubectl":                `case $* in *configmap*) echo "host: demo.iransre.ir" ;; *deployment*) printf %s "$RUNNING" ;; esac`,
	"helm":                   `[ -s "$KUBECONFIG" ] && [ "$1" != "$HELM_FAILS" ]`,
	"curl":                   `[ -z "${CURL_FAILS:-}" ]`,
}

// pipeline is a machine that runs jobs.
type pipeline struct {
	t      *testing.T
	home   string
	folder string   // the checkout
	env    []string // what all jobs have
}

func newPipeline(t *testing.T, variables ...string) *pipeline {
	t.Helper()
	p := &pipeline{t: t, home: t.TempDir(), folder: t.TempDir()}
	bin := filepath.Join(p.home, "bin")
	assert.NilError(t, os.Mkdir(bin, 0o755))
	for name, does := range standIns {
		text := fmt.Sprintf("#!/bin/sh\necho \"%s $*\" >>%s/calls\n%s\n", name, p.home, does)
		assert.NilError(t, os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755))
	}
	assert.NilError(t, os.WriteFile(filepath.Join(p.folder, "Dockerfile"), []byte("FROM scratch\n"), 0o644))
	packages, err := os.ReadFile("exchange/packages.txt")
	assert.NilError(t, err)
	assert.NilError(t, os.WriteFile(filepath.Join(p.folder, "packages.txt"), packages, 0o644))
	p.env = append([]string{"HOME=" + p.home, "PATH=" + bin + ":" + os.Getenv("PATH"), "PUSHED_DIGEST=" + digest, "GIT_CONFIG_NOSYSTEM=1"}, variables...)
	return p
}

// run runs lines with a shell, as runners do: the first failure ends them.
func (p *pipeline) run(folder, lines string, variables ...string) (string, error) {
	p.t.Helper()
	command := exec.CommandContext(p.t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", lines)
	command.Dir, command.Env = folder, append(slices.Clone(p.env), variables...)
	output, err := command.CombinedOutput()
	return string(output), err
}

// called are the words that the stand-ins were called with.
func (p *pipeline) called() string {
	text, err := os.ReadFile(filepath.Join(p.home, "calls"))
	assert.NilError(p.t, err)
	return string(text)
}

func (p *pipeline) git(folder string, words ...string) string {
	p.t.Helper()
	command := exec.CommandContext(p.t.Context(), "git", append([]string{"-c", "user.name=somebody", "-c", "user.email=somebody@example"}, words...)...)
	command.Dir, command.Env = folder, append(os.Environ(), "HOME="+p.home)
	output, err := command.CombinedOutput()
	assert.NilError(p.t, err, "git %v: %s", words, output)
	return strings.TrimSpace(string(output))
}

// devops is a server's repository with the example in it.
func (p *pipeline) devops() string {
	p.t.Helper()
	server, work := filepath.Join(p.home, "exchange-devops.git"), filepath.Join(p.home, "work")
	p.git(p.home, "init", "--quiet", "--bare", "--initial-branch=main", server)
	p.git(server, "config", "receive.advertisePushOptions", "true")
	hook := "#!/bin/sh\nenv | grep '^GIT_PUSH_OPTION_' >>" + p.home + "/options || true\n"
	assert.NilError(p.t, os.WriteFile(filepath.Join(server, "hooks/post-receive"), []byte(hook), 0o755))
	assert.NilError(p.t, os.CopyFS(work, os.DirFS("Exchange-DevOps")))
	p.git(work, "init", "--quiet", "--initial-branch=main")
	p.git(work, "add", ".")
	p.git(work, "commit", "--quiet", "--message=as it is")
	p.git(work, "push", "--quiet", server, "main")
	return server
}

// job is one of GitLab's, with what it extends.
type job struct {
	Extends, Stage, Image string
	Before, Script        []string
	Variables             map[string]string
	Group                 string
	Rules                 []any
}

func gitLab(t *testing.T) (jobs map[string]job, stages []string) {
	t.Helper()
	text, err := os.ReadFile("exchange/.gitlab-ci.yml")
	assert.NilError(t, err)
	var file map[string]any
	assert.NilError(t, yaml.UnmarshalStrict(text, &file))
	jobs = map[string]job{}
	known := strings.Fields("extends stage image before_script script variables services artifacts rules needs environment resource_group")
	for name, section := range file {
		if name == "variables" {
			continue
		}
		if name == "default" { // the runner's tag, for all jobs
			assert.DeepEqual(t, section, map[string]any{"tags": []any{"exchange"}})
			continue
		}
		if name == "stages" {
			for _, stage := range section.([]any) {
				stages = append(stages, stage.(string))
			}
			continue
		}
		fields := section.(map[string]any)
		if parent, extends := fields["extends"].(string); extends {
			for key, value := range file[parent].(map[string]any) {
				if _, own := fields[key]; !own {
					fields[key] = value
				}
			}
		}
		made := job{Variables: map[string]string{}}
		for key, value := range fields {
			assert.Check(t, slices.Contains(known, key), "%s: %s is no key of a job that GitLab knows", name, key)
			switch key {
			case "stage":
				made.Stage = value.(string)
			case "before_script", "script":
				var lines []string
				for _, line := range value.([]any) {
					lines = append(lines, line.(string))
				}
				if key == "script" {
					made.Script = lines
				} else {
					made.Before = lines
				}
			case "variables":
				for variable, text := range value.(map[string]any) {
					made.Variables[variable] = fmt.Sprint(text)
				}
			case "resource_group":
				made.Group = value.(string)
			case "rules":
				made.Rules = value.([]any)
			}
		}
		jobs[name] = made
	}
	return jobs, stages
}

// do runs a job of GitLab's.
func (p *pipeline) do(t *testing.T, name string, variables ...string) (string, error) {
	t.Helper()
	jobs, _ := gitLab(t)
	made, there := jobs[name]
	assert.Assert(t, there && len(made.Script) > 0, "no job %s", name)
	for variable, text := range made.Variables {
		variables = append(variables, variable+"="+text)
	}
	return p.run(p.folder, strings.Join(append(slices.Clone(made.Before), made.Script...), "\n"), variables...)
}

func gitLabVariables(server string) []string {
	return []string{
		"DEBIAN=debian:12.11-slim", "DEVOPS_URL=" + server, "DEVOPS_TOKEN=" + token, "CI_REGISTRY=registry.iransre.ir", "CI_REGISTRY_USER=robot",
		"CI_REGISTRY_PASSWORD=" + token, "CI_REGISTRY_IMAGE=registry.iransre.ir/iransre/exchange", "CI_COMMIT_SHA=" + commit, "CI_PROJECT_NAME=exchange",
		"CI_PROJECT_URL=https://gitlab.iransre.ir/iransre/exchange", "GITLAB_USER_NAME=Sara", "GITLAB_USER_EMAIL=sara@iransre.ir", "CI_PIPELINE_ID=7",
	}
}

func TestGitLabFromACommitToDevOps(t *testing.T) {
	p := newPipeline(t)
	server := p.devops()
	p.env = append(p.env, gitLabVariables(server)...)
	for _, name := range []string{"lint", "test", "build", "scan", "push"} {
		output, err := p.do(t, name)
		assert.NilError(t, err, "%s: %s", name, output)
	}
	pushed, err := os.ReadFile(filepath.Join(p.folder, "pushed.env"))
	assert.NilError(t, err)
	assert.Equal(t, string(pushed), "TAG="+commit+"\nDIGEST="+digest+"\n")
	given := strings.Fields(string(pushed)) // a report of dotenv is variables of the jobs that need it

	output, err := p.do(t, "deliver", given...)
	assert.NilError(t, err, output)
	const demo, prod = "main:overlays/demo/version/kustomization.yaml", "main:overlays/prod/version/kustomization.yaml"
	said := p.git(server, "show", demo)
	for _, line := range []string{"newName: registry.iransre.ir/iransre/exchange", `newTag: "` + commit + `"`, "digest: " + digest} {
		assert.Check(t, is.Contains(said, line))
	}
	assert.Equal(t, p.git(server, "diff", "--name-only", "main~", "main"), "overlays/demo/version/kustomization.yaml")
	assert.Equal(t, p.git(server, "log", "-1", "--format=%an %s %b", "main"),
		"Sara demo runs exchange "+commit+" https://gitlab.iransre.ir/iransre/exchange/-/commit/"+commit)
	assert.Check(t, !strings.Contains(p.git(server, "show", prod), digest), "production was not asked for")

	before := p.git(server, "rev-parse", "main")
	assert.NilError(t, os.RemoveAll(filepath.Join(p.folder, "devops")))
	output, err = p.do(t, "deliver", given...)
	assert.NilError(t, err, output)
	assert.Equal(t, p.git(server, "rev-parse", "main"), before, "the same again is no commit")

	assert.NilError(t, os.RemoveAll(filepath.Join(p.folder, "devops")))
	output, err = p.do(t, "promote")
	assert.NilError(t, err, output)
	assert.Equal(t, p.git(server, "rev-parse", "main"), before, "nobody has merged it")
	assert.Equal(t, p.git(server, "diff", "--name-only", "main", "promote-7"), "overlays/prod/version/kustomization.yaml")
	assert.Equal(t, p.git(server, "show", strings.Replace(prod, "main", "promote-7", 1)), said, "not the same bytes")
	options, err := os.ReadFile(filepath.Join(p.home, "options"))
	assert.NilError(t, err)
	assert.Check(t, is.Contains(string(options), "=merge_request.create\n"))

	// no secret is among the words of a program, nor left in what the jobs wrote
	assert.Check(t, !strings.Contains(p.called(), token))
	assert.NilError(t, filepath.WalkDir(p.folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			text, err := os.ReadFile(path)
			assert.Check(t, err == nil && !strings.Contains(string(text), token), path)
		}
		return err
	}))
}

// Another pipeline wrote in between: its commit stays, and this one comes after it.
func TestGitLabWritesAfterAnother(t *testing.T) {
	p := newPipeline(t)
	server := p.devops()
	p.env = append(p.env, gitLabVariables(server)...)
	jobs, _ := gitLab(t)
	output, err := p.run(p.folder, strings.Join(jobs["deliver"].Before, "\n"))
	assert.NilError(t, err, output)
	other := filepath.Join(p.home, "work")
	assert.NilError(t, os.WriteFile(filepath.Join(other, "README.md"), []byte("another one's\n"), 0o644))
	p.git(other, "commit", "--quiet", "--all", "--message=another one's")
	p.git(other, "push", "--quiet", server, "main")
	output, err = p.run(filepath.Join(p.folder, "devops"), strings.Join(jobs["deliver"].Script, "\n"), "TAG="+commit, "DIGEST="+digest)
	assert.NilError(t, err, output)
	assert.Equal(t, p.git(server, "log", "-1", "--format=%s", "main~"), "another one's")
	assert.Check(t, is.Contains(p.git(server, "show", "main:overlays/demo/version/kustomization.yaml"), digest))
}

// What the scanner finds is not pushed, and what a branch has is neither.
func TestGitLabStopsInTime(t *testing.T) {
	p := newPipeline(t)
	p.env = append(p.env, gitLabVariables("nowhere")...)
	assert.NilError(t, os.WriteFile(filepath.Join(p.folder, "Dockerfile"), []byte("FROM VULNERABLE\n"), 0o644))
	_, err := p.do(t, "build")
	assert.NilError(t, err)
	_, err = p.do(t, "scan")
	assert.Assert(t, err != nil)

	jobs, stages := gitLab(t)
	assert.DeepEqual(t, stages, strings.Fields("test build scan push deliver promote"))
	const released = `$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH || $CI_COMMIT_TAG`
	for _, name := range []string{"push", "deliver", "promote"} {
		assert.Assert(t, is.Len(jobs[name].Rules, 1))
		assert.Equal(t, jobs[name].Rules[0].(map[string]any)["if"], released, name)
	}
	assert.Equal(t, jobs["promote"].Rules[0].(map[string]any)["when"], "manual")
	assert.Equal(t, jobs["deliver"].Group, jobs["promote"].Group)
	assert.Assert(t, jobs["deliver"].Group != "")
	for name, made := range jobs {
		if !strings.HasPrefix(name, ".") {
			assert.Check(t, slices.Contains(stages, made.Stage), "%s is in no stage", name)
		}
	}
}

// Production's cluster refuses a pod whose image has no version, be it a job's.
func TestEachImageOfGitLabsJobsHasAVersion(t *testing.T) {
	text, err := os.ReadFile("exchange/.gitlab-ci.yml")
	assert.NilError(t, err)
	var file struct{ Variables map[string]string }
	assert.NilError(t, yaml.Unmarshal(text, &file))
	for name, image := range file.Variables {
		_, tag, _ := strings.Cut(image, ":")
		assert.Check(t, strings.ContainsAny(tag, "0123456789"), "%s: %s", name, image)
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if _, image, names := strings.Cut(line, "image: "); names {
			assert.Check(t, strings.HasPrefix(image, "$") || strings.HasPrefix(image, "{name: $"), "%s: name it among the variables", line)
		}
	}
}
