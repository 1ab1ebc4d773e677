package main

import (
	"errors"
	"fmt"
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

	"github.com/iransre/exchange-platform/internal/review/typed"
)

func TestMain(m *testing.M) { typed.Main(m, run) }

const examples = "../../examples/ci"

func readWorkflow(t *testing.T, name string) (typed.Workflow, string) {
	t.Helper()
	return typed.ReadWorkflow(t, filepath.Join(examples, "github", name))
}

func bash(t *testing.T, folder, lines string, variables ...string) (string, error) {
	t.Helper()
	return typed.Bash(t, folder, "review", lines, variables...)
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	assert.NilError(t, err)
	return string(text)
}

func TestTheReviewOfAPullRequest(t *testing.T) {
	withEngine(t, map[string]string{"state.json": someState, "preview.json": removal})
	review, _ := readWorkflow(t, "review.yaml")
	folder := t.TempDir()
	output, err := bash(t, folder, review.Script(t, "review", "Review"))
	assert.NilError(t, err, output)
	assert.Check(t, is.Contains(read(t, folder, "review.md"), "w1-data"))
	assert.Check(t, is.Contains(read(t, folder, "approved.json"), "w1-data"))
	assert.Equal(t, read(t, folder, "code"), "26\n")
}

// Only what was approved is done: another preview ends the job before there is an update.
func TestTheUpdateOfAnApprovedChange(t *testing.T) {
	gitlab := map[string]struct{ Script []string }{}
	text := read(t, examples, "gitlab/review.gitlab-ci.yml")
	var file map[string]any
	assert.NilError(t, yaml.Unmarshal([]byte(text), &file))
	for name, section := range file {
		if jobs, is := section.(map[string]any); is {
			var lines []string
			list, _ := jobs["script"].([]any)
			for _, line := range list {
				lines = append(lines, line.(string))
			}
			gitlab[name] = struct{ Script []string }{lines}
		}
	}
	up, _ := readWorkflow(t, "up.yaml")
	for name, lines := range map[string]string{
		"GitHub": up.Script(t, "up", "Do what was approved, and nothing else"),
		"GitLab": strings.Join(gitlab["up"].Script, "\n"),
	} {
		t.Run(name, func(t *testing.T) {
			engine := withEngine(t, map[string]string{"state.json": someState, "preview.json": removal})
			folder := t.TempDir()
			_, err := bash(t, folder, "mkdir review; ./scripts/review --approve review/approved.json prod")
			assert.NilError(t, err)
			variables := []string{"STACK=prod", "APPROVED=review/approved.json"}
			output, err := bash(t, folder, lines, variables...)
			assert.NilError(t, err, output)
			const update = "up --yes --skip-preview --suppress-outputs --stack prod\n"
			assert.Equal(t, strings.Count(read(t, engine, "calls"), update), 1)

			worse := strings.ReplaceAll(removal, "w1-data", "w2-data")
			assert.NilError(t, os.WriteFile(filepath.Join(engine, "preview.json"), []byte(worse), 0o644))
			output, err = bash(t, folder, lines, variables...)
			assert.Assert(t, err != nil, output)
			assert.Check(t, is.Contains(output, "`w2-data` (Volume) is deleted, which was not approved"))
			assert.Equal(t, strings.Count(read(t, engine, "calls"), update), 1, "it was done nevertheless")
		})
	}
	t.Run("the widget of a merge request", func(t *testing.T) {
		withEngine(t, map[string]string{"state.json": someState, "preview.json": removal})
		folder := t.TempDir()
		_, err := bash(t, folder, strings.Join(gitlab["review"].Script, "\n"), "STACK=prod")
		exit := &exec.ExitError{}
		assert.Assert(t, errors.As(err, &exit))
		assert.Equal(t, exit.ExitCode(), 26)
		assert.Check(t, is.Contains(read(t, folder, "counts-prod.json"), `"delete": 1`))
		assert.Check(t, is.Contains(text, "terraform: counts-$STACK.json"))
	})
}

