package edge

import (
	"net/url"
	"regexp"
	"slices"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Origin is what lies between the CDN and the workers.
type Origin struct {
	// HTTPS has the CDN speak TLS to the workers.
	HTTPS bool `json:"https"`
	// Key has the CDN add a secret header to each request, and the workers refuse requests without it: those of other customers of the
	// CDN, whose requests come from the same addresses.
	Key bool `json:"key"`
}

// HTTPS is how the CDN serves the domain over HTTPS.
type HTTPS struct {
	// Managed takes hold of these settings, which are the whole domain's: HTTPS is on, by a certificate of the CDN's, and HTTP is
	// redirected to it. False leaves them as they are.
	Managed bool `json:"managed"`
	// MinimumTLS is the oldest version that is spoken: "TLSv1.2" or "TLSv1.3".
	MinimumTLS string `json:"minimumTls"`
	// HSTS is how long browsers use nothing but HTTPS once they were there: "1mo" to "6mo", "12mo" or "24mo". Empty tells them nothing.
	HSTS string `json:"hsts,omitempty"`
}

// WAF is the web application firewall.
type WAF struct {
	// Mode is "protect" (attacks are refused) or "detect" (they are only logged). It is the whole domain's, and needs the CDN's plan "growth".
	Mode string `json:"mode"`
}

// DDoS is what is done against floods of requests.
type DDoS struct {
	// Mode is how visitors show that they are browsers: "cookie", "javascript" or "captcha", or "off". It is the whole domain's; programs
	// that use the exchange's API pass none of these. Empty leaves it as it is.
	Mode string `json:"mode,omitempty"`
	// BelievedSeconds is how long a visitor is believed then.
	BelievedSeconds int `json:"believedSeconds"`
}

// Firewall decides by what is known of a request before it is looked into.
type Firewall struct {
	// Default is what happens to requests for the domain that no rule is for: "allow", "deny" or "challenge". Empty leaves it as it is.
	Default string `json:"default,omitempty"`
	// Rules are looked at in the order in which they were made, at first this one: what is put before others later is looked at last,
	// unless those get other names.
	Rules []FirewallRule `json:"rules,omitempty"`
}

// FirewallRule is one rule. It is for the whole domain, unless its expression names a host.
type FirewallRule struct {
	// Name is another one for each rule of the stack.
	Name string `json:"name"`
	// Expression says which requests it is for, in the CDN's language: `ip.src in {192.0.2.0/24}`.
	Expression string `json:"expression"`
	// Action is "allow", "deny", "bypass" or "challenge".
	Action string `json:"action"`
	// Note is what it is for.
	Note string `json:"note,omitempty"`
}

// RateLimit is how often one visitor may ask for some pages. It needs the CDN's plan "growth".
type RateLimit struct {
	// Name is another one for each limit of the stack.
	Name string `json:"name"`
	// Path is what it is for, below each of the exchange's names: "/login/**". A * is anything up to the next slash, ** is anything.
	Path string `json:"path"`
	// Requests are how many may be made in that time.
	Requests int `json:"requests"`
	// Seconds are that time.
	Seconds int `json:"seconds"`
	// BlockSeconds is how long a visitor that makes more is kept out.
	BlockSeconds int `json:"blockSeconds,omitempty"`
	// Challenge lets such a visitor show that it is a browser, instead of keeping it out.
	Challenge bool `json:"challenge,omitempty"`
}

// Cache is what the CDN keeps.
type Cache struct {
	// Static is how long the CDN keeps the exchange's static files, for example "7d"; of what else the exchange answers it then keeps
	// nothing, and of users' files neither. Empty leaves both to the CDN.
	Static string `json:"static,omitempty"`
}

// PageRule is for some of the exchange's pages.
type PageRule struct {
	// Name is another one for each rule of the stack.
	Name string `json:"name"`
	// Path is what it is for, below the exchange's name: "/help/**". A * is anything up to the next slash, ** is anything.
	Path string `json:"path"`
	// Cache is how long the CDN keeps these pages, the same ones for everybody, for example "5m". Empty keeps none.
	Cache string `json:"cache,omitempty"`
	// Redirect is where these requests are sent instead.
	Redirect string `json:"redirect,omitempty"`
	// Permanent lets browsers remember that they are.
	Permanent bool `json:"permanent,omitempty"`
}

var (
	// lifetimes are how long the CDN can keep something (its OpenAPI file), from a minute on.
	lifetimes = []string{"1m", "3m", "5m", "10m", "30m", "45m", "1h", "3h", "5h", "10h", "12h", "24h", "3d", "7d", "10d", "15d", "30d"}
	hstsAges  = []string{"1mo", "2mo", "3mo", "4mo", "5mo", "6mo", "12mo", "24mo"}
	// pagePath is a path with * and **; it holds nothing that is quoted anywhere.
	pagePath = regexp.MustCompile(`^/[A-Za-z0-9._~/*-]*$`)
)

// sectionsInUse are the keys that say something to the CDN.
func (c *Config) sectionsInUse() []string {
	var usual Config
	usual.SetDefaults("")
	var used []string
	for _, section := range []struct {
		key  string
		used bool
	}{
		{"origin", c.Origin != Origin{}},
		{"https", c.HTTPS != usual.HTTPS},
		{"waf", c.WAF != usual.WAF},
		{"ddos", c.DDoS != usual.DDoS},
		{"firewall", c.Firewall.Default != "" || len(c.Firewall.Rules) > 0},
		{"rateLimits", len(c.RateLimits) > 0},
		{"cache", c.Cache.Static != ""},
		{"pageRules", len(c.PageRules) > 0},
		{"maintenance", c.Maintenance != ""},
	} {
		if section.used {
			used = append(used, section.key)
		}
	}
	return used
}

func (c *Config) validateSections(path *field.Path) field.ErrorList {
	problems := slices.Concat(
		settings.OneOf(c.HTTPS.MinimumTLS, path.Child("https", "minimumTls"), "TLSv1.2", "TLSv1.3"),
		orEmpty(c.HTTPS.HSTS, path.Child("https", "hsts"), hstsAges...),
		settings.OneOf(c.WAF.Mode, path.Child("waf", "mode"), "protect", "detect"),
		orEmpty(c.DDoS.Mode, path.Child("ddos", "mode"), "off", "cookie", "javascript", "captcha"),
		settings.AtLeast(c.DDoS.BelievedSeconds, path.Child("ddos", "believedSeconds"), 1),
		orEmpty(c.Firewall.Default, path.Child("firewall", "default"), "allow", "deny", "challenge"),
		orEmpty(c.Cache.Static, path.Child("cache", "static"), lifetimes...))
	problems = append(problems, c.validateUnused(path)...)
	if c.Maintenance != "" {
		problems = append(problems, absolute(c.Maintenance, path.Child("maintenance"))...)
	}
	names := map[string]bool{}
	for i, rule := range c.Firewall.Rules {
		at := path.Child("firewall", "rules").Index(i)
		problems = append(problems, slices.Concat(named(names, "firewall", rule.Name, at), settings.Text(rule.Expression, at.Child("expression"), "say which requests it is for"),
			settings.OneOf(rule.Action, at.Child("action"), "allow", "deny", "bypass", "challenge"))...)
	}
	for i, limit := range c.RateLimits {
		at := path.Child("rateLimits").Index(i)
		problems = append(problems, slices.Concat(named(names, "limit", limit.Name, at), pages(limit.Path, at), settings.AtLeast(limit.Requests, at.Child("requests"), 1),
			settings.AtLeast(limit.Seconds, at.Child("seconds"), 1), settings.AtLeast(limit.BlockSeconds, at.Child("blockSeconds"), 0))...)
	}
	for i, rule := range c.PageRules {
		at := path.Child("pageRules").Index(i)
		problems = append(problems, slices.Concat(named(names, "page", rule.Name, at), pages(rule.Path, at), orEmpty(rule.Cache, at.Child("cache"), lifetimes...))...)
		if rule.Path == everyPage {
			problems = append(problems, field.Invalid(at.Child("path"), rule.Path, "is every page, for which there is a rule already: name some of them"))
		}
		if rule.Redirect != "" {
			problems = append(problems, absolute(rule.Redirect, at.Child("redirect"))...)
		}
	}
	return problems
}

// validateUnused names the keys that would change nothing.
func (c *Config) validateUnused(path *field.Path) field.ErrorList {
	var usual Config
	usual.SetDefaults("")
	const left = ": these settings are left as they are"
	var problems field.ErrorList
	for _, each := range []struct {
		unused bool
		path   *field.Path
		reason string
	}{
		{!c.HTTPS.Managed && c.HTTPS.HSTS != "", path.Child("https", "hsts"), "needs https.managed" + left},
		{!c.HTTPS.Managed && c.HTTPS.MinimumTLS != usual.HTTPS.MinimumTLS, path.Child("https", "minimumTls"), "needs https.managed" + left},
		{c.Mode != WithWAF && c.WAF != usual.WAF, path.Child("waf", "mode"), `needs "mode: waf": without it no request is looked into`},
		{c.DDoS.Mode == "" && c.DDoS.BelievedSeconds != usual.DDoS.BelievedSeconds, path.Child("ddos", "believedSeconds"), "needs ddos.mode" + left},
	} {
		if each.unused {
			problems = append(problems, field.Forbidden(each.path, each.reason))
		}
	}
	return problems
}

func orEmpty(value string, path *field.Path, supported ...string) field.ErrorList {
	if value == "" {
		return nil
	}
	return settings.OneOf(value, path, supported...)
}

// named asks for a name that no other of its kind has: resources are called by it.
func named(taken map[string]bool, kind, name string, at *field.Path) field.ErrorList {
	key := kind + " " + name
	if taken[key] {
		return field.ErrorList{field.Duplicate(at.Child("name"), name)}
	}
	taken[key] = true
	return settings.Messages(field.IsDNS1123Label(name), name, at.Child("name"))
}

func pages(path string, at *field.Path) field.ErrorList {
	return settings.Matches(path, at.Child("path"), pagePath, `must begin with a slash and hold letters, digits and ._~/*- only, such as "/login/**"`)
}

// absolute asks for an address that a browser can be sent to.
func absolute(address string, path *field.Path) field.ErrorList {
	found, err := url.Parse(address)
	if err != nil || found.Host == "" || found.User != nil || !slices.Contains([]string{"http", "https"}, found.Scheme) {
		return field.ErrorList{field.Invalid(path, address, `must be an address such as "https://status.iransre.ir/"`)}
	}
	return nil
}
