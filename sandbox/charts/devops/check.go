package devops

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// Build is what Argo CD makes of an environment's folder.
func Build(repository, environment string) ([]*unstructured.Unstructured, error) {
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(repository, "overlays", environment))
	if err != nil {
		return nil, err
	}
	var built []*unstructured.Unstructured
	for _, resource := range made.Resources() {
		text, err := resource.MarshalJSON()
		if err != nil {
			return nil, err
		}
		object := &unstructured.Unstructured{} // reads numbers as the API's clients do
		if err := object.UnmarshalJSON(text); err != nil {
			return nil, err
		}
		built = append(built, object)
	}
	slices.SortFunc(built, byKind)
	return built, nil
}

// Check holds each environment of a repository against the chart with that environment's values and the image that it runs.
func Check(chartFolder, repository string) error {
	environments, err := Environments(repository)
	if err != nil {
		return err
	}
	for _, name := range environments {
		if err := check(chartFolder, repository, name); err != nil {
			return fmt.Errorf("overlays/%s: %w", name, err)
		}
	}
	return nil
}

func check(chartFolder, repository, name string) error {
	built, err := Build(repository, name)
	if err != nil {
		return err
	}
	values, _, err := readValues(filepath.Join(repository, "overlays", name, valuesFile))
	if err != nil {
		return err
	}
	runs, err := version(filepath.Join(repository, "overlays", name, versionDir, listFile))
	if err != nil {
		return err
	}
	wanted, err := objects(chartFolder, values, runs)
	if err != nil {
		return err
	}
	for _, object := range built {
		key := object.GetKind() + "/" + object.GetName()
		same, there := wanted[key]
		if !there {
			return fmt.Errorf("%s is not in the chart: run scripts/render-devops", key)
		}
		is, err := yaml.Marshal(object.Object)
		if err != nil {
			return err
		}
		should, err := yaml.Marshal(same.Object)
		if err != nil {
			return err
		}
		if string(is) != string(should) {
			return fmt.Errorf("%s is not what the chart renders (run scripts/render-devops; if that says so, base/values.yaml lacks something that this environment has):\n%s",
				key, firstDifference(string(is), string(should)))
		}
		delete(wanted, key)
	}
	if len(wanted) > 0 {
		return fmt.Errorf("the chart also renders %s: run scripts/render-devops", strings.Join(slices.Sorted(maps.Keys(wanted)), ", "))
	}
	return nil
}

// version is the image that an environment runs.
func version(path string) (image, error) {
	var component struct {
		Images []struct{ Name, NewName, NewTag, Digest string }
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return image{}, err
	}
	if err := yaml.Unmarshal(text, &component); err != nil {
		return image{}, fmt.Errorf("%s: %w", path, err)
	}
	if len(component.Images) != 1 || component.Images[0].Name != placeholder {
		return image{}, fmt.Errorf("%s: must have one image, that of %q: set-version writes it", path, placeholder)
	}
	of := component.Images[0]
	return image{Repository: of.NewName, Tag: of.NewTag, Digest: of.Digest}, nil
}

func firstDifference(is, should string) string {
	lines, wanted := strings.Split(is, "\n"), strings.Split(should, "\n")
	for i := range min(len(lines), len(wanted)) {
		if lines[i] != wanted[i] {
			return fmt.Sprintf("line %d\n  repository: %s\n  chart:      %s", i+1, lines[i], wanted[i])
		}
	}
	return fmt.Sprintf("%d lines in the repository, %d in the chart", len(lines), len(wanted))
}
