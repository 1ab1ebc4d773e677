package charts

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// kept are the kinds of a program's own manifest that its stand-in cannot make up: definitions with their defaults, what the program
// is asked at admission, what it may do, and what it is told.
var kept = map[string]bool{
	"CustomResourceDefinition": true, "MutatingWebhookConfiguration": true, "ValidatingWebhookConfiguration": true, "ClusterRole": true, "Role": true, "ConfigMap": true,
}

// upstream are the objects of the manifest of a chart's program, as files of the chart's: none without a manifest. A stand-in has no
// such manifest, and needs none, where its program does not run.
func upstream(manifests, name string) ([]*loader.BufferedFile, error) {
	if manifests == "" {
		return nil, nil
	}
	manifest, err := os.Open(filepath.Join(manifests, name+".yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer manifest.Close()
	var files []*loader.BufferedFile
	for documents := utilyaml.NewYAMLOrJSONDecoder(manifest, 1<<16); ; {
		object := &unstructured.Unstructured{}
		if err := documents.Decode(&object.Object); errors.Is(err, io.EOF) {
			return files, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", manifest.Name(), err)
		}
		if !kept[object.GetKind()] {
			continue
		}
		if object.GetKind() == "CustomResourceDefinition" {
			annotations := object.GetAnnotations()
			if annotations == nil {
				annotations = map[string]string{}
			}
			annotations["helm.sh/resource-policy"] = "keep" // as the chart has it: what a definition is for is not the release's
			object.SetAnnotations(annotations)
		}
		text, err := yaml.Marshal(object.Object)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", manifest.Name(), err)
		}
		files = append(files, &loader.BufferedFile{Name: fmt.Sprintf("upstream/%s-%s.yaml", strings.ToLower(object.GetKind()), object.GetName()), Data: text})
	}
}
