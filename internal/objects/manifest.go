package objects

import (
	"fmt"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"
)

var between = regexp.MustCompile(`(?m)^---.*$`)

// In are the objects in a manifest, as Helm makes and keeps it.
func In(manifest string) ([]Object, error) {
	var found []Object
	for _, document := range between.Split(manifest, -1) {
		var content Object
		if err := yaml.Unmarshal([]byte(document), &content); err != nil {
			return nil, err
		}
		if len(content) == 0 {
			continue
		}
		items, is := content["items"].([]any)
		if !is || !strings.HasSuffix(fmt.Sprint(content["kind"]), "List") {
			items = []any{content}
		}
		for _, item := range items {
			each, _ := item.(Object)
			found = append(found, each)
		}
	}
	return found, nil
}
