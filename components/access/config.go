// Package access gives others than the administrator a way into the cluster: kubeconfigs with rights of their own.
package access

import (
	"fmt"
	"slices"
	"time"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is who has a kubeconfig of their own.
type Config []Grant

// Grant is one kubeconfig for a person, a team or a program.
type Grant struct {
	// Name is the kubeconfig's, and that of the ServiceAccount behind it in the namespace platform-access.
	Name string `json:"name" later:"another kubeconfig; the old one stops to work"`
	// Role is one of Kubernetes' own: "view" (reads all but Secrets), "edit" (deploys), or "admin" (edit, and gives rights to
	// others).
	Role string `json:"role"`
	// Namespaces it holds in; they must exist. None means all of them, which only "view" may.
	Namespaces []string `json:"namespaces,omitempty"`
	// Lifetime of its token, "10m" to "8760h"; empty means "720h". A `pulumi up` in the second half of it makes a new one, and
	// the old one goes on to its end.
	Lifetime string `json:"lifetime,omitempty" later:"the next token"`
}

var (
	// roles are the values of Grant.Role.
	roles = []string{"view", "edit", "admin"}
	// clustersOwn are the namespaces of the cluster itself. Who may make pods or tokens in one of them may do everything.
	clustersOwn = []string{"kube-system", "kube-public", "kube-node-lease", "local-path-storage", namespaceName}
)

// Kubernetes makes no token for less than ten minutes; one that lives longer than a year is none that expires.
const (
	shortestToken = 10 * time.Minute
	longestToken  = 365 * 24 * time.Hour
	defaultToken  = 30 * 24 * time.Hour
)

// Validate reports what is wrong with the section.
func (c Config) Validate(_ settings.Profile, path *field.Path) field.ErrorList {
	var problems field.ErrorList
	seen := map[string]int{}
	for i, grant := range c {
		at := path.Index(i)
		if first, twice := seen[grant.Name]; twice {
			problems = append(problems, field.Duplicate(at.Child("name"), fmt.Sprintf("%s (also %s)", grant.Name, path.Index(first))))
		}
		seen[grant.Name] = i
		problems = append(problems, grant.validate(at)...)
	}
	return problems
}

func (g Grant) validate(path *field.Path) field.ErrorList {
	problems := slices.Concat(
		settings.Messages(field.IsDNS1123Label(g.Name), g.Name, path.Child("name")),
		settings.OneOf(g.Role, path.Child("role"), roles...))
	if lifetime, err := g.lifetime(); err != nil || lifetime < shortestToken || lifetime > longestToken {
		problems = append(problems, field.Invalid(path.Child("lifetime"), g.Lifetime, `must be a duration between "10m" and "8760h"`))
	}
	return append(problems, g.validateReach(path.Child("namespaces"))...)
}

// validateReach checks where a grant holds.
func (g Grant) validateReach(path *field.Path) field.ErrorList {
	var problems field.ErrorList
	if len(g.Namespaces) == 0 && (g.Role == "edit" || g.Role == "admin") {
		problems = append(problems, field.Required(path, fmt.Sprintf("%q in every namespace would be the administrator: name those it is for", g.Role)))
	}
	for i, namespace := range g.Namespaces {
		at := path.Index(i)
		problems = append(problems, settings.Messages(field.IsDNS1123Label(namespace), namespace, at)...)
		if slices.Contains(g.Namespaces[:i], namespace) {
			problems = append(problems, field.Duplicate(at, namespace))
		}
		if g.Role != "view" && slices.Contains(clustersOwn, namespace) {
			problems = append(problems, field.Forbidden(at, fmt.Sprintf("who may change %s may do everything in the cluster: use the stack's output kubeconfig for that", namespace)))
		}
	}
	return problems
}

// lifetime is how long a token of the grant lives.
func (g Grant) lifetime() (time.Duration, error) {
	if g.Lifetime == "" {
		return defaultToken, nil
	}
	return time.ParseDuration(g.Lifetime)
}
