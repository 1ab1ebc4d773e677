package ingress

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is the cluster's web entry.
type Config struct {
	// Engine is "ingress-nginx".
	Engine Engine `json:"engine" later:"there is one only"`
}

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(settings.Profile) { c.Engine = Nginx }

// Validate reports what is wrong with the section.
func (c *Config) Validate(_ settings.Profile, path *field.Path) field.ErrorList {
	return settings.OneOf(c.Engine, path.Child("engine"), Nginx)
}
