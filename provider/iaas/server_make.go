package iaas

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
	"github.com/iransre/exchange-platform/provider/internal/zone"
)

// publicNetwork is the zone's network of public addresses.
var publicNetwork = resource.List[string]{Name: "public network", Catalogue: true,
	Read: func(ctx context.Context, s *resource.Session, zone string) (string, error) {
		return s.PublicNetwork(ctx, zone)
	}}

// rootDisk is the size of the disk that the server is made with, in GB.
func rootDisk(args ServerArgs, plan client.Plan) int {
	return cmp.Or(args.DiskSize, max(minDiskSize, int(plan.Disk)))
}

// serverRequest is the server as the API is asked for it. Fixed private addresses are not part of it: only attaching sets them.
func serverRequest(ctx context.Context, s *resource.Session, args ServerArgs) (client.ServerRequest, error) {
	plan, err := zone.Plan(ctx, s, args.Zone, args.PlanID)
	if err != nil {
		return client.ServerRequest{}, err
	}
	request := client.ServerRequest{
		Name: args.Name, PlanID: args.PlanID, ImageID: args.ImageID, SecurityGroupIDs: args.SecurityGroupIDs,
		KeyName: args.SSHKeyName, DiskSize: rootDisk(args, plan), InitScript: args.InitScript, PublicIPv4: args.wantsPublicAddress(),
		ServerGroupID: args.ServerGroupID,
	}
	if !args.wantsPublicAddress() {
		request.NetworkIDs = []string{args.Networks[0].NetworkID}
		return request, nil
	}
	public, err := publicNetwork.Get(ctx, s, args.Zone)
	if err == nil && public == "" {
		err = fmt.Errorf("zone %s does not tell its public network, so a server with a public address cannot be made there", args.Zone)
	}
	request.NetworkIDs = []string{public}
	return request, err
}

// differs says in what a server differs from the wanted one, or nothing when it can be what an earlier attempt made.
func differs(server client.Server, wanted ServerArgs) string {
	switch key := string(server.KeyName); {
	case server.Flavor.ID != wanted.PlanID:
		return "its plan is " + server.Flavor.ID
	case server.Image.ID != wanted.ImageID:
		return "its image is " + server.Image.ID
	case key != wanted.SSHKeyName && (key != "0" || wanted.SSHKeyName != ""):
		return fmt.Sprintf("its SSH key is %q", key)
	}
	for _, id := range wanted.SecurityGroupIDs {
		if !slices.ContainsFunc(server.SecurityGroups, func(group client.SecurityGroup) bool { return group.ID == id }) {
			return "it is not in the security group " + id
		}
	}
	return ""
}
