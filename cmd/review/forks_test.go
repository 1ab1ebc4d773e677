package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
	"sigs.k8s.io/yaml"
)

// term is one comparison of a condition, as both have them: $A == "b", a.b == c.d, $A != $B, $A.
var term = regexp.MustCompile(`^(\S+?)(?:\s*(==|!=)\s*(\S+))?$`)

// holds evaluates a condition of a workflow: comparisons that are joined with &&. What is not known is empty, as it is there.
func holds(t *testing.T, condition string, values map[string]string) bool {
	t.Helper()
	value := func(text string) string {
		if inner, is := strings.CutPrefix(text, `"`); is {
			return strings.TrimSuffix(inner, `"`)
		}
		if inner, is := strings.CutPrefix(text, "'"); is {
			return strings.TrimSuffix(inner, "'")
		}
		return values[strings.TrimPrefix(text, "$")]
	}
	for each := range strings.SplitSeq(condition, "&&") {
		parts := term.FindStringSubmatch(strings.TrimSpace(each))
		assert.Assert(t, parts != nil, "a condition that this test does not understand: %s", each)
		switch {
		case parts[2] == "" && value(parts[1]) == "", parts[2] == "==" && value(parts[1]) != value(parts[3]), parts[2] == "!=" && value(parts[1]) == value(parts[3]):
			return false
		}
	}
	return true
}

// gitLabJobs are the jobs of a file that a pipeline with these variables has, "manual" behind those that wait for somebody.
func gitLabJobs(t *testing.T, name string, variables map[string]string) []string {
	t.Helper()
	var file map[string]any
	assert.NilError(t, yaml.Unmarshal([]byte(read(t, examples, "gitlab", name)), &file))
	var made []string
	for name, section := range file {
		job, is := section.(map[string]any)
		if !is || strings.HasPrefix(name, ".") {
			continue
		}
		rules, _ := job["rules"].([]any)
		assert.Assert(t, len(rules) > 0, "%s runs in every pipeline", name)
		for _, each := range rules {
			rule := each.(map[string]any)
			if holds(t, rule["if"].(string), variables) {
				if rule["when"] == "manual" {
					name += " manual"
				}
				made = append(made, name)
				break
			}
		}
	}
	slices.Sort(made)
	return made
}

