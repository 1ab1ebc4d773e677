package edge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is how users reach the workers, and the part of ArvanCloud's CDN an environment uses.
type Config struct {
	// Domain is the zone in the CDN that holds the exchange's name, for example "iransre.ir".
	Domain string `json:"domain" later:"another record; the old one goes"`
	// TTLSeconds is how long others may keep the record; the CDN takes a fixed set of values only.
	TTLSeconds int `json:"ttlSeconds"`
	// LeaveOut are workers to which no name leads, be it directly or through the CDN: those that are down, or that somebody works on.
	LeaveOut []string `json:"leaveOut,omitempty"`
	// Mode is "cdn" (users reach the CDN, and the CDN the workers), "waf" (the same, with the CDN's web application firewall in between),
	// "dns" (users reach the workers) or "vip" (they reach one address of the private network, which a living worker answers for).
	// docs/edge.md has what each brings.
	Mode Mode `json:"mode"`
	// VIP is that address, with `mode: vip`.
	VIP VIP `json:"vip"`
	// Proxied is an older way to say it: false is `mode: dns`.
	Proxied *bool `json:"proxied"`
	// Origin is what lies between the CDN and the workers.
	Origin Origin `json:"origin"`
	// Certificate is what the workers show: to the CDN (`origin.https`), or with `mode: dns` or `vip` to browsers, whom they then send to HTTPS. It
	// is one that was ordered elsewhere. Without it, and without `certificates`, they show one of their own making, and browsers come by plain HTTP.
	Certificate Certificate `json:"certificate"`
	// HTTPS is how the CDN serves the domain over HTTPS.
	HTTPS HTTPS `json:"https"`
	// WAF is the CDN's web application firewall, with `mode: waf`.
	WAF WAF `json:"waf"`
	// DDoS is what the CDN does against floods of requests.
	DDoS DDoS `json:"ddos"`
	// Firewall is the CDN's, which decides by what is known of a request before it is looked into.
	Firewall Firewall `json:"firewall"`
	// RateLimits are how often one visitor may ask for some of the exchange's pages.
	RateLimits []RateLimit `json:"rateLimits,omitempty"`
	// Cache is what the CDN keeps.
	Cache Cache `json:"cache"`
	// PageRules are for some of the exchange's pages. Of those that are for a request, the first counts.
	PageRules []PageRule `json:"pageRules,omitempty"`
	// Maintenance is where every request for the exchange is sent as long as it is set, for example "https://status.iransre.ir/".
	Maintenance string `json:"maintenance,omitempty"`
}

// Mode is a way from the users to the workers.
type Mode string

// The ways.
const (
	CDN     Mode = "cdn"
	WithWAF Mode = "waf"
	DNS     Mode = "dns"
	Virtual Mode = "vip"
)

// ThroughCDN tells whether the CDN is in front of the workers; else the records only name them.
func (c *Config) ThroughCDN() bool {
	return c.Mode != DNS && c.Mode != Virtual && (c.Proxied == nil || *c.Proxied)
}

// LeadsToWorkers tells whether nothing is in front of the workers that passes over one that is down: names have their own addresses.
func (c *Config) LeadsToWorkers() bool { return !c.ThroughCDN() && c.Mode != Virtual }

// ShowsCertificates tells whether anybody sees a certificate of the workers': browsers, or the CDN where it speaks TLS to them.
func (c *Config) ShowsCertificates() bool { return !c.ThroughCDN() || c.Origin.HTTPS }

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(settings.Profile) {
	*c = Config{
		TTLSeconds: 120, Mode: CDN,
		HTTPS: HTTPS{MinimumTLS: "TLSv1.2"}, WAF: WAF{Mode: "protect"}, DDoS: DDoS{BelievedSeconds: 3600},
	}
}

// Warnings says what is allowed and yet has to be known at every update.
func (c *Config) Warnings(settings.Profile) []string { return c.certificateWarnings(time.Now()) }

// ttls are the only values the CDN takes (its OpenAPI file).
var ttls = []int{120, 180, 300, 600, 900, 1800, 3600, 7200, 18000, 43200, 86400, 172800, 432000}

// Validate reports what is wrong with the section.
func (c *Config) Validate(_ settings.Profile, path *field.Path) field.ErrorList {
	problems := slices.Concat(
		settings.Messages(field.IsDNS1123Subdomain(c.Domain), c.Domain, path.Child("domain")),
		settings.OneOf(c.Mode, path.Child("mode"), CDN, WithWAF, DNS, Virtual))
	if !slices.Contains(ttls, c.TTLSeconds) {
		problems = append(problems, field.Invalid(path.Child("ttlSeconds"), c.TTLSeconds, "the CDN takes only "+strings.Trim(fmt.Sprint(ttls), "[]")))
	}
	problems = append(problems, c.validateVIP(path.Child("vip"))...)
	problems = append(problems, c.validateCertificate(path.Child("certificate"))...)
	if c.ThroughCDN() {
		return append(problems, c.validateSections(path)...)
	}
	switch {
	case c.Mode == WithWAF:
		problems = append(problems, field.Invalid(path.Child("proxied"), false, `with "mode: waf" everything goes through the CDN: leave it out`))
	case c.Proxied != nil && *c.Proxied:
		problems = append(problems, field.Invalid(path.Child("proxied"), true, fmt.Sprintf(`with "mode: %s" nothing goes through the CDN: leave it out, or take "mode: cdn" or "waf"`, c.Mode)))
	}
	without := DNS
	if c.Mode == Virtual {
		without = Virtual
	}
	for _, section := range c.sectionsInUse() {
		problems = append(problems, field.Forbidden(path.Child(section), fmt.Sprintf(`is the CDN's, which "mode: %s" leaves out: take "mode: cdn" or "waf", or leave this out`, without)))
	}
	return problems
}
