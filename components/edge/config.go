package edge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is the part of ArvanCloud's CDN an environment uses.
type Config struct {
	// Domain is the zone in the CDN that holds the exchange's name, for example "iransre.ir".
	Domain string `json:"domain" later:"another record; the old one goes"`
	// TTLSeconds is how long others may keep the record; the CDN takes a fixed set of values only.
	TTLSeconds int `json:"ttlSeconds"`
	// Proxied puts the CDN in front of the workers; false only names them.
	Proxied bool `json:"proxied"`
}

// URL is what a browser types for a name of the domain.
func (c *Config) URL(host string) string {
	if c.Proxied {
		return "https://" + host
	}
	return "http://" + host
}

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(settings.Profile) { *c = Config{TTLSeconds: 120, Proxied: true} }

// ttls are the only values the CDN takes (its OpenAPI file).
var ttls = []int{120, 180, 300, 600, 900, 1800, 3600, 7200, 18000, 43200, 86400, 172800, 432000}

// Validate reports what is wrong with the section.
func (c *Config) Validate(_ settings.Profile, path *field.Path) field.ErrorList {
	problems := settings.Messages(field.IsDNS1123Subdomain(c.Domain), c.Domain, path.Child("domain"))
	if !slices.Contains(ttls, c.TTLSeconds) {
		problems = append(problems, field.Invalid(path.Child("ttlSeconds"), c.TTLSeconds, "the CDN takes only "+strings.Trim(fmt.Sprint(ttls), "[]")))
	}
	return problems
}
