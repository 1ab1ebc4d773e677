package delivery

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is who brings a new version of the exchange into the cluster.
type Config struct {
	// Mode is "pulumi" (`pulumi up` with another `exchange.image.tag`) or "github" (a workflow on GitHub, with Helm). With the latter the platform
	// makes namespace, Secrets and settings, and no longer the exchange itself: what runs of it goes on.
	Mode Mode `json:"mode" later:"the exchange changes hands, and its pods go on; docs/delivery.md says how"`
}

// Mode is who brings a new version.
type Mode string

// The modes.
const (
	Pulumi Mode = "pulumi"
	GitHub Mode = "github"
)

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(settings.Profile) { *c = Config{Mode: Pulumi} }

// By is who delivers, where that is not the program itself; empty where it is.
func (c *Config) By() string {
	if c.Mode == Pulumi {
		return ""
	}
	return string(c.Mode)
}

// Validate reports what is wrong with the section.
func (c *Config) Validate(_ settings.Profile, path *field.Path) field.ErrorList {
	return settings.OneOf(c.Mode, path.Child("mode"), Pulumi, GitHub)
}
