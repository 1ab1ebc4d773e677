package devops_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
	"gotest.tools/v3/golden"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/iransre/exchange-platform/sandbox/charts/devops"
)

const chartFolder, example = "../../../charts/exchange", "../../../examples/Exchange-DevOps"

func copied(t *testing.T) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "Exchange-DevOps")
	assert.NilError(t, os.CopyFS(to, os.DirFS(example)))
	return to
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	assert.NilError(t, err)
	return string(text)
}

func replace(t *testing.T, path, old, with string) {
	t.Helper()
	text := read(t, path)
	assert.Assert(t, strings.Contains(text, old), "%s has no %q", path, old)
	assert.NilError(t, os.WriteFile(path, []byte(strings.ReplaceAll(text, old, with)), 0o644))
}

// The example is what the chart renders, to the byte; `go test ./charts/devops -update` writes it.
func TestTheExampleIsWrittenFromTheChart(t *testing.T) {
	if golden.FlagUpdate() {
		assert.NilError(t, devops.Write(t.Context(), chartFolder, example))
	}
	assert.NilError(t, devops.Check(chartFolder, example))
	again := copied(t)
	assert.NilError(t, devops.Write(t.Context(), chartFolder, again))
	assert.NilError(t, filepath.WalkDir(again, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(again, path)
			assert.Check(t, is.Equal(read(t, path), read(t, example, name)), name)
		}
		return err
	}))
}

// images are what the containers of an environment run, and versions what its pods say of themselves.
func images(t *testing.T, repository, environment string) (images, versions []string) {
	t.Helper()
	built, err := devops.Build(repository, environment)
	assert.NilError(t, err)
	pods := 0
	for _, object := range built {
		template, found, err := unstructured.NestedMap(object.Object, "spec", "template")
		assert.NilError(t, err)
		if !found {
			continue
		}
		pods++
		label, _, err := unstructured.NestedString(template, "metadata", "labels", "app.kubernetes.io/version")
		assert.NilError(t, err)
		versions = append(versions, label)
		for _, kind := range []string{"containers", "initContainers"} {
			containers, _, err := unstructured.NestedSlice(template, "spec", kind)
			assert.NilError(t, err)
			for _, container := range containers {
				images = append(images, container.(map[string]any)["image"].(string))
			}
		}
	}
	assert.Equal(t, pods, 4, "web, worker, migrations and the queue's metrics")
	return slices.Compact(images), slices.Compact(versions)
}

func script(t *testing.T, repository string, words ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), words[0], words[1:]...)
	command.Dir = repository
	output, err := command.CombinedOutput()
	return string(output), err
}

// changed are the files that differ from the example's.
func changed(t *testing.T, repository string) []string {
	t.Helper()
	var names []string
	assert.NilError(t, filepath.WalkDir(repository, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(repository, path)
			if read(t, path) != read(t, example, name) {
				names = append(names, name)
			}
		}
		return err
	}))
	return names
}

// A new version is one file, in one environment, and the same bytes reach the next one.
func TestAVersionIsSetAndPromoted(t *testing.T) {
	repository := copied(t)
	digest := "sha256:" + strings.Repeat("a1", 32)
	output, err := script(t, repository, "./promote", "demo", "prod")
	assert.Assert(t, err != nil, "an image without a digest is promoted")
	assert.Check(t, is.Contains(output, "demo runs an image without a digest"))

	output, err = script(t, repository, "./set-version", "demo", "registry.iransre.ir/exchange", "1.1.0", digest)
	assert.NilError(t, err, output)
	assert.DeepEqual(t, changed(t, repository), []string{"overlays/demo/version/kustomization.yaml"})
	assert.NilError(t, devops.Check(chartFolder, repository))
	run, said := images(t, repository, "demo")
	assert.DeepEqual(t, run, []string{"registry.iransre.ir/exchange:1.1.0@" + digest})
	assert.DeepEqual(t, said, []string{"1.1.0"})
	run, _ = images(t, repository, "prod")
	assert.DeepEqual(t, run, []string{"ghcr.io/iransre/exchange:1.0.0"})

	output, err = script(t, repository, "./promote", "demo", "prod")
	assert.NilError(t, err, output)
	assert.DeepEqual(t, changed(t, repository), []string{"overlays/demo/version/kustomization.yaml", "overlays/prod/version/kustomization.yaml"})
	run, _ = images(t, repository, "prod")
	assert.DeepEqual(t, run, []string{"registry.iransre.ir/exchange:1.1.0@" + digest})
	assert.NilError(t, devops.Check(chartFolder, repository))

	// what an environment runs is no business of the renderer's
	assert.NilError(t, devops.Write(t.Context(), chartFolder, repository))
	run, _ = images(t, repository, "prod")
	assert.DeepEqual(t, run, []string{"registry.iransre.ir/exchange:1.1.0@" + digest})
}

