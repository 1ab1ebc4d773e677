package monitoring

import (
	"regexp"
	"slices"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is Prometheus, Alertmanager and Grafana.
type Config struct {
	// Retention is how long Prometheus keeps samples, for example "6h".
	Retention string `json:"retention"`
	// MaxSizeGiB is what each Prometheus keeps at most: with more, the oldest samples go, whatever their age.
	MaxSizeGiB int `json:"maxSizeGiB"`
	// Replicas is the number of Prometheus, which all watch the same, and of Alertmanagers, which tell each other what was said.
	Replicas int `json:"replicas"`
	// StorageClass makes the volumes of each Prometheus and Alertmanager, and of Grafana. Empty keeps their data on their nodes' disks, where it
	// goes with their pods.
	StorageClass string `json:"storageClass,omitempty" later:"new volumes, empty; the old ones stay until somebody deletes them"`
	// GrafanaVolume keeps what is made in Grafana by hand, where there is a StorageClass. There is one Grafana only: with a volume on its
	// worker's disk it cannot start on another one. The platform's own dashboards are there in any case.
	GrafanaVolume bool `json:"grafanaVolume" later:"in place; without it, what was made by hand is deleted"`
}

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(profile settings.Profile) {
	*c = map[settings.Profile]Config{
		settings.Demo: {Retention: "6h", MaxSizeGiB: 1, Replicas: 1, GrafanaVolume: true},
		settings.Prod: {Retention: "15d", MaxSizeGiB: 5, Replicas: 2, GrafanaVolume: true},
	}[profile]
}

var duration = regexp.MustCompile(`^[1-9][0-9]*(s|m|h|d|w|y)$`)

// Validate reports what is wrong with the section.
func (c *Config) Validate(_ settings.Profile, path *field.Path) field.ErrorList {
	problems := slices.Concat(
		settings.Matches(c.Retention, path.Child("retention"), duration, `must be a duration such as "6h" or "15d"`),
		settings.AtLeast(c.MaxSizeGiB, path.Child("maxSizeGiB"), 1),
		settings.AtLeast(c.Replicas, path.Child("replicas"), 1))
	if c.StorageClass != "" {
		problems = append(problems, settings.Messages(field.IsDNS1123Subdomain(c.StorageClass), c.StorageClass, path.Child("storageClass"))...)
	}
	return problems
}

// Warnings says in prod what is not kept.
func (c *Config) Warnings(profile settings.Profile) []string {
	if profile != settings.Prod || c.StorageClass != "" {
		return nil
	}
	return []string{"monitoring.storageClass is empty: metrics, silences and Grafana's own settings are lost with their pods, whenever those are moved or restarted"}
}
