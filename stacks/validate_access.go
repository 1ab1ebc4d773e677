package stacks

import (
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/iransre/exchange-platform/components/access"
)

// accessRoles are the values of kubernetes.access[].role.
var accessRoles = []string{"view", "edit", "admin"}

// ownNamespaces belong to the cluster itself. Who may make pods or tokens in one of them may do everything.
var ownNamespaces = []string{"kube-system", "kube-public", "kube-node-lease", "local-path-storage", access.Namespace}

// Kubernetes makes no token for less than ten minutes; one that lives longer than a year is none that expires.
const (
	shortestToken = 10 * time.Minute
	longestToken  = 365 * 24 * time.Hour
	defaultToken  = 30 * 24 * time.Hour
)

func validateAccess(grants []Access, path *field.Path) field.ErrorList {
	var problems field.ErrorList
	seen := map[string]int{}
	for i, grant := range grants {
		at := path.Index(i)
		if first, twice := seen[grant.Name]; twice {
			problems = append(problems, field.Duplicate(at.Child("name"), fmt.Sprintf("%s (also %s)", grant.Name, path.Index(first))))
		}
		seen[grant.Name] = i
		for _, message := range validation.IsDNS1123Label(grant.Name) {
			problems = append(problems, field.Invalid(at.Child("name"), grant.Name, message))
		}
		if !slices.Contains(accessRoles, grant.Role) {
			problems = append(problems, field.NotSupported(at.Child("role"), grant.Role, accessRoles))
		}
		if lifetime, err := grant.lifetime(); err != nil || lifetime < shortestToken || lifetime > longestToken {
			problems = append(problems, field.Invalid(at.Child("lifetime"), grant.Lifetime, `must be a duration between "10m" and "8760h"`))
		}
		problems = append(problems, validateReach(grant, at.Child("namespaces"))...)
	}
	return problems
}

// validateReach checks where a grant holds.
func validateReach(grant Access, path *field.Path) field.ErrorList {
	var problems field.ErrorList
	if len(grant.Namespaces) == 0 && (grant.Role == "edit" || grant.Role == "admin") {
		problems = append(problems, field.Required(path, fmt.Sprintf("%q in every namespace would be the administrator: name those it is for", grant.Role)))
	}
	for i, namespace := range grant.Namespaces {
		at := path.Index(i)
		for _, message := range validation.IsDNS1123Label(namespace) {
			problems = append(problems, field.Invalid(at, namespace, message))
		}
		if slices.Contains(grant.Namespaces[:i], namespace) {
			problems = append(problems, field.Duplicate(at, namespace))
		}
		if grant.Role != "view" && slices.Contains(ownNamespaces, namespace) {
			problems = append(problems, field.Forbidden(at, fmt.Sprintf("who may change %s may do everything in the cluster: use the stack's output kubeconfig for that", namespace)))
		}
	}
	return problems
}

// lifetime is how long a token of the grant lives.
func (grant Access) lifetime() (time.Duration, error) {
	if grant.Lifetime == "" {
		return defaultToken, nil
	}
	return time.ParseDuration(grant.Lifetime)
}
