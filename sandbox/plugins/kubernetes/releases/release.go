// Package releases implements kubernetes:helm.sh/v3:Release: a Helm release as a Pulumi resource.
package releases

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/props"
)

// defaultTimeout is how long a release may take, in seconds.
const defaultTimeout = 300

// settings are the inputs of a release.
type settings struct {
	Atomic                   bool           `json:"atomic,omitempty"`
	Chart                    string         `json:"chart,omitempty"`
	CleanupOnFail            bool           `json:"cleanupOnFail,omitempty"`
	CreateNamespace          bool           `json:"createNamespace,omitempty"`
	DependencyUpdate         bool           `json:"dependencyUpdate,omitempty"`
	Description              string         `json:"description,omitempty"`
	Devel                    bool           `json:"devel,omitempty"`
	DisableCRDHooks          bool           `json:"disableCRDHooks,omitempty"`
	DisableOpenapiValidation bool           `json:"disableOpenapiValidation,omitempty"`
	DisableWebhooks          bool           `json:"disableWebhooks,omitempty"`
	ForceUpdate              bool           `json:"forceUpdate,omitempty"`
	Keyring                  string         `json:"keyring,omitempty"`
	MaxHistory               *int           `json:"maxHistory,omitempty"`
	Name                     string         `json:"name,omitempty"`
	Namespace                string         `json:"namespace,omitempty"`
	RecreatePods             bool           `json:"recreatePods,omitempty"`
	RenderSubchartNotes      bool           `json:"renderSubchartNotes,omitempty"`
	Replace                  bool           `json:"replace,omitempty"`
	RepositoryOpts           *repository    `json:"repositoryOpts,omitempty"`
	ResetValues              bool           `json:"resetValues,omitempty"`
	ReuseValues              bool           `json:"reuseValues,omitempty"`
	SkipAwait                bool           `json:"skipAwait,omitempty"`
	SkipCrds                 bool           `json:"skipCrds,omitempty"`
	Timeout                  int            `json:"timeout,omitempty"`
	Values                   map[string]any `json:"values,omitempty"`
	Verify                   bool           `json:"verify,omitempty"`
	Version                  string         `json:"version,omitempty"`
	WaitForJobs              bool           `json:"waitForJobs,omitempty"`
}

// repository is where a chart comes from.
type repository struct {
	Repo     string `json:"repo,omitempty"`
	CAFile   string `json:"caFile,omitempty"`
	CertFile string `json:"certFile,omitempty"`
	KeyFile  string `json:"keyFile,omitempty"`
	Password string `json:"password,omitempty"`
	Username string `json:"username,omitempty"`
}

// parse reads the inputs of a release from properties; what is unknown is left out.
func parse(m property.Map) (*settings, error) {
	known, _ := withoutUnknown(props.Plain(m)).(map[string]any)
	content, err := json.Marshal(known)
	if err != nil {
		return nil, err
	}
	s := &settings{}
	if err := json.Unmarshal(content, s); err != nil {
		return nil, fmt.Errorf("release: %w", err)
	}
	// Values keep the numbers they had: JSON knows only floats, which charts print in another way.
	if values, there := known["values"].(map[string]any); there {
		s.Values = values
	}
	return s, nil
}

func withoutUnknown(v any) any {
	switch v := v.(type) {
	case map[string]any:
		known := map[string]any{}
		for key, value := range v {
			if _, unknown := value.(props.Unknown); !unknown {
				known[key] = withoutUnknown(value)
			}
		}
		return known
	case []any:
		list := make([]any, len(v))
		for i, value := range v {
			list[i] = withoutUnknown(value)
		}
		return list
	case props.Unknown:
		return nil
	}
	return v
}

// timeout is how long Helm may wait.
func (s *settings) timeout() time.Duration {
	if s.Timeout == 0 {
		return defaultTimeout * time.Second
	}
	return time.Duration(s.Timeout) * time.Second
}

// id is "namespace/name".
func (s *settings) id() string {
	if s.Namespace == "" {
		return s.Name
	}
	return s.Namespace + "/" + s.Name
}

// outputs are what Helm's record of a release adds to the inputs: its status, and the names of its objects by kind.
func outputs(r *release.Release) (map[string]any, error) {
	names, err := resourceNames(r.Manifest)
	if err != nil {
		return nil, err
	}
	metadata := r.Chart.Metadata
	status := map[string]any{
		"status": r.Info.Status.String(), "name": r.Name, "namespace": r.Namespace, "revision": r.Version,
		"chart": metadata.Name, "version": metadata.Version, "appVersion": metadata.AppVersion,
	}
	maps.DeleteFunc(status, func(_ string, value any) bool { return value == "" })
	return map[string]any{"resourceNames": names, "status": status, "version": metadata.Version}, nil
}

// resourceNames groups the objects of a manifest: "Deployment.apps/apps/v1" to "namespace/name".
func resourceNames(manifest string) (map[string]any, error) {
	groups := map[string][]string{}
	for _, document := range releaseutil.SplitManifests(manifest) {
		var object struct {
			APIVersion, Kind string
			Metadata         struct{ Name, Namespace string }
		}
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			return nil, fmt.Errorf("the release's manifest: %w", err)
		}
		if object.Kind == "" {
			continue
		}
		group := object.Kind
		if name, _, grouped := strings.Cut(object.APIVersion, "/"); grouped {
			group += "." + name
		}
		name := object.Metadata.Name
		if object.Metadata.Namespace != "" {
			name = object.Metadata.Namespace + "/" + name
		}
		key := group + "/" + object.APIVersion
		if !slices.Contains(groups[key], name) {
			groups[key] = append(groups[key], name)
		}
	}
	names := map[string]any{}
	for key, group := range groups {
		slices.Sort(group)
		list := make([]any, len(group))
		for i, name := range group {
			list[i] = name
		}
		names[key] = list
	}
	return names, nil
}
