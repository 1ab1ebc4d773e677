// Package cluster is the Kubernetes cluster a provider is configured for.
package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// ParseKubeconfig reads a kubeconfig, given as such or as the path of a file with one.
func ParseKubeconfig(pathOrContent string) (*api.Config, error) {
	if pathOrContent == "" {
		return api.NewConfig(), nil
	}
	if rest, home := strings.CutPrefix(pathOrContent, "~"); home && (rest == "" || rest[0] == '/') {
		folder, err := os.UserHomeDir()
		if err != nil {
			return nil, fmt.Errorf("kubeconfig %s: %w", pathOrContent, err)
		}
		pathOrContent = filepath.Join(folder, rest)
	}
	if !strings.Contains(pathOrContent, "\n") {
		if content, err := os.ReadFile(pathOrContent); err == nil {
			pathOrContent = string(content)
		}
	}
	config, err := clientcmd.Load([]byte(pathOrContent))
	if err != nil {
		return nil, fmt.Errorf("failed to parse kubeconfig: %w", err)
	}
	return config, nil
}

// SameCluster says whether two kubeconfigs lead to the same cluster, as far as can be told: whether the entries of
// their active clusters are equal. If one has none there is nothing to compare and they pass for the same.
func SameCluster(a, b *api.Config, selectedA, selectedB Selection) bool {
	clusterA, foundA := active(a, selectedA)
	clusterB, foundB := active(b, selectedB)
	return !foundA || !foundB || reflect.DeepEqual(clusterA, clusterB)
}

// Selection is what a provider's configuration picks from a kubeconfig; empty fields leave the kubeconfig's own choice.
type Selection struct{ Context, Cluster, Namespace string }

func active(config *api.Config, selection Selection) (*api.Cluster, bool) {
	name := config.CurrentContext
	if selection.Context != "" {
		name = selection.Context
	}
	context, there := config.Contexts[name]
	if !there {
		return nil, false
	}
	name = context.Cluster
	if selection.Cluster != "" {
		name = selection.Cluster
	}
	cluster, there := config.Clusters[name]
	return cluster, there
}
