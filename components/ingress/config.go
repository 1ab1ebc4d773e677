package ingress

import (
	"slices"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is the cluster's web entry.
type Config struct {
	// Engine is "ingress-nginx".
	Engine Engine `json:"engine" later:"there is one only"`
	// MaxBodyMiB is the largest request that is let in, in MiB: larger uploads are answered with 413. What the CDN lets
	// through is set in its panel.
	MaxBodyMiB int `json:"maxBodyMiB"`
}

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(settings.Profile) { *c = Config{Engine: Nginx, MaxBodyMiB: 20} }

// Validate reports what is wrong with the section.
func (c *Config) Validate(_ settings.Profile, path *field.Path) field.ErrorList {
	return slices.Concat(
		settings.OneOf(c.Engine, path.Child("engine"), Nginx),
		settings.AtLeast(c.MaxBodyMiB, path.Child("maxBodyMiB"), 1))
}
