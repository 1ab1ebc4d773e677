//go:build e2e

package e2e

import (
	"fmt"
	"testing"
)

// cluster is what runs in a sandbox's cluster.
type cluster struct {
	nodes []node
	// pods is how many there are.
	pods int
	// unready are nodes and pods that are not ready.
	unready []string
}

// node is a node by its name and the version of its kubelet.
type node struct{ Name, Version string }

// cluster asks the API server.
func (s *sandbox) cluster(t *testing.T) *cluster {
	t.Helper()
	var list struct {
		Items []struct {
			Kind     string
			Metadata struct{ Name, Namespace string }
			Status   struct {
				Phase      string
				NodeInfo   struct{ KubeletVersion string }
				Conditions []struct{ Type, Status string }
			}
		}
	}
	s.query(t, &list, "kubectl", "get", "nodes,pods", "--all-namespaces", "--output", "json")
	found := &cluster{}
	for _, item := range list.Items {
		ready := item.Status.Phase == "Succeeded"
		for _, condition := range item.Status.Conditions {
			ready = ready || condition.Type == "Ready" && condition.Status == "True"
		}
		if !ready {
			found.unready = append(found.unready, fmt.Sprintf("%s %s/%s", item.Kind, item.Metadata.Namespace, item.Metadata.Name))
		}
		if item.Kind == "Node" {
			found.nodes = append(found.nodes, node{item.Metadata.Name, item.Status.NodeInfo.KubeletVersion})
		} else {
			found.pods++
		}
	}
	return found
}
