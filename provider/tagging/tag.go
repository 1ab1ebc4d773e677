package tagging

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
	"github.com/iransre/exchange-platform/provider/internal/zone"
)

// TagArgs are the inputs of a Tag.
type TagArgs struct {
	Zone string `pulumi:"zone,optional" provider:"replaceOnChanges" doc:"Availability zone. Default: the zone of the provider's configuration."`
	Name string `pulumi:"name" doc:"Name of the tag, unique in the zone."`
}

// TagState is what is known of a Tag.
type TagState struct {
	TagArgs
	TagID string `pulumi:"tagId" doc:"Id of the tag."`
}

// Tag is the resource arvancloud:tagging:Tag: a label for servers.
var Tag = &resource.Kind[TagArgs, TagState, client.Tag]{
	Type:        "tagging:Tag",
	Name:        "tag",
	IDs:         "<zone>/<tag id>",
	About:       "A label that servers of one zone can carry; see ServerTag.",
	Example:     "name: exchange",
	Replacement: resource.DeletesFirstUnless("zone", "name"),

	Place: func(args TagArgs) string { return args.Zone },
	List: func(ctx context.Context, s *resource.Session, zone string) ([]client.Tag, error) {
		return s.Tags(ctx, zone)
	},
	ID: func(tag client.Tag) string { return string(tag.ID) },
	Check: func(ctx context.Context, c *resource.Checker, args *TagArgs) {
		c.Zone(ctx, &args.Zone)
		c.Name("name", args.Name)
	},
	Same: func(args TagArgs, tag client.Tag) bool { return tag.Name == args.Name },
	Make: func(ctx context.Context, s *resource.Session, args TagArgs) (client.Tag, error) {
		return client.Tag{}, s.CreateTag(ctx, args.Zone, args.Name)
	},
	State: func(args TagArgs, tag client.Tag, before TagState) TagState {
		return TagState{args, cmp.Or(string(tag.ID), before.TagID)}
	},
	Observe: func(_ TagArgs, tag client.Tag, _ bool, id resource.Identity) TagArgs {
		return TagArgs{id.Place, tag.Name}
	},
	Change: func(ctx context.Context, s *resource.Session, id resource.Identity, _ TagState, args TagArgs) error {
		return s.RenameTag(ctx, id.Place, id.Object, args.Name)
	},
	Remove: func(ctx context.Context, s *resource.Session, id resource.Identity, _ TagState) error {
		return s.DeleteTag(ctx, id.Place, id.Object)
	},
	Users: zone.UsedByServers(func(_ context.Context, _ *resource.Session, id resource.Identity) (func(client.Server) bool, error) {
		return func(server client.Server) bool {
			return slices.ContainsFunc(server.Tags, func(tag client.Tag) bool { return string(tag.ID) == id.Object })
		}, nil
	}),
}

// ServerTagArgs are the inputs of a ServerTag.
type ServerTagArgs struct {
	Zone     string `pulumi:"zone,optional" provider:"replaceOnChanges" doc:"Availability zone of both. Default: the zone of the provider's configuration."`
	TagID    string `pulumi:"tagId" provider:"replaceOnChanges" doc:"Id of the tag (output tagId of a Tag)."`
	ServerID string `pulumi:"serverId" provider:"replaceOnChanges" doc:"Id of the server (output serverId of a Server)."`
}

// ServerTagState is what is known of a ServerTag.
type ServerTagState struct{ ServerTagArgs }

// serverTag is one tag of one server.
type serverTag struct{ tagID, serverID string }

// ServerTag is the resource arvancloud:tagging:ServerTag: a tag on a server.
var ServerTag = &resource.Kind[ServerTagArgs, ServerTagState, serverTag]{
	Type:        "tagging:ServerTag",
	Name:        "tag of a server",
	IDs:         "<zone>/<tag id>/<server id>",
	About:       "A tag on a server.",
	Example:     "tagId: ${tag.tagId}\nserverId: ${server.serverId}",
	Replacement: resource.DeletesFirst,

	Place: func(args ServerTagArgs) string { return args.Zone },
	List: func(ctx context.Context, s *resource.Session, zone string) ([]serverTag, error) {
		servers, err := s.Servers(ctx, zone)
		var tags []serverTag
		for _, server := range servers {
			for _, tag := range server.Tags {
				tags = append(tags, serverTag{string(tag.ID), server.ID})
			}
		}
		return tags, err
	},
	ID: func(tag serverTag) string { return tag.tagID + "/" + tag.serverID },
	Check: func(ctx context.Context, c *resource.Checker, args *ServerTagArgs) {
		c.Zone(ctx, &args.Zone)
		c.Given("tagId", args.TagID)
		c.Given("serverId", args.ServerID)
	},
	Same: func(args ServerTagArgs, tag serverTag) bool { return tag == serverTag{args.TagID, args.ServerID} },
	Make: func(ctx context.Context, s *resource.Session, args ServerTagArgs) (serverTag, error) {
		return serverTag{args.TagID, args.ServerID}, s.TagServer(ctx, args.Zone, args.TagID, args.ServerID)
	},
	State: func(args ServerTagArgs, _ serverTag, _ ServerTagState) ServerTagState { return ServerTagState{args} },
	Observe: func(_ ServerTagArgs, tag serverTag, _ bool, id resource.Identity) ServerTagArgs {
		return ServerTagArgs{id.Place, tag.tagID, tag.serverID}
	},
	Remove: func(ctx context.Context, s *resource.Session, id resource.Identity, _ ServerTagState) error {
		tagID, serverID, _ := strings.Cut(id.Object, "/")
		return s.UntagServer(ctx, id.Place, tagID, serverID)
	},
}
