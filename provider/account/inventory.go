package account

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/cdn"
	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/iaas"
	"github.com/iransre/exchange-platform/provider/internal/resource"
	"github.com/iransre/exchange-platform/provider/internal/zone"
	"github.com/iransre/exchange-platform/provider/storage"
)

// GetInventoryArgs are the arguments of getInventory.
type GetInventoryArgs struct {
	Zone   string `pulumi:"zone,optional" doc:"Availability zone, for example ir-thr-ba1. Default: the zone of the provider's configuration."`
	Domain string `pulumi:"domain,optional" doc:"Domain on the CDN whose records of addresses are told too."`
}

// GetInventoryResult is what getInventory tells.
type GetInventoryResult struct {
	Objects []InventoryInfo `pulumi:"objects" doc:"The objects, by type and name."`
}

// InventoryInfo is an object that can be imported.
type InventoryInfo struct {
	Type  string   `pulumi:"type" doc:"Type of the resource that it can be imported as."`
	Name  string   `pulumi:"name" doc:"Name of the object; that of a record in its domain."`
	ID    string   `pulumi:"id" doc:"Id to import it with."`
	Users []string `pulumi:"users" doc:"Names of the servers that use it."`
}

// Annotate describes the type in the schema.
func (s *InventoryInfo) Annotate(a infer.Annotator) { resource.Nested(a, "account:InventoryObject", s) }

// GetInventory is the function arvancloud:account:getInventory.
var GetInventory = &resource.Function[GetInventoryArgs, GetInventoryResult]{
	Type: "account:getInventory",
	About: "Lists a zone's servers and what they use (networks, security groups, SSH keys, server groups, volumes), and a domain's records of addresses: " +
		"what there is to import when a stack's state was lost.",
	Call: func(ctx context.Context, s *resource.Session, arguments GetInventoryArgs) (GetInventoryResult, error) {
		place, err := resource.LookupZone(ctx, arguments.Zone)
		if err != nil {
			return GetInventoryResult{}, err
		}
		i := &inventory{ctx: ctx, s: s, place: place, objects: []InventoryInfo{}}
		i.servers()
		i.networks()
		i.groups()
		i.keys()
		i.serverGroups()
		i.volumes()
		i.records(arguments.Domain)
		slices.SortFunc(i.objects, func(a, b InventoryInfo) int {
			return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
		})
		return GetInventoryResult{i.objects}, i.err
	},
}

// inventory is what has been listed so far.
type inventory struct {
	ctx     context.Context
	s       *resource.Session
	place   string
	objects []InventoryInfo
	err     error

	all []client.Server
}

// add adds an object with the servers of which uses says that they use it.
func (i *inventory) add(kind, name, id string, uses func(client.Server) bool) {
	users := map[string]bool{}
	for _, server := range i.all {
		if uses != nil && uses(server) {
			users[server.Name] = true
		}
	}
	i.objects = append(i.objects, InventoryInfo{resource.Package + ":" + kind, name, id, slices.AppendSeq([]string{}, maps.Keys(users))})
	slices.Sort(i.objects[len(i.objects)-1].Users)
}

func (i *inventory) inZone(object string) string {
	return resource.Identity{Place: i.place, Object: object}.String()
}

// list reads a list, unless one could not be read.
func list[T any](i *inventory, read func(context.Context, string) ([]T, error)) (all []T) {
	if i.err == nil {
		all, i.err = read(i.ctx, i.place)
	}
	return all
}

func (i *inventory) servers() {
	for _, server := range list(i, i.s.Servers) {
		if !zone.Leaving(server) {
			i.all = append(i.all, server)
			i.add(iaas.Server.Type, server.Name, i.inZone(server.ID), nil)
		}
	}
}

func (i *inventory) networks() {
	networks, ports := list(i, i.s.Networks), list(i, i.s.Ports)
	for _, network := range networks {
		for _, subnet := range network.Subnets {
			if network.Public {
				continue
			}
			i.add(iaas.Network.Type, network.Name, i.inZone(subnet.ID), func(server client.Server) bool {
				return slices.ContainsFunc(ports, func(port client.Port) bool { return port.NetworkID == network.ID && port.ServerID == server.ID })
			})
		}
	}
}

func (i *inventory) groups() {
	for _, group := range list(i, i.s.SecurityGroups) {
		i.add(iaas.SecurityGroup.Type, cmp.Or(group.RealName, group.Name), i.inZone(group.ID), func(server client.Server) bool {
			return slices.ContainsFunc(server.SecurityGroups, func(its client.SecurityGroup) bool { return its.ID == group.ID })
		})
	}
}

func (i *inventory) keys() {
	for _, key := range list(i, i.s.SSHKeys) {
		i.add(iaas.SSHKey.Type, key.Name, i.inZone(key.Name), func(server client.Server) bool { return string(server.KeyName) == key.Name })
	}
}

func (i *inventory) serverGroups() {
	for _, group := range list(i, i.s.ServerGroups) {
		i.add(iaas.ServerGroup.Type, group.Name, i.inZone(group.ID), func(server client.Server) bool { return slices.Contains(group.Members, server.ID) })
	}
}

func (i *inventory) volumes() {
	for _, volume := range list(i, i.s.Volumes) {
		i.add(storage.Volume.Type, volume.Name, i.inZone(volume.ID), func(server client.Server) bool {
			return slices.ContainsFunc(volume.Attachments, func(on client.VolumeAttachment) bool { return on.ServerID == server.ID })
		})
	}
}

// records are those of a domain, if one is asked for. One that the account does not have, has none.
func (i *inventory) records(domain string) {
	if domain == "" || i.err != nil {
		return
	}
	records, err := i.s.DNSRecords(i.ctx, domain, "a")
	if err != nil && !client.IsNotFound(err) {
		i.err = err
	}
	for _, record := range records {
		i.add(cdn.DNSRecord.Type, record.Name, resource.Identity{Place: domain, Object: record.ID}.String(), nil)
	}
}
