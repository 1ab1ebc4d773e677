// Package devops writes the repository that Argo CD watches from the exchange's chart: a base of three manifests, and for each environment
// what differs there. The platform's program installs the same chart with the same values, so an object that changes hands stays as it is.
package devops

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/sandbox/charts/internal/render"
)

const (
	// release and namespace are those of the platform's own release: the objects have their names from it.
	release, namespace = "exchange", "exchange"
	// placeholder stands for the image in what is rendered; each environment's version says which one it is.
	placeholder, noVersion = "exchange", "none"

	valuesFile = "values.yaml"
	listFile   = "kustomization.yaml"
	versionDir = "version"
	notice     = "# Written by scripts/render-devops of the platform, from values.yaml and its chart: change those, not this.\n"
)

// manifests are the files of the base, each with the chart's parts (the label app.kubernetes.io/component) that are in it.
var manifests = []struct {
	file  string
	parts []string
}{
	{"app.yaml", []string{"web", "config", "denied"}},
	{"django-q.yaml", []string{"worker", "queue-metrics"}},
	{"migrations.yaml", []string{"migrations"}},
}

// Write renders a repository anew from the chart in a folder. base/values.yaml and each overlays/NAME/values.yaml are read; what an
// environment runs is left as it is, or begins with the image of its values.
func Write(ctx context.Context, chartFolder, repository string) error {
	base, err := baseObjects(chartFolder, repository)
	if err != nil {
		return err
	}
	if err := writeBase(filepath.Join(repository, "base"), base); err != nil {
		return err
	}
	environments, err := Environments(repository)
	if err != nil {
		return err
	}
	for _, name := range environments {
		if err := writeOverlay(ctx, chartFolder, repository, name, base); err != nil {
			return fmt.Errorf("overlays/%s: %w", name, err)
		}
	}
	return Check(chartFolder, repository)
}

// Environments are those of a repository, by the folders that have values.
func Environments(repository string) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(repository, "overlays", "*", valuesFile))
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s has no overlays/NAME/%s: write one, kubectl -n exchange get configmap platform-values -o jsonpath='{.data.values\\.yaml}' prints it", repository, valuesFile)
	}
	var names []string
	for _, path := range found {
		names = append(names, filepath.Base(filepath.Dir(path)))
	}
	return names, nil
}

// image is what the values of an environment say of it.
type image struct{ Repository, Tag, Digest string }

func readValues(path string) (map[string]any, image, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, image{}, err
	}
	values := map[string]any{}
	if err := yaml.UnmarshalStrict(text, &values); err != nil {
		return nil, image{}, fmt.Errorf("%s: %w", path, err)
	}
	var read struct{ Image image }
	if err := yaml.Unmarshal(text, &read); err != nil {
		return nil, image{}, fmt.Errorf("%s: %w", path, err)
	}
	return values, read.Image, nil
}

// objects are the chart's with these values and an image, as the repository has them.
func objects(chartFolder string, values map[string]any, with image) (map[string]*unstructured.Unstructured, error) {
	loaded, err := loader.Load(chartFolder)
	if err != nil {
		return nil, err
	}
	set := map[string]any{"repository": with.Repository, "tag": with.Tag, "digest": with.Digest}
	rendered, err := render.Objects(loaded, release, namespace, chartutil.CoalesceTables(map[string]any{"image": set}, values))
	if err != nil {
		return nil, err
	}
	byName := map[string]*unstructured.Unstructured{}
	for _, object := range rendered {
		mark(object)
		byName[object.GetKind()+"/"+object.GetName()] = object
	}
	return byName, nil
}

// mark has Argo CD run what Helm runs before an upgrade, and Helm know the others as its own: a release may take them over again.
func mark(object *unstructured.Unstructured) {
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	if _, hook := annotations["helm.sh/hook"]; hook {
		maps.DeleteFunc(annotations, func(key, _ string) bool { return strings.HasPrefix(key, "helm.sh/hook") })
		annotations["argocd.argoproj.io/hook"] = "PreSync"
		// A failed Job stays to be read, until the next one replaces it.
		annotations["argocd.argoproj.io/hook-delete-policy"] = "BeforeHookCreation"
	} else {
		annotations["meta.helm.sh/release-name"], annotations["meta.helm.sh/release-namespace"] = release, namespace
	}
	object.SetAnnotations(annotations)
}

