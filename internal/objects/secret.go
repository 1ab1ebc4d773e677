package objects

import (
	"regexp"
	"strings"
)

// secret is what names say behind which something stands that is nobody's business, should somebody have forgotten to mark it.
var secret = regexp.MustCompile(`(?i)password|passphrase|passwd|secret|token|credential|api[-_]?key|private[-_]?key|access[-_]?key|kubeconfig|stdin|initscript|last-applied`)

// harmless is what has such a word in its name and says only where the secret is.
var harmless = regexp.MustCompile(`(?i)(secret(key)?ref\.(name|key|optional)|(existing|pull|tls)secret(name|key|passwordkey)?|secretname|automountserviceaccounttoken)$`)

// places are the numbers of lists.
var places = regexp.MustCompile(`\[\d+\]`)

// IsSecret tells whether the value of a field is never shown: what a Secret holds, and whatever is called so. It is the one list of such names,
// for reviews and for drift.
func IsSecret(kind, path string) bool {
	if kind == "Secret" {
		return !strings.HasPrefix(path, "metadata.labels") && path != "type"
	}
	path = places.ReplaceAllString(path, "")
	return secret.MatchString(path) && !harmless.MatchString(path)
}
