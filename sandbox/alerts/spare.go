package alerts

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// worker is a node and how many pods would have to move if it were lost.
type worker struct {
	name string
	pods int
}

// needed are those namespaces whose pods a rehearsal cannot do without: nobody would say anything.
var needed = []string{"monitoring", "alerting", "postgres"}

// spare ranks the workers that can be lost, the one with the fewest pods first, by the answers of kubectl to what nodes and pods there are. What is on every
// node does not count; machines are the names of those that are real.
func spare(nodes, pods string, machines []string) ([]worker, error) {
	type object struct {
		Metadata struct {
			Name            string            `json:"name"`
			Namespace       string            `json:"namespace"`
			Labels          map[string]string `json:"labels"`
			OwnerReferences []struct {
				Kind string `json:"kind"`
			} `json:"ownerReferences"`
		} `json:"metadata"`
		Spec struct {
			NodeName string `json:"nodeName"`
		} `json:"spec"`
	}
	var members, running struct {
		Items []object `json:"items"`
	}
	for text, into := range map[string]any{nodes: &members, pods: &running} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			return nil, fmt.Errorf("the cluster's nodes and pods: %w", err)
		}
	}
	var found []worker
	for _, node := range members.Items {
		if _, is := node.Metadata.Labels["node-role.kubernetes.io/control-plane"]; is || !slices.Contains(machines, node.Metadata.Name) {
			continue
		}
		one, keeps := worker{name: node.Metadata.Name}, true
		for _, pod := range running.Items {
			owners := pod.Metadata.OwnerReferences
			if pod.Spec.NodeName != node.Metadata.Name || len(owners) > 0 && (owners[0].Kind == "DaemonSet" || owners[0].Kind == "Node") {
				continue
			}
			one.pods++
			keeps = keeps && !slices.Contains(needed, pod.Metadata.Namespace)
		}
		if keeps {
			found = append(found, one)
		}
	}
	slices.SortFunc(found, func(a, b worker) int {
		if a.pods != b.pods {
			return a.pods - b.pods
		}
		return strings.Compare(a.name, b.name)
	})
	return found, nil
}
