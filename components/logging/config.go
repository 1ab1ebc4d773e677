package logging

import (
	"slices"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is Elasticsearch, Kibana and, if wanted, the collector.
type Config struct {
	// Engine is "bitnami": one Elasticsearch, whose logs go with its pod.
	Engine Engine `json:"engine" later:"there is one only"`
	// FluentBit collects the pods' logs into Elasticsearch.
	FluentBit bool `json:"fluentBit"`
	// RetentionDays is how long the pods' logs are kept.
	RetentionDays int `json:"retentionDays"`
	// MaxSizeGiB is what they may take of Elasticsearch's node's disk: with more, the oldest day goes, whatever its age.
	MaxSizeGiB int `json:"maxSizeGiB"`
}

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(profile settings.Profile) {
	*c = map[settings.Profile]Config{
		settings.Demo: {Engine: Bitnami, RetentionDays: 3, MaxSizeGiB: 2},
		settings.Prod: {Engine: Bitnami, FluentBit: true, RetentionDays: 14, MaxSizeGiB: 20},
	}[profile]
}

// Validate reports what is wrong with the section.
func (c *Config) Validate(_ settings.Profile, path *field.Path) field.ErrorList {
	return slices.Concat(
		settings.OneOf(c.Engine, path.Child("engine"), Bitnami),
		settings.AtLeast(c.RetentionDays, path.Child("retentionDays"), 1),
		settings.AtLeast(c.MaxSizeGiB, path.Child("maxSizeGiB"), 1))
}

// StorageGiB is what Elasticsearch may take of its node's disk: it needs room to merge what it has.
func (c *Config) StorageGiB() int { return c.MaxSizeGiB*3/2 + 1 }

// Warnings says in prod what is not kept.
func (c *Config) Warnings(profile settings.Profile) []string {
	if profile != settings.Prod || c.Engine != Bitnami {
		return nil
	}
	return []string{"logging.engine is bitnami: the logs are lost with Elasticsearch's pod, whenever that is moved or restarted. There is no engine yet that keeps them"}
}
