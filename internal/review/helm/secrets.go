package helm

import (
	"encoding/base64"
	"fmt"

	"github.com/iransre/exchange-platform/internal/objects"
	"github.com/iransre/exchange-platform/internal/review"
)

// secretsIn are the values that are called secrets, and how they stand in Secrets: a chart may render them anywhere.
func secretsIn(path string, value any) []string {
	var found []string
	switch node := value.(type) {
	case map[string]any:
		for key, each := range node {
			found = append(found, secretsIn(path+"."+key, each)...)
		}
	case []any:
		for _, each := range node {
			found = append(found, secretsIn(path, each)...)
		}
	case nil, bool:
	default:
		text := fmt.Sprint(node)
		if len(text) > 3 && text != review.Secret && text != review.Unknown && objects.IsSecret("", path) {
			found = append(found, text, base64.StdEncoding.EncodeToString([]byte(text)))
		}
	}
	return found
}
