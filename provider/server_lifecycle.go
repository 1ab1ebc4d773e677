package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// minDiskSize is the smallest root disk that ArvanCloud makes, in GB.
const minDiskSize = 25

// States of a server's power, as inputs name them.
const (
	powerOn  = "on"
	powerOff = "off"
)

// WireDependencies tells which outputs a changed input changes, so that a preview of an update knows the others: the server's
// id and public address stay, whatever is changed in place.
func (*Server) WireDependencies(f infer.FieldSelector, args *ServerArgs, state *ServerState) {
	networks := f.InputField(&args.Networks).Computed()
	f.OutputField(&state.PrivateAddress).DependsOn(networks)
	f.OutputField(&state.PrivateAddresses).DependsOn(networks)
	f.OutputField(&state.PublicAddress).DependsOn(f.InputField(&args.EnablePublicAddress).Computed())
	f.OutputField(&state.DiskSize).DependsOn(f.InputField(&args.DiskSize).Computed())
	f.OutputField(&state.Status).DependsOn(f.InputField(&args.PowerState).Computed())
	f.OutputField(&state.PricePerHour).AlwaysKnown()
	f.OutputField(&state.PricePerMonth).AlwaysKnown()
}

// Check refuses what the API would refuse later, when half of the stack is made.
func (*Server) Check(ctx context.Context, request infer.CheckRequest) (infer.CheckResponse[ServerArgs], error) {
	return checkInputs(ctx, request, func(c *checker, args *ServerArgs) {
		c.zone(ctx, &args.Zone)
		c.name("name", args.Name)
		for input, value := range map[string]string{"planId": args.PlanID, "imageId": args.ImageID} {
			if c.known(input) && value == "" {
				c.fail(input, "this may not be empty")
			}
		}
		if c.known("powerState") {
			c.choice("powerState", args.PowerState, "", powerOn, powerOff)
		}
		if c.known("diskSize") && args.DiskSize != 0 && args.DiskSize < minDiskSize {
			c.fail("diskSize", "%d GB is too small: the smallest disk has %d GB", args.DiskSize, minDiskSize)
		}
		if c.known("networks") {
			seen := map[string]bool{}
			for i, network := range args.Networks {
				if seen[network.NetworkID] {
					c.fail(fmt.Sprintf("networks[%d].networkId", i), "the network %s is listed twice", network.NetworkID)
				}
				seen[network.NetworkID] = true
			}
		}
		if c.decided("networks") && c.decided("enablePublicAddress") && !args.wantsPublicAddress() && len(args.Networks) == 0 {
			c.fail("networks", "a server without a public address needs a network")
		}
		c.serverAddresses(args.Networks)
		c.serverFits(ctx, args)
	})
}

// serverAddresses checks the addresses that are known, though the ids of their networks may not be.
func (c *checker) serverAddresses(networks []ServerNetwork) {
	value, there := c.inputs.GetOk("networks")
	if !there || !value.IsArray() {
		return
	}
	for i, element := range value.AsArray().All {
		if !element.IsMap() || i >= len(networks) {
			continue
		}
		address := element.AsMap().Get("address")
		if address.IsString() && networks[i].Address != "" {
			c.address(fmt.Sprintf("networks[%d].address", i), networks[i].Address)
		}
	}
}

func (s ServerArgs) wantsPublicAddress() bool {
	return s.EnablePublicAddress == nil || *s.EnablePublicAddress
}

