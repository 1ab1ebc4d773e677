package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"helm.sh/helm/v3/pkg/cli"

	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/cluster"
	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/objects"
	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/props"
	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/releases"
)

// unsupported are settings of the official provider that this stand-in does without.
var unsupported = []string{"renderYamlToDirectory"}

func (k *provider) checkConfig(_ context.Context, req p.CheckRequest) (p.CheckResponse, error) {
	response := p.CheckResponse{Inputs: req.Inputs}
	for _, name := range unsupported {
		if value := req.Inputs.Get(name); !value.IsNull() {
			response.Failures = append(response.Failures, p.CheckFailure{
				Property: name, Reason: "this stand-in for the kubernetes plugin does not support it: use the official one",
			})
		}
	}
	return response, nil
}

// identifier is the setting that names the cluster, so that it need not be guessed from the kubeconfig.
const identifier = "clusterIdentifier"

// location are the settings that say which cluster is meant.
var location = []string{"kubeconfig", "context", "cluster"}

// diffConfig decides whether a changed configuration means another cluster: then everything in it has to be made anew.
func (k *provider) diffConfig(_ context.Context, req p.DiffRequest) (p.DiffResponse, error) {
	old, wanted := props.Plain(req.State), props.Plain(req.Inputs)
	delete(old, "version")
	delete(wanted, "version")
	changed := map[string]p.DiffKind{}
	for _, change := range props.Diff(old, wanted) {
		changed[fmt.Sprint(change.Path[0])] = change.Kind
		if len(change.Path) > 1 {
			changed[fmt.Sprint(change.Path[0])] = p.Update
		}
	}
	response := p.DiffResponse{HasChanges: len(changed) > 0, DetailedDiff: map[string]p.PropertyDiff{}}
	replace, err := otherCluster(old, wanted, changed)
	if err != nil {
		return p.DiffResponse{}, err
	}
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		kind := changed[name]
		if slices.Contains(replace, name) {
			kind = map[p.DiffKind]p.DiffKind{p.Add: p.AddReplace, p.Delete: p.DeleteReplace, p.Update: p.UpdateReplace}[kind]
		}
		response.DetailedDiff[name] = p.PropertyDiff{Kind: kind, InputDiff: true}
	}
	return response, nil
}

// otherCluster names the changed settings that make it another cluster.
func otherCluster(old, wanted map[string]any, changed map[string]p.DiffKind) ([]string, error) {
	kind, differs := changed[identifier]
	if wanted[identifier] != nil && !differs {
		return nil, nil // it says that it is the same
	}
	var replace []string
	if differs && kind == p.Update {
		replace = append(replace, identifier)
	}
	for _, name := range location {
		if _, unknown := wanted[name].(props.Unknown); unknown {
			return append(replace, name), nil // it may be another one
		}
	}
	var configs [2]kubeconfig
	for i, settings := range []map[string]any{old, wanted} {
		var err error
		if configs[i], err = parseKubeconfig(settings); err != nil {
			return nil, err
		}
	}
	if !cluster.SameCluster(configs[0].Config, configs[1].Config, configs[0].selection, configs[1].selection) {
		for _, name := range location {
			if _, differs := changed[name]; differs {
				replace = append(replace, name)
			}
		}
	}
	return replace, nil
}

func (k *provider) configure(_ context.Context, req p.ConfigureRequest) error {
	config := req.Args
	content, err := kubeconfigText(config.Get("kubeconfig"))
	if err != nil {
		return err
	}
	c := &configured{
		cluster: cluster.Connect(content, cluster.Selection{
			Context: text(config, "context"), Cluster: text(config, "cluster"), Namespace: text(config, "namespace"),
		}, "pulumi-kubernetes/"+k.version),
		deleteUnreachable:     flag(config, "deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE", false),
		skipUpdateUnreachable: flag(config, "skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE", false),
	}
	c.objects = &objects.Objects{Cluster: c.cluster, Options: objects.Options{
		ServerSideApply:  flag(config, "enableServerSideApply", "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY", true),
		PatchForce:       flag(config, "enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE", false),
		Upsert:           flag(config, "upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS", false),
		MutableSecrets:   flag(config, "enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE", false),
		MutableConfigMap: flag(config, "enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE", false),
	}}
	helm, driver, err := helmSettings(config.Get("helmReleaseSettings"))
	if err != nil {
		return err
	}
	c.releases = &releases.Releases{Cluster: c.cluster, Helm: helm, Driver: driver}
	k.configured.Store(c)
	return nil
}

// helmSettings lays the provider's settings over those of Helm's own environment variables.
func helmSettings(value property.Value) (*cli.EnvSettings, string, error) {
	settings := cli.New()
	settings.Debug = true // or Helm keeps to itself why it found no chart
	var wanted struct {
		Driver, PluginsPath, RegistryConfigPath, RepositoryCache, RepositoryConfigPath string
	}
	var content []byte
	switch {
	case value.IsString():
		content = []byte(value.AsString())
	case value.IsMap():
		var err error
		if content, err = json.Marshal(props.Plain(value.AsMap())); err != nil {
			return nil, "", err
		}
	default:
		return settings, "", nil
	}
	if err := json.Unmarshal(content, &wanted); err != nil {
		return nil, "", fmt.Errorf("failed to unmarshal helmReleaseSettings option: %w", err)
	}
	for _, setting := range []struct {
		value string
		into  *string
	}{
		{wanted.PluginsPath, &settings.PluginsDirectory},
		{wanted.RegistryConfigPath, &settings.RegistryConfig},
		{wanted.RepositoryCache, &settings.RepositoryCache},
		{wanted.RepositoryConfigPath, &settings.RepositoryConfig},
	} {
		if setting.value != "" {
			*setting.into = setting.value
		}
	}
	return settings, wanted.Driver, nil
}

// kubeconfigText is a kubeconfig given as text, as a path, or as an object.
func kubeconfigText(value property.Value) (string, error) {
	switch {
	case value.IsNull():
		return "", nil
	case value.IsString():
		return value.AsString(), nil
	case value.IsMap():
		content, err := json.Marshal(props.Plain(value.AsMap()))
		return string(content), err
	}
	return "", errors.New("kubeconfig must be a path, the content of a kubeconfig, or an object")
}
