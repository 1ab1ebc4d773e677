package iaas

import (
	"context"
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
	"github.com/iransre/exchange-platform/provider/internal/zone"
)

// ServerArgs are the inputs of a Server.
type ServerArgs struct {
	Zone                string          `pulumi:"zone,optional" provider:"replaceOnChanges" doc:"Availability zone, for example ir-thr-ba1. Default: the zone of the provider's configuration."`
	Name                string          `pulumi:"name" doc:"Name of the server and, until the init script changes it, its host name."`
	PlanID              string          `pulumi:"planId" doc:"Plan (size) of the server, for example g2-4-2-0; see getPlan. A change stops, resizes and starts the server."`
	ImageID             string          `pulumi:"imageId" provider:"replaceOnChanges" doc:"Id of the image to boot. Ids differ per zone; see getImage."`
	ImageName           string          `pulumi:"imageName,optional" provider:"replaceOnChanges" doc:"What the image is called, in words of your own; it is only kept. ArvanCloud gives a release of a distribution a new id with each build of it: a program that ignores changes of imageId (ignoreChanges) replaces the server by changing its name."`
	DiskSize            int             `pulumi:"diskSize,optional" doc:"Size of the root disk in GB, at least 25. It can grow but not shrink. Default: the plan's, or 25."`
	SSHKeyName          string          `pulumi:"sshKeyName,optional" provider:"replaceOnChanges" doc:"Name of the SSH key that may log in at first."`
	InitScript          string          `pulumi:"initScript,optional" provider:"secret,replaceOnChanges" doc:"What cloud-init runs at the first boot: a cloud-config or a script. Always a secret."`
	SecurityGroupIDs    []string        `pulumi:"securityGroupIds,optional" doc:"Ids of the security groups. Default: the zone's default group."`
	Networks            []ServerNetwork `pulumi:"networks,optional" doc:"Private networks to attach, in this order."`
	EnablePublicAddress *bool           `pulumi:"enablePublicAddress,optional" doc:"Whether the server has a public IPv4 address. Default true."`
	ServerGroupID       string          `pulumi:"serverGroupId,optional" provider:"replaceOnChanges" doc:"Id of the server group that the server joins (output serverGroupId of a ServerGroup)."`
	PowerState          string          `pulumi:"powerState,optional" doc:"\"on\" (default) or \"off\"."`
}

// ServerState is what is known of a Server.
type ServerState struct {
	ServerArgs
	Zone             string            `pulumi:"zone" provider:"replaceOnChanges"`
	DiskSize         int               `pulumi:"diskSize" from:"diskSize"`
	ServerID         string            `pulumi:"serverId" doc:"Id of the server."`
	Status           string            `pulumi:"status" from:"powerState" doc:"State of the server: ACTIVE, SHUTOFF, ERROR, …"`
	PublicAddress    string            `pulumi:"publicAddress" from:"enablePublicAddress" doc:"Public IPv4 address; empty when the server has none."`
	PrivateAddress   string            `pulumi:"privateAddress" from:"networks" doc:"Address in the first of the networks; empty when there is none."`
	PrivateAddresses map[string]string `pulumi:"privateAddresses" from:"networks" doc:"Address in each of the networks, by network id."`
	RootPassword     string            `pulumi:"rootPassword" provider:"secret" doc:"Password that root was given at the creation, when no SSH key was; ArvanCloud tells it only once. Else empty."`
	PricePerHour     float64           `pulumi:"pricePerHour" preview:"known" doc:"Price of an hour in rials, of the plan alone; 0 when not told."`
	PricePerMonth    float64           `pulumi:"pricePerMonth" preview:"known" doc:"Price of a month in rials, of the plan alone; 0 when not told."`
}

// ServerNetwork attaches a server to a private network.
type ServerNetwork struct {
	NetworkID string `pulumi:"networkId" doc:"Id of the private network (output networkId of a Network)."`
	Address   string `pulumi:"address,optional" doc:"Address that the server is to have in it. Default: ArvanCloud picks a free one."`
}

// Annotate describes the type in the schema.
func (s *ServerNetwork) Annotate(a infer.Annotator) { resource.Nested(a, "iaas:ServerNetwork", s) }

