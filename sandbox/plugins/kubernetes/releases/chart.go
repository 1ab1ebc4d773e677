package releases

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/cli"
	"helm.sh/helm/v3/pkg/downloader"
	"helm.sh/helm/v3/pkg/getter"
	"helm.sh/helm/v3/pkg/registry"
)

// loadChart finds the release's chart, in a folder, an archive, a repository or a registry, and loads it with its
// dependencies.
func loadChart(s *settings, environment *cli.EnvSettings) (*chart.Chart, error) {
	client, err := registry.NewClient(
		registry.ClientOptEnableCache(true),
		registry.ClientOptCredentialsFile(environment.RegistryConfig),
	)
	if err != nil {
		return nil, err
	}
	install := action.NewInstall(&action.Configuration{RegistryClient: client})
	name := options(s, &install.ChartPathOptions)
	path, err := locate(name, install, environment)
	if err != nil {
		return nil, err
	}
	loaded, err := loader.Load(path)
	if err != nil {
		return nil, err
	}
	if loaded.Metadata.Dependencies == nil {
		return loaded, nil
	}
	missing := action.CheckDependencies(loaded, loaded.Metadata.Dependencies)
	if missing == nil || !s.DependencyUpdate {
		return loaded, missing
	}
	manager := &downloader.Manager{
		Out: os.Stderr, ChartPath: path, Keyring: s.Keyring, Getters: getter.All(environment),
		RepositoryConfig: environment.RepositoryConfig, RepositoryCache: environment.RepositoryCache, RegistryClient: client,
	}
	if err := manager.Update(); err != nil {
		return nil, err
	}
	return loader.Load(path)
}

// options says where and which, and returns the chart's name in that place.
func options(s *settings, into *action.ChartPathOptions) string {
	into.Version = strings.TrimSpace(s.Version)
	if into.Version == "" && s.Devel {
		into.Version = ">0.0.0-0"
	}
	into.Keyring, into.Verify = s.Keyring, s.Verify
	name := strings.TrimSpace(s.Chart)
	if s.RepositoryOpts == nil {
		return name
	}
	into.CaFile, into.CertFile, into.KeyFile = s.RepositoryOpts.CAFile, s.RepositoryOpts.CertFile, s.RepositoryOpts.KeyFile
	into.Username, into.Password = s.RepositoryOpts.Username, s.RepositoryOpts.Password
	repo := s.RepositoryOpts.Repo
	switch {
	case registry.IsOCI(name), repo == "":
	case isURL(repo):
		into.RepoURL = repo
	case !strings.Contains(name, "/"):
		name = repo + "/" + name // the name of a repository that Helm knows
	}
	return name
}

func isURL(text string) bool {
	_, err := url.ParseRequestURI(text)
	return err == nil
}

// locate is Helm's search for a chart, but a folder counts only if it is a chart's: one that merely has the name of a
// repository must not hide it.
func locate(name string, install *action.Install, environment *cli.EnvSettings) (string, error) {
	if install.RepoURL == "" {
		if info, err := os.Stat(name); err == nil {
			if !info.IsDir() {
				return filepath.Abs(name)
			}
			if _, err := os.Stat(filepath.Join(name, "Chart.yaml")); err == nil {
				return filepath.Abs(name)
			}
		}
		if filepath.IsAbs(name) || strings.HasPrefix(name, ".") {
			return "", fmt.Errorf("path %q not found", name)
		}
	}
	return install.LocateChart(name, environment)
}

// installable refuses charts that only help others.
func installable(c *chart.Chart) error {
	if kind := c.Metadata.Type; kind != "" && kind != "application" {
		return fmt.Errorf("%s charts are not installable", kind)
	}
	return nil
}
