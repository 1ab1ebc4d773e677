package logging

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is Elasticsearch, Kibana and, if wanted, the collector.
type Config struct {
	// Engine is "bitnami": one Elasticsearch, whose logs go with its pod.
	Engine Engine `json:"engine" later:"there is one only"`
	// FluentBit collects the pods' logs into Elasticsearch.
	FluentBit bool `json:"fluentBit"`
}

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(profile settings.Profile) {
	*c = Config{Engine: Bitnami, FluentBit: profile == settings.Prod}
}

// Validate reports what is wrong with the section.
func (c *Config) Validate(_ settings.Profile, path *field.Path) field.ErrorList {
	return settings.OneOf(c.Engine, path.Child("engine"), Bitnami)
}

// Warnings says in prod what is not kept.
func (c *Config) Warnings(profile settings.Profile) []string {
	if profile != settings.Prod || c.Engine != Bitnami {
		return nil
	}
	return []string{"logging.engine is bitnami: the logs are lost with Elasticsearch's pod, whenever that is moved or restarted. There is no engine yet that keeps them"}
}