// Server is the resource arvancloud:iaas:Server: a virtual machine.
var Server = &resource.Kind[ServerArgs, ServerState, serverView]{
	Type:  "iaas:Server",
	Name:  "server",
	IDs:   "<zone>/<server id>",
	About: "A virtual machine. It counts as created when it runs, is attached to its networks and has its addresses.",
	Example: `
		name: worker-1
		planId: g2-4-2-0
		imageId: ${image.imageId}
		sshKeyName: ${key.name}
		securityGroupIds: ["${group.securityGroupId}"]
		networks: [{networkId: "${network.networkId}"}]`,
	// The new server needs the name and the private addresses of the old one.
	Replacement: resource.DeletesFirstUnless("zone", "name"),
	Broken:      map[string]string{"status": client.StatusError},
	Later: map[string]property.Value{
		"rootPassword": property.New(""), "pricePerHour": property.New(0.0), "pricePerMonth": property.New(0.0)},

	Place: func(args ServerArgs) string { return args.Zone },
	Label: func(args ServerArgs) string { return strconv.Quote(args.Name) },
	List:  listServers,
	Find:  findServer,
	ID:    func(view serverView) string { return view.ID },
	Check: checkServer,
	Same: func(args ServerArgs, view serverView) bool {
		return view.Name == args.Name && !zone.Leaving(view.Server)
	},
	Foreign: func(args ServerArgs, view serverView, id resource.Identity, owned bool) error {
		difference := differs(view.Server, args)
		if owned || difference == "" {
			return nil
		}
		return fmt.Errorf("zone %s has another server named %q already (%s; %s): choose another name, delete it, or take it over with "+
			"`pulumi import arvancloud:iaas:Server NAME %s`", id.Place, args.Name, view.ID, difference, id)
	},
	Make: func(ctx context.Context, s *resource.Session, args ServerArgs) (serverView, error) {
		request, err := serverRequest(ctx, s, args)
		if err != nil {
			return serverView{}, err
		}
		server, err := s.CreateServer(ctx, args.Zone, request)
		return serverView{Server: server}, err
	},
	State:   stateOfServer,
	Detail:  detailServer,
	Observe: observeServer,
	Price:   priceServer,
	MayChange: func(ctx context.Context, s *resource.Session, before ServerState, args ServerArgs, preview bool) error {
		if args.DiskSize != 0 && args.DiskSize < before.DiskSize {
			return fmt.Errorf("diskSize: a disk cannot shrink, and that of server %q has %d GB; "+
				"to start again with %d GB, replace the server", before.Name, before.DiskSize, args.DiskSize)
		}
		if preview || args.PlanID == before.PlanID {
			return nil
		}
		// Before the server is switched off for it.
		_, err := zone.Plan(ctx, s, args.Zone, args.PlanID)
		return err
	},
	Converge: convergeServer,
	Remove:   removeServer,
	Lingers:  true,
}

// States of a server's power, as inputs name them.
const (
	powerOn  = "on"
	powerOff = "off"
)

func (s ServerArgs) wantsPublicAddress() bool {
	return s.EnablePublicAddress == nil || *s.EnablePublicAddress
}

// listServers lists the servers of a zone, without their ports.
func listServers(ctx context.Context, s *resource.Session, place string) ([]serverView, error) {
	servers, err := s.Servers(ctx, place)
	var views []serverView
	for _, server := range servers {
		if !zone.Deleted(server) {
			views = append(views, serverView{Server: server})
		}
	}
	return views, err
}

// priceServer adds what the server costs, as far as it is told.
func priceServer(ctx context.Context, s *resource.Session, _ ServerArgs, state *ServerState) {
	if price, told := zone.PlanPrice(ctx, s, state.Zone, state.PlanID); told {
		state.PricePerHour, state.PricePerMonth = float64(price.PerHour), float64(price.PerMonth)
	}
}

// findServer finds one server, without its ports.
func findServer(ctx context.Context, s *resource.Session, id resource.Identity) (serverView, bool, error) {
	server, found, err := s.Server(ctx, id.Place, id.Object)
	return serverView{Server: server}, found && !zone.Deleted(server), err
}

// removeServer has the server deleted. Whether a refusal means "gone" is told by the server itself, so what the deletion answered
// matters only if the server stays.
func removeServer(ctx context.Context, s *resource.Session, id resource.Identity, _ ServerState) error {
	refusal := s.DeleteServer(ctx, id.Place, id.Object)
	if refusal == nil || client.IsAmbiguous(refusal) {
		return nil
	}
	server, found, err := s.Server(ctx, id.Place, id.Object)
	if err != nil || !found || zone.Leaving(server) {
		return err
	}
	return refusal
}
