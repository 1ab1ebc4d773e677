// Package charts holds stand-ins for the Helm charts the platform installs, and serves them as a chart repository.
//
// A stand-in has its model's name, version and application version, and renders the objects of its model that others
// depend on: the same kinds, names, ports, probes, volumes and keys of Secrets, for the values the platform sets. What runs
// inside a container is not its concern: in the sandbox no container runs.
//
// A stand-in is a folder: Chart.yaml, values.yaml with the keys and defaults of the real chart that are used, and lists of
// objects under objects/. The one library renders the lists; how they are written stands in library/templates/_list.tpl.
package charts

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
)

//go:embed */Chart.yaml */values.yaml */objects all:*/templates */files */charts
var content embed.FS

// library is the folder of the chart that renders the lists. It is not served, but put into each stand-in.
const library = "library"

// render is the one template of every stand-in.
const render = `{{ include "library.render" . }}`

// shared names, per chart, the folders that an archive carries besides the chart's own: the folder of this package and where
// it goes inside the archive.
func shared(name string) map[string]string {
	folders := map[string]string{library: "charts/" + library}
	switch name {
	case "kube-prometheus-stack":
		// The same definitions that prometheus-operator-crds renders: from a crds folder, Helm installs and never removes them.
		folders["prometheus-operator-crds/files"] = "charts/crds/crds"
	case "traefik":
		folders["traefik/files"] = "crds"
	case "elasticsearch":
		folders["kibana"] = "charts/kibana"
	}
	return folders
}

// Names lists the stand-ins in alphabetical order.
func Names() []string {
	entries, err := content.ReadDir(".")
	if err != nil {
		panic(fmt.Sprintf("embedded charts: %v", err)) // The root of an embedded file system is always readable.
	}
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		if entry.Name() != library {
			names = append(names, entry.Name())
		}
	}
	return names
}

// Load returns one stand-in, complete with what it shares with the others.
func Load(name string) (*chart.Chart, error) {
	files, err := collect(name)
	if err != nil {
		return nil, err
	}
	loaded, err := loader.LoadFiles(files)
	if err != nil {
		return nil, fmt.Errorf("stand-in chart %q: %w", name, err)
	}
	return loaded, nil
}

// collect returns the files of a chart as they lie in its archive, ordered by path.
func collect(name string) ([]*loader.BufferedFile, error) {
	if !slices.Contains(Names(), name) {
		return nil, fmt.Errorf("no stand-in chart %q: there are %s", name, strings.Join(Names(), ", "))
	}
	folders := shared(name)
	folders[name] = "."
	var files []*loader.BufferedFile
	for source, target := range folders {
		if slices.Contains(Names(), source) {
			files = append(files, &loader.BufferedFile{Name: path.Join(target, "templates/objects.yaml"), Data: []byte(render)})
		}
		err := fs.WalkDir(content, source, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			data, err := content.ReadFile(file)
			if err != nil {
				return err
			}
			inside := path.Join(target, strings.TrimPrefix(file, source+"/"))
			files = append(files, &loader.BufferedFile{Name: inside, Data: data})
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("stand-in chart %q: %w", name, err)
		}
	}
	slices.SortFunc(files, func(a, b *loader.BufferedFile) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}
