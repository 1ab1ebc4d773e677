package iaas

import (
	"context"
	"slices"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
	"github.com/iransre/exchange-platform/provider/internal/zone"
)

// serverGroups is the list that is kept for the reading of server groups, too.
var serverGroups = resource.List[[]client.ServerGroup]{Name: ServerGroup.Name,
	Read: func(ctx context.Context, s *resource.Session, zone string) ([]client.ServerGroup, error) {
		return s.ServerGroups(ctx, zone)
	}}

// detailServer adds the server's ports, its group and the size of its disk.
func detailServer(
	ctx context.Context, s *resource.Session, read resource.Reading[ServerArgs, ServerState], listed serverView,
) (serverView, error) {
	ports, err := zone.Ports.Get(ctx, s, read.ID.Place)
	if err != nil {
		return serverView{}, err
	}
	view := newServerView(listed.Server, ports)
	view.disk = knownDisk(view.Server, read.State)
	view.group, err = groupOfServer(ctx, s, read.ID, read.Inputs.ServerGroupID, read.Imported)
	return view, err
}

// groupOfServer is the server group that the server is in. Servers do not tell it, groups do; they are only asked if it matters.
func groupOfServer(ctx context.Context, s *resource.Session, id resource.Identity, wanted string, imported bool) (string, error) {
	if wanted == "" && !imported {
		return "", nil
	}
	groups, err := serverGroups.Get(ctx, s, id.Place)
	for _, group := range groups {
		if slices.Contains(group.Members, id.Object) {
			return group.ID, err
		}
	}
	return "", err
}

// observeServer describes the server as it is. What the user left to ArvanCloud stays left to it, and order means nothing.
func observeServer(args ServerArgs, v serverView, imported bool, id resource.Identity) ServerArgs {
	args.Zone, args.ServerGroupID = id.Place, v.group
	if args.DiskSize != 0 {
		args.DiskSize = v.disk
	}
	args.Name, args.PlanID, args.ImageID = v.Name, v.Flavor.ID, v.Image.ID
	if key := string(v.KeyName); key != "0" {
		args.SSHKeyName = key
	}
	if len(args.SecurityGroupIDs) > 0 || imported {
		var groups []string
		for _, group := range v.SecurityGroups {
			groups = append(groups, group.ID)
		}
		args.SecurityGroupIDs = inOrder(args.SecurityGroupIDs, groups)
	}
	// While a server is built, its address is still to come; to call that drift would add a second one.
	if v.Status == client.StatusActive || v.Status == client.StatusShutoff {
		args.EnablePublicAddress = observedSwitch(args.EnablePublicAddress, v.PublicIPv4() != "")
	}
	args.PowerState = v.power(args.PowerState)
	addresses, _ := v.private()
	wanted := map[string]ServerNetwork{}
	var order, attached []string
	for _, network := range args.Networks {
		wanted[network.NetworkID] = network
		order = append(order, network.NetworkID)
	}
	for network := range addresses {
		attached = append(attached, network)
	}
	slices.Sort(attached)
	args.Networks = nil
	for _, id := range inOrder(order, attached) {
		network := ServerNetwork{NetworkID: id, Address: addresses[id]}
		if before, known := wanted[id]; known && before.Address == "" {
			network.Address = ""
		}
		args.Networks = append(args.Networks, network)
	}
	return args
}

// power is the power state that describes the server. Unset stays unset while it is on, and while it is between the two.
func (v serverView) power(wanted string) string {
	switch {
	case v.Status == client.StatusShutoff && !v.Busy():
		return powerOff
	case v.Status == client.StatusActive && wanted == powerOff:
		return powerOn
	}
	return wanted
}

// inOrder is what is there: first what was wanted, in the order it was wanted in, then the rest.
func inOrder(wanted, there []string) []string {
	var ordered []string
	for _, id := range wanted {
		if slices.Contains(there, id) {
			ordered = append(ordered, id)
		}
	}
	for _, id := range there {
		if !slices.Contains(wanted, id) {
			ordered = append(ordered, id)
		}
	}
	return ordered
}
