package soak

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// inventory is what there is in cloud and cluster: how often each kind or name.
type inventory map[string]int

// take lists what there is.
func (s *soak) take(ctx context.Context) (inventory, error) {
	found := inventory{}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.workspace.APIURL()+"/_emulator/state", nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var cloud map[string]json.RawMessage
	if err := json.NewDecoder(response.Body).Decode(&cloud); err != nil {
		return nil, err
	}
	for kind, content := range cloud {
		var things []struct {
			Name string `json:"name"`
		}
		if json.Unmarshal(content, &things) != nil {
			continue // no list: nothing that an update makes
		}
		for _, thing := range things {
			found["cloud: "+kind+" "+thing.Name]++
		}
	}
	output, err := s.command(ctx, "kubectl", "get", "namespaces,secrets,deployments,statefulsets,daemonsets,services,persistentvolumeclaims,crds",
		"--all-namespaces", "--output", "json").Output()
	if err != nil {
		return nil, fmt.Errorf("kubectl get: %w", err)
	}
	return found, found.addObjects(output)
}

// addObjects adds the objects of a list. Of Helm's records, the newest of each release says whether it is whole.
func (i inventory) addObjects(list []byte) error {
	var objects struct {
		Items []struct {
			Kind, Type string
			Metadata   struct {
				Name, Namespace string
				Labels          map[string]string
			}
		}
	}
	if err := json.Unmarshal(list, &objects); err != nil {
		return err
	}
	for _, object := range objects.Items {
		if object.Type == "bootstrap.kubernetes.io/token" {
			continue // one for each node that joined, of a name of its own, for an hour
		}
		meta := object.Metadata
		if meta.Labels["owner"] == "helm" {
			if status := meta.Labels["status"]; slices.Contains([]string{"superseded", "failed"}, status) {
				continue // history
			}
			i["cluster: release "+meta.Namespace+"/"+meta.Labels["name"]+" "+meta.Labels["status"]]++
			continue
		}
		i["cluster: "+strings.ToLower(object.Kind)+" "+meta.Namespace+"/"+meta.Name]++
	}
	return nil
}
