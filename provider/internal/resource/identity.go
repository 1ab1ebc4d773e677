package resource

import (
	"fmt"
	"strings"
)

// Identity is the id of a resource in Pulumi: where the object is and its own id there, "ir-thr-ba1/0f3c…". Ids of the API alone
// would not do for import, because an object can only be read by the zone (or domain) it is in.
type Identity struct {
	Place  string // zone or domain
	Object string // empty for what there is one of in a place
}

func (i Identity) String() string {
	if i.Object == "" {
		return i.Place
	}
	return i.Place + "/" + i.Object
}

// ParseIdentity reads an id that Pulumi passes: one from the state, or what the user wrote after `pulumi import`.
func ParseIdentity(id, form string) (Identity, error) {
	place, object, found := strings.Cut(id, "/")
	if !strings.Contains(form, "/") && id != "" && !found {
		return Identity{Place: id}, nil
	}
	if !found || place == "" || object == "" {
		return Identity{}, fmt.Errorf("the id %q does not have the form %s", id, form)
	}
	return Identity{place, object}, nil
}