func baseObjects(chartFolder, repository string) (map[string]*unstructured.Unstructured, error) {
	values, _, err := readValues(filepath.Join(repository, "base", valuesFile))
	if err != nil {
		return nil, err
	}
	made, err := objects(chartFolder, values, image{Repository: placeholder, Tag: noVersion})
	if err != nil {
		return nil, fmt.Errorf("base: %w", err)
	}
	return made, nil
}

// split puts objects into the files of the base.
func split(made map[string]*unstructured.Unstructured) map[string][]*unstructured.Unstructured {
	files := map[string][]*unstructured.Unstructured{}
	for _, name := range slices.Sorted(maps.Keys(made)) {
		file := manifestOf(made[name])
		files[file] = append(files[file], made[name])
	}
	return files
}

// manifestOf is the file that an object is in; whatever belongs to no part is the application's.
func manifestOf(object *unstructured.Unstructured) string {
	part := object.GetLabels()["app.kubernetes.io/component"]
	for _, manifest := range manifests {
		if slices.Contains(manifest.parts, part) {
			return manifest.file
		}
	}
	return manifests[0].file
}

func writeBase(folder string, base map[string]*unstructured.Unstructured) error {
	var resources []string
	files := split(base)
	for _, manifest := range manifests {
		resources = append(resources, manifest.file)
		var documents []any
		for _, object := range files[manifest.file] {
			documents = append(documents, object.Object)
		}
		if err := write(filepath.Join(folder, manifest.file), documents...); err != nil {
			return err
		}
	}
	return write(filepath.Join(folder, listFile), map[string]any{
		"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": resources,
	})
}

// writeOverlay writes what differs in an environment, a file for each of the base's.
func writeOverlay(ctx context.Context, chartFolder, repository, name string, base map[string]*unstructured.Unstructured) error {
	folder := filepath.Join(repository, "overlays", name)
	values, runs, err := readValues(filepath.Join(folder, valuesFile))
	if err != nil {
		return err
	}
	here, err := objects(chartFolder, values, image{Repository: placeholder, Tag: noVersion})
	if err != nil {
		return err
	}
	changes, added, err := difference(base, here)
	if err != nil {
		return err
	}
	list := map[string]any{"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "components": []any{versionDir}}
	resources := []any{"../../base"}
	if len(added) > 0 {
		resources = append(resources, "more.yaml")
		if err := write(filepath.Join(folder, "more.yaml"), added...); err != nil {
			return err
		}
	}
	list["resources"] = resources
	var patches []any
	for _, manifest := range manifests {
		path := filepath.Join(folder, manifest.file)
		if len(changes[manifest.file]) == 0 {
			if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
			continue
		}
		patches = append(patches, map[string]any{"path": manifest.file})
		if err := write(path, changes[manifest.file]...); err != nil {
			return err
		}
	}
	if len(patches) > 0 {
		list["patches"] = patches
	}
	if err := write(filepath.Join(folder, listFile), list); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(folder, versionDir, listFile)); err == nil {
		return nil
	}
	return setVersion(ctx, repository, name, runs)
}

// setVersion is the repository's own way to say what an environment runs.
func setVersion(ctx context.Context, repository, name string, runs image) error {
	command := exec.CommandContext(ctx, "./set-version", name, runs.Repository, runs.Tag, runs.Digest)
	command.Dir = repository
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("set-version: %w: %s", err, output)
	}
	return nil
}

// write writes objects as YAML, with the notice before them.
func write(path string, documents ...any) error {
	var text strings.Builder
	text.WriteString(notice)
	for i, document := range documents {
		part, err := yaml.Marshal(document)
		if err != nil {
			return err
		}
		if i > 0 {
			text.WriteString("---\n")
		}
		text.Write(part)
	}
	return os.WriteFile(path, []byte(text.String()), 0o644)
}

// byKind orders objects for people: by kind, then name.
func byKind(a, b *unstructured.Unstructured) int {
	return cmp.Or(cmp.Compare(a.GetKind(), b.GetKind()), cmp.Compare(a.GetName(), b.GetName()))
}
