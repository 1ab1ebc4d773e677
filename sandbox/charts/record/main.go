// Command record writes down what the real charts render, for the tests to hold the stand-ins against. It is the only thing
// that writes under testdata/real; the tests' own -update flag does not.
//
//	go run ./charts/record DIR [CHART …]
//
// DIR holds the real charts, as `helm pull` leaves them (NAME-VERSION.tgz) or unpacked (NAME), with their dependencies.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/iransre/exchange-platform/sandbox/charts"
	"github.com/iransre/exchange-platform/sandbox/charts/internal/render"
	"github.com/iransre/exchange-platform/sandbox/charts/internal/summary"
)

// testdata is seen from the sandbox's module, where `go run` is called.
const testdata = "charts/testdata"

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 {
		log.Fatal("usage, in sandbox/: go run ./charts/record DIR [CHART …]")
	}
	wanted := os.Args[2:]
	for _, name := range charts.Names() {
		if len(wanted) > 0 && !slices.Contains(wanted, name) {
			continue
		}
		if err := record(os.Args[1], name); err != nil {
			log.Fatalf("%s: %v", name, err)
		}
	}
}

// record renders one real chart with each of its values files.
func record(folder, name string) error {
	files, err := filepath.Glob(filepath.Join(testdata, "values", name+".*.yaml"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no %s/values/%s.*.yaml to render it with (call this in sandbox/): %v", testdata, name, err)
	}
	for _, file := range files {
		model, err := load(folder, name) // anew for each: rendering changes a chart
		if err != nil {
			return err
		}
		list := strings.TrimSuffix(filepath.Base(file), ".yaml")
		values, err := chartutil.ReadValuesFile(file)
		if err != nil {
			return err
		}
		objects, err := render.Objects(model, summary.Release(list), summary.Namespace, values)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		text := strings.Join(append([]string{"# " + name + " " + model.Metadata.Version}, summary.Lines(objects)...), "\n") + "\n"
		if err := os.WriteFile(filepath.Join(testdata, "real", list+".txt"), []byte(text), 0o644); err != nil {
			return err
		}
		log.Printf("%s: %d lines", list, strings.Count(text, "\n"))
	}
	return nil
}

// load reads the real chart in the version that its stand-in imitates.
func load(folder, name string) (*chart.Chart, error) {
	stand, err := charts.Load(name)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, fmt.Sprintf("%s-%s.tgz", name, stand.Metadata.Version))
	if _, err := os.Stat(path); err != nil {
		path = filepath.Join(folder, name)
	}
	model, err := loader.Load(path)
	if err != nil {
		return nil, err
	}
	if model.Metadata.Version != stand.Metadata.Version {
		return nil, fmt.Errorf("%s is version %s, but the stand-in imitates %s", path, model.Metadata.Version, stand.Metadata.Version)
	}
	return model, nil
}
