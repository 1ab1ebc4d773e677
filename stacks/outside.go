package stacks

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/iransre/exchange-platform/components/certificates"
	"github.com/iransre/exchange-platform/components/kubespray"
	"github.com/iransre/exchange-platform/components/objectstore"
	"github.com/iransre/exchange-platform/internal/field"
)

// outside is a key that names an address outside of the cluster: a copy that lies in the cluster is lost with it, and the policies of what goes
// out keep it from all that is inside.
type outside struct {
	key     *field.Path
	address string
}

// outsides are those that a policy keeps from what is inside, in this environment.
func (c *Config) outsides() []outside {
	found := []outside{{field.NewPath("delivery", "gitlabRunner", "url"), c.Delivery.GitLabRunner.URL}}
	if c.ObjectStore.Copy.Enabled {
		found = append(found, outside{field.NewPath("objectStore", "copy", "endpoint"), c.ObjectStore.Copy.Endpoint})
	}
	if c.ObjectStore.Engine == objectstore.External && c.Network.Isolate {
		found = append(found, outside{field.NewPath("objectStore", "external", "endpoint"), c.ObjectStore.External.Endpoint})
	}
	if c.Certificates.Issuer == certificates.ByACME && c.Network.Isolate {
		found = append(found, outside{field.NewPath("certificates", "acme", "server"), c.Certificates.ACME.Server})
	}
	return found
}

// reachedOutside are those that isolated pods reach outside of the cluster only, on whatever machine they are.
func (c *Config) reachedOutside() []outside {
	if !c.Network.Isolate {
		return nil
	}
	alerting := field.NewPath("alerting")
	found := []outside{
		{alerting.Child("telegram", "apiUrl"), c.Alerting.Telegram.APIURL}, {alerting.Child("telegram", "proxy"), c.Alerting.Telegram.Proxy},
		{alerting.Child("sms", "apiUrl"), c.Alerting.SMS.APIURL},
	}
	if c.Postgres.Backup.Enabled {
		found = append(found, outside{field.NewPath("postgres", "backup", "endpoint"), c.Postgres.Backup.Endpoint})
	}
	if c.Logging.Snapshots.Enabled {
		found = append(found, outside{field.NewPath("logging", "snapshots", "endpoint"), c.Logging.Snapshots.Endpoint})
	}
	return found
}

// validateOutside refuses addresses of the cluster's own there, and a network plugin to which the policies' ranges mean something else.
func validateOutside(cfg *Config) field.ErrorList {
	var problems field.ErrorList
	if cfg.Network.Isolate && cfg.Kubernetes.Network == kubespray.Cilium {
		problems = append(problems, field.Invalid(field.NewPath("network", "isolate"), true,
			"ranges of addresses in a policy mean neither nodes nor pods to Cilium (cilium/cilium#20550), so nothing would reach the Kubernetes API: leave it out, or take kubernetes.network calico"))
	}
	for _, each := range append(cfg.outsides(), cfg.reachedOutside()...) {
		if inside := cfg.inside(each.address); inside != "" {
			problems = append(problems, field.Invalid(each.key, each.address,
				"is of the cluster itself ("+inside+"), from where nothing may be asked for here: name an address outside"))
		}
	}
	return problems
}

// refuseInside says which of them are the machines' own on the Internet: once there are machines, these are known.
func (m *memory) refuseInside(cfg *Config) []string {
	var reasons []string
	for _, each := range cfg.outsides() {
		at, err := url.Parse(each.address)
		if err != nil { // refused by itself
			continue
		}
		if owner := m.machines.Owner(at.Hostname()); owner != "" {
			reasons = append(reasons, fmt.Sprintf("%s %s is the machine %s's own, and what lies there is lost with the cluster: name an address outside", each.key, each.address, owner))
		}
	}
	return reasons
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
