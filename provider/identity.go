package provider

import (
	"fmt"
	"strings"
)

// identity is the id of a resource in Pulumi: where the object is and its own id there, "ir-thr-ba1/0f3c…". Ids of the API alone
// would not do for import, because an object can only be read by the zone (or domain) it is in.
type identity struct {
	place  string // zone or domain
	object string
}

func (i identity) String() string { return i.place + "/" + i.object }

// parseIdentity reads an id that Pulumi passes: one from the state, or what the user wrote after `pulumi import`.
func parseIdentity(id, form string) (identity, error) {
	place, object, found := strings.Cut(id, "/")
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
)

// Kinds of objects, as the session tells them apart.
const (
	kindSSHKey        = "SSH key"
	kindNetwork       = "network"
	kindSecurityGroup = "security group"
	kindServer        = "server"
	kindDNSRecord     = "DNS record"
)