func TestWhichJobsAPipelineOfGitLabHas(t *testing.T) {
	const project, branch = "CI_PROJECT_ID", "CI_DEFAULT_BRANCH"
	for name, test := range map[string]struct {
		file      string
		variables map[string]string
		jobs      []string
	}{
		"a merge request of a fork": {"review.gitlab-ci.yml",
			map[string]string{"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "8", project: "7", branch: "main"}, []string{"sandbox"}},
		"a merge request": {"review.gitlab-ci.yml",
			map[string]string{"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "7", project: "7", branch: "main"},
			[]string{"post", "review manual", "sandbox"}},
		"a push to the default branch": {"review.gitlab-ci.yml",
			map[string]string{"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", project: "7", branch: "main"}, []string{"up manual"}},
		"a push to another branch": {"review.gitlab-ci.yml",
			map[string]string{"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "try", project: "7", branch: "main"}, nil},
		"a schedule": {"review.gitlab-ci.yml",
			map[string]string{"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main", "DRIFT": "1", project: "7", branch: "main"}, nil},
		"the nightly schedule": {"drift.gitlab-ci.yml",
			map[string]string{"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main", "DRIFT": "1", branch: "main"}, []string{"drift"}},
		"the nightly schedule, of another branch": {"drift.gitlab-ci.yml",
			map[string]string{"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "try", "DRIFT": "1", branch: "main"}, nil},
		"a merge request, at night":      {"drift.gitlab-ci.yml", map[string]string{"CI_PIPELINE_SOURCE": "merge_request_event", "DRIFT": "1"}, nil},
		"the reviewed project's trigger": {"post.gitlab-ci.yml", map[string]string{"CI_PIPELINE_SOURCE": "pipeline"}, []string{"post"}},
		"a push to what posts":           {"post.gitlab-ci.yml", map[string]string{"CI_PIPELINE_SOURCE": "push"}, nil},
	} {
		t.Run(name, func(t *testing.T) { assert.DeepEqual(t, gitLabJobs(t, test.file, test.variables), test.jobs) })
	}
}

// looker stands in for whatever the change's own code may be: it shows all that it can reach.
const looker = "#!/bin/sh\nenv; cat .git/config; find . -type f -exec cat {} +\n"

// A branch of somebody else's repository reaches no secret, wherever it looks; one of this repository does, so the test would see them.
func TestAForkGetsNoSecret(t *testing.T) {
	workflow, text := readWorkflow(t, "review.yaml")
	secrets := map[string]string{"github.token": "the-token-of-the-workflow"}
	for _, found := range regexp.MustCompile(`secrets\.(\w+)`).FindAllString(text, -1) {
		secrets[found] = "the-value-of-" + found
	}
	assert.Assert(t, len(secrets) > 3)
	reached := func(repository string) (jobs []string, all string) {
		t.Helper()
		context := map[string]string{"github.event.pull_request.head.repo.full_name": repository, "github.repository": "iransre/exchange-platform"}
		for name, job := range workflow.Jobs {
			if job.If != "" && !holds(t, job.If, context) {
				continue
			}
			jobs = append(jobs, name)
			folder := t.TempDir()
			assert.NilError(t, exec.Command("git", "init", "-q", folder).Run())
			environ := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + folder}
			for key, value := range job.Env {
				environ = append(environ, key+"="+expanded(value, secrets))
			}
			assert.NilError(t, os.MkdirAll(filepath.Join(folder, "scripts"), 0o755))
			for _, script := range []string{"sandbox", "review"} {
				assert.NilError(t, os.WriteFile(filepath.Join(folder, "scripts", script), []byte(looker), 0o755))
			}
			for _, step := range job.Steps {
				for key, value := range step.With { // what an action gets, it may leave in the checkout
					leave := fmt.Sprintf("%s %s %s\n", step.Uses, key, expanded(fmt.Sprint(value), secrets))
					assert.NilError(t, os.WriteFile(filepath.Join(folder, "with-"+key), []byte(leave), 0o644))
				}
				if strings.HasPrefix(step.Uses, "actions/checkout@") && step.With["persist-credentials"] != false {
					assert.NilError(t, os.WriteFile(filepath.Join(folder, ".git", "config"), []byte(secrets["github.token"]), 0o644))
				}
				if !strings.Contains(step.Run, "./scripts/") {
					continue
				}
				cmd := exec.CommandContext(t.Context(), "bash", "-eo", "pipefail", "-c", strings.ReplaceAll(step.Run, "${{ matrix.stack }}", "prod"))
				cmd.Dir, cmd.Env = folder, environ
				output, err := cmd.CombinedOutput()
				assert.NilError(t, err, string(output))
				all += string(output)
			}
		}
		slices.Sort(jobs)
		return jobs, all
	}
	jobs, all := reached("mallory/exchange-platform")
	assert.DeepEqual(t, jobs, []string{"sandbox"})
	assert.Check(t, is.Contains(all, "PATH="), "it looked nowhere")
	for name, value := range secrets {
		assert.Check(t, !strings.Contains(all, value), "%s is within reach of a fork", name)
	}
	jobs, all = reached("iransre/exchange-platform")
	assert.DeepEqual(t, jobs, []string{"review", "sandbox"})
	for name, value := range secrets {
		assert.Equal(t, strings.Contains(all, value), name != "github.token", name)
	}

	// GitLab gives protected variables to protected branches; the job that a fork has asks for none
	var file map[string]any
	assert.NilError(t, yaml.Unmarshal([]byte(read(t, examples, "gitlab/review.gitlab-ci.yml")), &file))
	said := fmt.Sprint(file["sandbox"], file[".pulumi"])
	assert.Check(t, !regexp.MustCompile("KEY|SECRET|TOKEN|PASSPHRASE|environment:").MatchString(said), said)
}

// expanded is a value of a workflow with what stands for secrets in it.
func expanded(value string, secrets map[string]string) string {
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		value = strings.ReplaceAll(value, "${{ "+name+" }}", secrets[name])
	}
	return value
}
