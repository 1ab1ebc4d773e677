package monitoring

import (
	"regexp"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is Prometheus, Alertmanager and Grafana.
type Config struct {
	// Retention is how long Prometheus keeps samples, for example "6h"; it keeps at most 1 GB, and what it has goes with its pod.
	Retention string `json:"retention"`
}

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(profile settings.Profile) {
	c.Retention = map[settings.Profile]string{settings.Demo: "6h", settings.Prod: "15d"}[profile]
}

var duration = regexp.MustCompile(`^[1-9][0-9]*(s|m|h|d|w|y)$`)

// Validate reports what is wrong with the section.
func (c *Config) Validate(_ settings.Profile, path *field.Path) field.ErrorList {
	return settings.Matches(c.Retention, path.Child("retention"), duration, `must be a duration such as "6h" or "15d"`)
}

// Warnings says in prod what is not kept.
func (c *Config) Warnings(profile settings.Profile) []string {
	if profile != settings.Prod {
		return nil
	}
	return []string{"monitoring: metrics, silences and Grafana's own settings are lost with their pods, whenever those are moved or restarted. There is nothing yet that keeps them"}
}