func TestWhatIsNoVersionIsRefused(t *testing.T) {
	repository := copied(t)
	digest := "sha256:" + strings.Repeat("a1", 32)
	for words, message := range map[string]string{
		"./set-version staging exchange 1.1.0 " + digest:         "there is no environment staging: demo prod",
		"./set-version demo exchange":                            "usage",
		"./set-version demo Exchange 1.1.0 " + digest:            "Exchange is no image",
		"./set-version demo exchange 1.1.0\"\nevil " + digest:    "usage",
		"./set-version demo exchange 1/1 " + digest:              "1/1 is no tag",
		"./set-version demo exchange 1.1. " + digest:             "1.1. is no label",
		"./set-version demo exchange " + strings.Repeat("1", 64): "is no tag",
		"./set-version demo exchange 1.1.0 sha256:a1":            "sha256:a1 is no digest",
		"./set-version demo exchange@sha256:00 1.1.0 " + digest:  "exchange@sha256:00 is no image",
		"./promote demo staging":                                 "there is no environment staging",
		"./promote demo":                                         "usage",
	} {
		output, err := script(t, repository, strings.Fields(words)...)
		assert.Check(t, err != nil, words)
		assert.Check(t, is.Contains(output, message), words)
	}
	assert.DeepEqual(t, changed(t, repository), []string(nil))
}

// The migrations stop a rollout in Argo CD as they do with Helm, and a release of Helm can take over what Argo CD has made.
func TestWhoRunsAndOwnsWhat(t *testing.T) {
	built, err := devops.Build(example, "prod")
	assert.NilError(t, err)
	hooks := 0
	for _, object := range built {
		annotations := object.GetAnnotations()
		if annotations["argocd.argoproj.io/hook"] == "" {
			assert.Equal(t, annotations["meta.helm.sh/release-name"]+" in "+annotations["meta.helm.sh/release-namespace"], "exchange in exchange", object.GetName())
			assert.Equal(t, object.GetLabels()["app.kubernetes.io/managed-by"], "Helm", object.GetName())
			continue
		}
		hooks++
		assert.Equal(t, object.GetKind()+" "+object.GetName(), "Job exchange-migrations")
		assert.Equal(t, annotations["argocd.argoproj.io/hook"], "PreSync")
		assert.Equal(t, annotations["argocd.argoproj.io/hook-delete-policy"], "BeforeHookCreation")
		assert.Equal(t, annotations["helm.sh/hook"], "")
		_, vanishes, err := unstructured.NestedFieldNoCopy(object.Object, "spec", "ttlSecondsAfterFinished")
		assert.NilError(t, err)
		assert.Assert(t, !vanishes, "Argo CD waits for ever for a Job that is gone before it looked")
	}
	assert.Equal(t, hooks, 1)
	for _, object := range built {
		assert.Check(t, object.GetKind() != "Secret" && object.GetKind() != "Namespace", "%s is Pulumi's", object.GetKind())
	}
}

// Whatever an environment wants, the repository is what the chart renders with it, or it is said.
func TestAnotherEnvironment(t *testing.T) {
	t.Run("more than the base has", func(t *testing.T) {
		repository := copied(t)
		replace(t, filepath.Join(repository, "overlays/prod/values.yaml"), "web:\n", "image: {pullSecrets: [exchange-registry]}\nweb:\n  autoscaling: {enabled: true}\n")
		replace(t, filepath.Join(repository, "overlays/prod/values.yaml"), "image:\n  repository: ghcr.io/iransre/exchange\n  tag: 1.0.0\n", "")
		assert.ErrorContains(t, devops.Check(chartFolder, repository), "run scripts/render-devops")
		assert.NilError(t, devops.Write(t.Context(), chartFolder, repository))
		assert.Check(t, is.Contains(read(t, repository, "overlays/prod/more.yaml"), "HorizontalPodAutoscaler"))
	})
	t.Run("a third one", func(t *testing.T) {
		repository := copied(t)
		assert.NilError(t, os.Mkdir(filepath.Join(repository, "overlays/staging"), 0o755))
		assert.NilError(t, os.WriteFile(filepath.Join(repository, "overlays/staging/values.yaml"), []byte(read(t, example, "overlays/demo/values.yaml")), 0o644))
		assert.NilError(t, devops.Write(t.Context(), chartFolder, repository))
		run, _ := images(t, repository, "staging")
		assert.DeepEqual(t, run, []string{"ghcr.io/iransre/exchange:1.0.0"})
	})
	t.Run("an edit by hand", func(t *testing.T) {
		repository := copied(t)
		replace(t, filepath.Join(repository, "base/app.yaml"), "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false")
		assert.ErrorContains(t, devops.Check(chartFolder, repository), "readOnlyRootFilesystem: false\n")
	})
	t.Run("no environment", func(t *testing.T) {
		assert.ErrorContains(t, devops.Check(chartFolder, t.TempDir()), "has no overlays/NAME/values.yaml")
	})
}