// Create boots the server and waits until it is usable. An earlier attempt's server is taken over.
func (*Server) Create(
	ctx context.Context, request infer.CreateRequest[ServerArgs],
) (infer.CreateResponse[ServerState], error) {
	args := request.Inputs
	if request.DryRun {
		state := ServerState{ServerArgs: args, Zone: args.Zone, DiskSize: args.DiskSize}
		sessionOf(ctx).priceServer(ctx, &state)
		return infer.CreateResponse[ServerState]{Output: state}, nil
	}
	ctx, cancel := withDefaultTimeout(ctx, createTimeout)
	defer cancel()
	s := sessionOf(ctx)
	wanted, err := s.serverRequest(ctx, args)
	if err != nil {
		return infer.CreateResponse[ServerState]{}, err
	}
	server, err := s.bootServer(ctx, args.Zone, wanted)
	if err != nil {
		return infer.CreateResponse[ServerState]{}, err
	}
	id := identity{args.Zone, server.ID}
	s.own(kindServer, id.String())
	state := ServerState{ServerArgs: args, Zone: args.Zone, DiskSize: wanted.DiskSize, ServerID: server.ID, RootPassword: server.Password}
	s.priceServer(ctx, &state)
	state, err = s.settleServer(ctx, id, serverGoal{args: args}, state)
	return infer.CreateResponse[ServerState]{ID: id.String(), Output: state}, partial(err)
}

// serverRequest is the server as the API is asked for it. Fixed private addresses are not part of it: only attaching sets them.
func (s *session) serverRequest(ctx context.Context, args ServerArgs) (client.ServerRequest, error) {
	plan, err := s.plan(ctx, args.Zone, args.PlanID)
	if err != nil {
		return client.ServerRequest{}, err
	}
	request := client.ServerRequest{
		Name: args.Name, PlanID: args.PlanID, ImageID: args.ImageID, SecurityGroupIDs: args.SecurityGroupIDs,
		KeyName: args.SSHKeyName, DiskSize: args.DiskSize, InitScript: args.InitScript, PublicIPv4: args.wantsPublicAddress(),
		ServerGroupID: args.ServerGroupID,
	}
	if request.DiskSize == 0 {
		request.DiskSize = max(minDiskSize, int(plan.Disk))
	}
	if !args.wantsPublicAddress() {
		request.NetworkIDs = []string{args.Networks[0].NetworkID}
		return request, nil
	}
	public, err := s.public.get(ctx, s, args.Zone, s.PublicNetwork)
	if err == nil && public == "" {
		err = fmt.Errorf("zone %s does not tell its public network, so a server with a public address cannot be made there", args.Zone)
	}
	request.NetworkIDs = []string{public}
	return request, err
}

// priceServer adds what the server costs, as far as it is told.
func (s *session) priceServer(ctx context.Context, state *ServerState) {
	if price, told := s.planPrice(ctx, state.Zone, state.PlanID); told {
		state.PricePerHour, state.PricePerMonth = float64(price.PerHour), float64(price.PerMonth)
	}
}

// bootServer makes the server unless an earlier attempt did.
func (s *session) bootServer(ctx context.Context, zone string, wanted client.ServerRequest) (client.Server, error) {
	find := func(ctx context.Context) (client.Server, bool, error) {
		servers, err := s.Servers(ctx, zone)
		for _, server := range servers {
			if server.Name == wanted.Name && !leaving(server) && !s.isOwned(kindServer, identity{zone, server.ID}.String()) {
				return server, true, err
			}
		}
		return client.Server{}, false, err
	}
	server, found, err := find(ctx)
	if err != nil {
		return client.Server{}, err
	}
	if found {
		id := identity{zone, server.ID}
		if difference := differs(server, wanted); difference != "" {
			return client.Server{}, fmt.Errorf("zone %s has another server named %q already (%s; %s): choose another name, delete it, or take it over with "+
				"`pulumi import arvancloud:iaas:Server NAME %s`", zone, wanted.Name, server.ID, difference, id)
		}
		p.GetLogger(ctx).Warningf("took over the server %s, which an earlier attempt left", id)
		return server, nil
	}
	server, err = client.Create(ctx, s.Client, find, func(ctx context.Context) (client.Server, error) {
		return s.CreateServer(ctx, zone, wanted)
	})
	if err == nil && server.ID == "" {
		if server, found, err = find(ctx); err == nil && !found {
			err = fmt.Errorf("the server %q was made in zone %s but is not listed", wanted.Name, zone)
		}
	}
	return server, err
}

