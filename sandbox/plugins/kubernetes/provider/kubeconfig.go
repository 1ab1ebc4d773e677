package provider

import (
	"encoding/json"
	"fmt"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/cluster"
)

// kubeconfig is a parsed kubeconfig and what the configuration picks from it.
type kubeconfig struct {
	*api.Config
	selection cluster.Selection
}

func parseKubeconfig(settings map[string]any) (kubeconfig, error) {
	content, _ := settings["kubeconfig"].(string)
	if object, is := settings["kubeconfig"].(map[string]any); is {
		encoded, err := json.Marshal(object)
		if err != nil {
			return kubeconfig{}, fmt.Errorf("failed to unmarshal kubeconfig: %w", err)
		}
		content = string(encoded)
	}
	config, err := cluster.ParseKubeconfig(content)
	if err != nil {
		return kubeconfig{}, err
	}
	parsed := kubeconfig{Config: config}
	parsed.selection.Context, _ = settings["context"].(string)
	parsed.selection.Cluster, _ = settings["cluster"].(string)
	return parsed, nil
}
