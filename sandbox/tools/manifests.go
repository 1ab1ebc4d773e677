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

// manifests are what modules whose programs are built say of the objects that these need: the chart that has them, one of the programs,
// the module, and the file in it.
var manifests = []struct{ chart, program, module, file string }{
	{"argo-cd", "argocd", "github.com/argoproj/argo-cd/v3", "manifests/core-install.yaml"},
	{"cloudnative-pg", "cloudnative-pg", "github.com/cloudnative-pg/cloudnative-pg", "releases/cnpg-1.30.0.yaml"},
	{"plugin-barman-cloud", "plugin-barman-cloud", "github.com/cloudnative-pg/plugin-barman-cloud", "manifest.yaml"},
	// the one whose roles let Prometheus in, as the chart's do
	{"metallb", "metallb-controller", "go.universe.tf/metallb", "config/manifests/metallb-native-prometheus.yaml"},
}

// KeepManifests leaves the manifests of programs that run on the machines of w where its world finds them: see package charts.
func KeepManifests(ctx context.Context, w *workspace.Workspace) error {
	all := All(w)
	for _, manifest := range manifests {
		at := slices.IndexFunc(all, func(tool Tool) bool { return tool.Name == manifest.program })
		if at < 0 {
			continue
		}
		module, err := moduleFolder(ctx, filepath.Join(w.Root, all[at].Module), manifest.module)
		if err != nil {
			return err
		}
		file, err := os.Open(filepath.Join(module, manifest.file))
		if err != nil {
			return fmt.Errorf("the manifest of %s: %w", manifest.chart, err)
		}
		err = os.MkdirAll(w.Manifests(), 0o755)
		if err == nil {
			err = atomic.WriteFile(filepath.Join(w.Manifests(), manifest.chart+".yaml"), file)
		}
		_ = file.Close()
		if err != nil {
			return fmt.Errorf("the manifest of %s: %w", manifest.chart, err)
		}
	}
	return nil
}