// What runs a change's code has no key that writes, and what has one runs none of it.
func TestWhoHasWhichSecret(t *testing.T) {
	secrets := regexp.MustCompile(`secrets\.(\w+)`)
	review, text := readWorkflow(t, "review.yaml")
	assert.Check(t, !strings.Contains(text, "pull_request_target"))
	assert.DeepEqual(t, review.Permissions, map[string]string{"contents": "read"})
	var inReview []string
	for name, job := range review.Jobs {
		var reached []string
		for _, value := range job.Env {
			for _, found := range secrets.FindAllStringSubmatch(value, -1) {
				reached = append(reached, found[1])
			}
		}
		for _, step := range job.Steps {
			said := fmt.Sprint(step)
			assert.Check(t, !secrets.MatchString(said) && !strings.Contains(said, "github.token"), "%s: %s", name, said)
			if strings.HasPrefix(step.Uses, "actions/checkout@") {
				assert.Equal(t, step.With["persist-credentials"], false, "the token stays in the checkout")
			}
		}
		if len(reached) > 0 {
			assert.Equal(t, job.If, "github.event.pull_request.head.repo.full_name == github.repository", "%s has secrets", name)
			assert.Equal(t, job.Environment, "preview", "nobody has let it")
		}
		inReview = append(inReview, reached...)
	}
	assert.Equal(t, strings.Count(text, "secrets."), len(inReview), "one is elsewhere")
	up, _ := readWorkflow(t, "up.yaml")
	for _, value := range up.Jobs["up"].Env {
		for _, found := range secrets.FindAllStringSubmatch(value, -1) {
			assert.Check(t, found[1] == "PULUMI_CONFIG_PASSPHRASE" || !slices.Contains(inReview, found[1]), "%s can write, and is in a review", found[1])
		}
	}
	for _, name := range []string{"post.yaml", "up.yaml", "drift.yaml"} {
		made, _ := readWorkflow(t, name)
		for _, job := range made.Jobs {
			for _, step := range job.Steps {
				if strings.HasPrefix(step.Uses, "actions/checkout@") {
					assert.Check(t, step.With["ref"] == nil, "%s checks out something else than the default branch", name)
				}
			}
		}
	}
	files, err := filepath.Glob(examples + "/*/*")
	assert.NilError(t, err)
	assert.Assert(t, len(files) >= 5)
	for _, path := range files {
		assert.Check(t, !strings.Contains(read(t, path), "ignore-protect"), path)
		assert.Check(t, yaml.Unmarshal([]byte(read(t, path)), &map[string]any{}) == nil, path)
	}
}

// The page's commands work as they stand there.
func TestThePagesCommands(t *testing.T) {
	count := 0
	for _, block := range strings.Split(read(t, "../../docs/reviews.md"), "```sh\n")[1:] {
		lines, _, _ := strings.Cut(block, "```")
		for line := range strings.Lines(lines) {
			line, _, _ = strings.Cut(line, "#")
			if !strings.Contains(line, "./scripts/review") {
				continue // the recording is a test of its own, and so is what posts
			}
			count++
			if strings.Contains(line, "--upgrade") {
				cluster(t, nil)
				output, err := bash(t, t.TempDir(), line)
				assert.NilError(t, err, "%s: %s", line, output)
				continue
			}
			folder := t.TempDir()
			withEngine(t, map[string]string{"state.json": someState, "preview.json": removal})
			assert.NilError(t, os.WriteFile(filepath.Join(folder, "preview.json"), []byte(removal), 0o644))
			_, err := bash(t, folder, "./scripts/review --approve approved.json prod")
			assert.NilError(t, err)
			output, err := bash(t, folder, line)
			exit := &exec.ExitError{}
			if errors.As(err, &exit) && strings.Contains(line, "--gate") {
				assert.Equal(t, exit.ExitCode(), 26, line)
				continue
			}
			assert.NilError(t, err, "%s: %s", line, output)
		}
	}
	assert.Assert(t, count >= 4, "%d commands", count)
}
