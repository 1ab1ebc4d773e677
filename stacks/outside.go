package stacks

import (
	"net/netip"
	"net/url"
	"strings"

	"github.com/iransre/exchange-platform/components/certificates"
	"github.com/iransre/exchange-platform/components/objectstore"
	"github.com/iransre/exchange-platform/internal/field"
)

// validateOutside refuses addresses of the cluster's own where something outside is meant: a copy that lies in the cluster is lost with it, and
// the policies of what goes out keep it from all that is inside.
func validateOutside(cfg *Config) field.ErrorList {
	var problems field.ErrorList
	for _, meant := range []struct {
		limited bool // whether a policy keeps it from what is inside, in this environment
		at      *field.Path
		address string
	}{
		{cfg.ObjectStore.Copy.Enabled, field.NewPath("objectStore", "copy", "endpoint"), cfg.ObjectStore.Copy.Endpoint},
		{cfg.ObjectStore.Engine == objectstore.External && cfg.Network.Isolate, field.NewPath("objectStore", "external", "endpoint"), cfg.ObjectStore.External.Endpoint},
		{true, field.NewPath("delivery", "gitlabRunner", "url"), cfg.Delivery.GitLabRunner.URL},
		{cfg.Certificates.Issuer == certificates.ByACME && cfg.Network.Isolate, field.NewPath("certificates", "acme", "server"), cfg.Certificates.ACME.Server},
	} {
		if inside := cfg.inside(meant.address); meant.limited && inside != "" {
			problems = append(problems, field.Invalid(meant.at, meant.address,
				"is of the cluster itself ("+inside+"), from where nothing may be asked for here: name an address outside"))
		}
	}
	return problems
}

// inside says what of the cluster an address is of; empty if it is of none, as far as it can be known without asking for a name.
func (c *Config) inside(address string) string {
	at, err := url.Parse(address)
	if err != nil {
		return ""
	}
	host := strings.TrimSuffix(at.Hostname(), ".")
	if strings.HasSuffix(host, ".svc") || strings.HasSuffix(host, ".cluster.local") {
		return "a Service"
	}
	number, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	for _, of := range []struct{ name, cidr string }{
		{"network.cidr", c.Network.CIDR}, {"network.podCidr", c.Network.PodCIDR}, {"network.serviceCidr", c.Network.ServiceCIDR},
	} {
		if all, err := netip.ParsePrefix(of.cidr); err == nil && all.Contains(number) {
			return of.name
		}
	}
	return ""
}
