package ingress

import (
	"maps"
	"slices"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is the cluster's web entry.
type Config struct {
	// Engine serves the Ingress objects: "ingress-nginx", or "traefik", which is maintained and reads ingress-nginx' annotations. What each
	// serves is a table in docs/edge.md. The default is the older one, so that an environment that runs keeps its own; new ones of production say "traefik".
	Engine Engine `json:"engine" later:"an upgrade of the release, taken back if it fails; each worker answers nobody in between"`
	// MaxBodyMiB is the largest request that is let in, in MiB: larger uploads are answered with 413. What the CDN lets
	// through is set in its panel.
	MaxBodyMiB int `json:"maxBodyMiB"`
	// Pages are those of the platform's own that people reach from outside, by name: "grafana", "prometheus", "alertmanager", "kibana",
	// "argocd". The others are reached by `kubectl port-forward` alone, as the stack's outputs say.
	Pages map[PageName]Page `json:"pages,omitempty"`
}

// PageName is one of the platform's own pages.
type PageName string

// The pages.
const (
	Grafana      PageName = "grafana"
	Prometheus   PageName = "prometheus"
	Alertmanager PageName = "alertmanager"
	Kibana       PageName = "kibana"
	ArgoCD       PageName = "argocd"
)

// Page is how people reach one.
type Page struct {
	// Host is its name, in `edge.domain`; no other page and nothing of the exchange has the same.
	Host string `json:"host" later:"another record; the old one goes"`
	// AllowedCIDRs are where people may come from: everybody else is answered 403. There is no default; for all it is "0.0.0.0/0", which prod refuses.
	AllowedCIDRs []string `json:"allowedCidrs"`
}

// Published are the names of the pages that people reach, in their order.
func (c *Config) Published() []PageName { return slices.Sorted(maps.Keys(c.Pages)) }

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(settings.Profile) { *c = Config{Engine: Nginx, MaxBodyMiB: 20} }

// Warnings says what is allowed and yet has to be known at every update.
func (c *Config) Warnings(profile settings.Profile) []string {
	if profile != settings.Prod || c.Engine != Nginx {
		return nil
	}
	return []string{`ingress.engine is "ingress-nginx", which nobody mends any more, and whose NGINX has open CVEs: move to "traefik", as docs/edge.md says`}
}

// Validate reports what is wrong with the section.
func (c *Config) Validate(_ settings.Profile, path *field.Path) field.ErrorList {
	problems := slices.Concat(
		settings.OneOf(c.Engine, path.Child("engine"), Nginx, Traefik),
		settings.AtLeast(c.MaxBodyMiB, path.Child("maxBodyMiB"), 1))
	for _, name := range c.Published() {
		at, page := path.Child("pages", string(name)), c.Pages[name]
		problems = append(problems, settings.OneOf(name, path.Child("pages"), Grafana, Prometheus, Alertmanager, Kibana, ArgoCD)...)
		problems = append(problems, settings.Text(page.Host, at.Child("host"), "name a host in edge.domain")...)
		if len(page.AllowedCIDRs) == 0 {
			problems = append(problems, field.Required(at.Child("allowedCidrs"), `list the addresses its people come from, such as "203.0.113.0/24"`))
		}
		problems = append(problems, settings.CIDRs(page.AllowedCIDRs, at.Child("allowedCidrs"))...)
	}
	return problems
}