// leaving tells whether a server is being deleted, or deleted and still listed.
func leaving(server client.Server) bool {
	return server.Status == client.StatusDeleted || server.Status == client.StatusSoftDeleted ||
		(server.TaskState != nil && strings.Contains(*server.TaskState, "delet"))
}

// differs says in what a server differs from the wanted one, or nothing when it can be what an earlier attempt made.
func differs(server client.Server, wanted client.ServerRequest) string {
	switch key := string(server.KeyName); {
	case server.Flavor.ID != wanted.PlanID:
		return "its plan is " + server.Flavor.ID
	case server.Image.ID != wanted.ImageID:
		return "its image is " + server.Image.ID
	case key != wanted.KeyName && (key != "0" || wanted.KeyName != ""):
		return fmt.Sprintf("its SSH key is %q", key)
	}
	for _, id := range wanted.SecurityGroupIDs {
		if !slices.ContainsFunc(server.SecurityGroups, func(group client.SecurityGroup) bool { return group.ID == id }) {
			return "it is not in the security group " + id
		}
	}
	return ""
}

// Update changes the server in place.
func (*Server) Update(
	ctx context.Context, request infer.UpdateRequest[ServerArgs, ServerState],
) (infer.UpdateResponse[ServerState], error) {
	args, old := request.Inputs, request.State
	if args.DiskSize != 0 && args.DiskSize < old.DiskSize {
		return infer.UpdateResponse[ServerState]{}, fmt.Errorf("diskSize: a disk cannot shrink, and that of server %q has %d GB; "+
			"to start again with %d GB, replace the server", old.Name, old.DiskSize, args.DiskSize)
	}
	state := old
	state.ServerArgs = args
	if args.PlanID != old.PlanID || old.PricePerHour == 0 {
		state.PricePerHour, state.PricePerMonth = 0, 0
		sessionOf(ctx).priceServer(ctx, &state)
	}
	if request.DryRun {
		return infer.UpdateResponse[ServerState]{Output: state}, nil
	}
	id, err := parseIdentity(request.ID, formServer)
	if err != nil {
		return infer.UpdateResponse[ServerState]{}, err
	}
	ctx, cancel := withDefaultTimeout(ctx, createTimeout)
	defer cancel()
	s := sessionOf(ctx)
	if args.PlanID != old.PlanID {
		// Before the server is switched off for it.
		if _, err := s.plan(ctx, id.place, args.PlanID); err != nil {
			return infer.UpdateResponse[ServerState]{}, err
		}
	}
	state, err = s.settleServer(ctx, id, serverGoal{args: args, old: &old}, state)
	return infer.UpdateResponse[ServerState]{Output: state}, partial(err)
}

// Delete removes the server and waits until it is gone: its networks and security groups cannot be deleted before.
func (*Server) Delete(ctx context.Context, request infer.DeleteRequest[ServerState]) (infer.DeleteResponse, error) {
	id, err := parseIdentity(request.ID, formServer)
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	ctx, cancel := withDefaultTimeout(ctx, deleteTimeout)
	defer cancel()
	s := sessionOf(ctx)
	// Whether a refusal means "gone" is told by the list, so what the deletion answered matters only if the server stays.
	refusal := s.DeleteServer(ctx, id.place, id.object)
	err = s.poll(ctx, func(ctx context.Context) (string, error) {
		server, found, err := s.Server(ctx, id.place, id.object)
		switch {
		case err != nil:
			return "", err
		case !found || server.Status == client.StatusDeleted || server.Status == client.StatusSoftDeleted:
			return "", nil
		case refusal != nil && !client.IsAmbiguous(refusal) && !leaving(server):
			return "", refusal
		}
		return "waiting until the server " + server.Name + " is gone", nil
	})
	return infer.DeleteResponse{}, err
}
