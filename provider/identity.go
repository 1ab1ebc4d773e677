package provider

import (
	"fmt"
	"strings"
)

// identity is the id of a resource in Pulumi: where the object is and its own id there, "ir-thr-ba1/0f3c…". Ids of the API alone
// would not do for import, because an object can only be read by the zone (or domain) it is in.
type identity struct {
	place  string // zone or domain
	object string // empty for what there is one of in a place
}

func (i identity) String() string {
	if i.object == "" {
		return i.place
	}
	return i.place + "/" + i.object
}

// parseIdentity reads an id that Pulumi passes: one from the state, or what the user wrote after `pulumi import`.
func parseIdentity(id, form string) (identity, error) {
	place, object, found := strings.Cut(id, "/")
	if !strings.Contains(form, "/") && id != "" && !found {
		return identity{place: id}, nil
	}
	if !found || place == "" || object == "" {
		return identity{}, fmt.Errorf("the id %q does not have the form %s", id, form)
	}
	return identity{place: place, object: object}, nil
}

// Forms of ids, as messages show them.
const (
	formSSHKey        = "<zone>/<name>"
	formNetwork       = "<zone>/<subnet id>"
	formSecurityGroup = "<zone>/<group id>"
	formServer        = "<zone>/<server id>"
	formDNSRecord     = "<domain>/<record id>"

	formServerGroup          = "<zone>/<server group id>"
	formVolume               = "<zone>/<volume id>"
	formVolumeAttachment     = "<zone>/<volume id>/<server id>"
	formSnapshot             = "<zone>/<snapshot id>"
	formTag                  = "<zone>/<tag id>"
	formServerTag            = "<zone>/<tag id>/<server id>"
	formFloatingIP           = "<zone>/<floating IP id>"
	formFloatingIPAttachment = "<zone>/<floating IP id>"
	formPortSecurity         = "<zone>/<server id>/<network id>"
	formPtrRecord            = "<zone>/<address>"
	formDomain               = "<domain>"
	formSettings             = "<domain>"
	formRule                 = "<domain>/<rule id>"
	formLoadBalancer         = "<domain>/<load balancer id>"
)

// Kinds of objects, as the session tells them apart.
const (
	kindSSHKey        = "SSH key"
	kindNetwork       = "network"
	kindSecurityGroup = "security group"
	kindServer        = "server"
	kindDNSRecord     = "DNS record"

	kindServerGroup          = "server group"
	kindVolume               = "volume"
	kindVolumeAttachment     = "volume attachment"
	kindSnapshot             = "snapshot"
	kindFloatingIP           = "floating address"
	kindFloatingIPAttachment = "attachment of a floating address"
	kindPtrRecord            = "reverse name"
	kindPortSecurity         = "port"
	kindTag                  = "tag"
	kindServerTag            = "tag of a server"
	kindDomain               = "domain"
	kindHTTPSSettings        = "HTTPS settings"
	kindCacheSettings        = "cache settings"
	kindPageRule             = "page rule"
	kindLoadBalancer         = "load balancer"
	kindFirewallSettings     = "firewall settings"
	kindFirewallRule         = "firewall rule"
	kindWAFSettings          = "WAF settings"
	kindDDoSSettings         = "DDoS settings"
	kindRateLimitRule        = "rate limit rule"
)
