package objects

import (
	"regexp"
	"slices"
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

// told are texts that hold a secret whatever they are called: a key in PEM, a login in an address, and an assignment to what is called a secret.
var told = regexp.MustCompile(`(?i)PRIVATE KEY|://[^/\s:@]+:[^/\s@]+@|(password|passphrase|passwd|secret|token|api[-_]?key|access[-_]?key)[-_a-z]*["']?\s*[=:]\s*["']?[^\s"'$\[{]`)

// TellsSecret tells whether a text holds a secret: one of the known ones, or what looks like one.
func TellsSecret(text string, known []string) bool {
	return told.MatchString(text) || slices.ContainsFunc(known, func(each string) bool { return strings.Contains(text, each) })
}
