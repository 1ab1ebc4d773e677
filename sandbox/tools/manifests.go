package tools

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/natefinch/atomic"

	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// manifests are what modules whose programs are built say of the objects that these need: the file, and one of the programs, by the chart that
// has them.
var manifests = map[string]struct{ program, module, file string }{
	"cloudnative-pg":      {"cloudnative-pg", "github.com/cloudnative-pg/cloudnative-pg", "releases/cnpg-1.30.0.yaml"},
	"plugin-barman-cloud": {"plugin-barman-cloud", "github.com/cloudnative-pg/plugin-barman-cloud", "manifest.yaml"},
	// the one whose roles let Prometheus in, as the chart's do
	"metallb": {"metallb-controller", "go.universe.tf/metallb", "config/manifests/metallb-native-prometheus.yaml"},
}

// KeepManifests leaves the manifests of programs that run on the machines of w where its world finds them: see package charts.
func KeepManifests(ctx context.Context, w *workspace.Workspace) error {
	for name, manifest := range manifests {
		if !slices.ContainsFunc(All(w), func(tool Tool) bool { return tool.Name == manifest.program }) {
			continue
		}
		module, err := moduleFolder(ctx, filepath.Join(w.Root, "sandbox", "programs"), manifest.module)
		if err != nil {
			return err
		}
		file, err := os.Open(filepath.Join(module, manifest.file))
		if err != nil {
			return fmt.Errorf("the manifest of %s: %w", name, err)
		}
		err = os.MkdirAll(w.Manifests(), 0o755)
		if err == nil {
			err = atomic.WriteFile(filepath.Join(w.Manifests(), name+".yaml"), file)
		}
		_ = file.Close()
		if err != nil {
			return fmt.Errorf("the manifest of %s: %w", name, err)
		}
	}
	return nil
}
