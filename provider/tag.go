package provider

import (
	"context"
	"strings"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// Tag is the resource arvancloud:tagging:Tag: a label for servers.
type Tag struct {
	kind[TagArgs, TagState, client.Tag]
}

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

// Annotate describes the resource in the schema.
func (t *Tag) Annotate(a infer.Annotator) {
	a.SetToken(moduleTagging, "Tag")
	a.Describe(&t, documented("A label that servers of one zone can carry; see ServerTag.", formTag, "tagging:Tag", "name: exchange"))
}

// Annotate describes the inputs in the schema.
func (s *TagArgs) Annotate(a infer.Annotator) { describeFields(a, s) }

// Annotate describes the outputs in the schema.
func (s *TagState) Annotate(a infer.Annotator) { describeFields(a, s) }

func newTag() *Tag {
	return &Tag{kind[TagArgs, TagState, client.Tag]{
		name: kindTag, form: formTag,
		place: func(args TagArgs) string { return args.Zone },
		list:  func(ctx context.Context, s *session, zone string) ([]client.Tag, error) { return s.Tags(ctx, zone) },
		id:    func(tag client.Tag) string { return string(tag.ID) },
		check: func(ctx context.Context, c *checker, args *TagArgs) {
			c.zone(ctx, &args.Zone)
			c.name("name", args.Name)
		},
		same: func(args TagArgs, tag client.Tag) bool { return tag.Name == args.Name },
		make: func(ctx context.Context, s *session, args TagArgs) (client.Tag, error) {
			return client.Tag{}, s.CreateTag(ctx, args.Zone, args.Name)
		},
		state: func(args TagArgs, tag client.Tag, before TagState) TagState {
			id := string(tag.ID)
			return TagState{args, or(&id, before.TagID)}
		},
		observe: func(_ TagArgs, tag client.Tag, _ bool, id identity) TagArgs { return TagArgs{id.place, tag.Name} },
		change: func(ctx context.Context, s *session, id identity, _ TagState, args TagArgs) error {
			return s.RenameTag(ctx, id.place, id.object, args.Name)
		},
		remove: func(ctx context.Context, s *session, id identity, _ TagState) error {
			return s.DeleteTag(ctx, id.place, id.object)
		},
	}}
}

// ServerTag is the resource arvancloud:tagging:ServerTag: a tag on a server.
type ServerTag struct {
	kind[ServerTagArgs, ServerTagState, serverTag]
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

// Annotate describes the resource in the schema.
func (t *ServerTag) Annotate(a infer.Annotator) {
	a.SetToken(moduleTagging, "ServerTag")
	a.Describe(&t, documented("A tag on a server.", formServerTag, "tagging:ServerTag", "tagId: ${tag.tagId}\nserverId: ${server.serverId}"))
}

// Annotate describes the inputs in the schema.
func (s *ServerTagArgs) Annotate(a infer.Annotator) { describeFields(a, s) }

func newServerTag() *ServerTag {
	return &ServerTag{kind[ServerTagArgs, ServerTagState, serverTag]{
		name: kindServerTag, form: formServerTag,
		place: func(args ServerTagArgs) string { return args.Zone },
		list: func(ctx context.Context, s *session, zone string) ([]serverTag, error) {
			servers, err := s.Servers(ctx, zone)
			var tags []serverTag
			for _, server := range servers {
				for _, tag := range server.Tags {
					tags = append(tags, serverTag{string(tag.ID), server.ID})
				}
			}
			return tags, err
		},
		id: func(tag serverTag) string { return tag.tagID + "/" + tag.serverID },
		check: func(ctx context.Context, c *checker, args *ServerTagArgs) {
			c.zone(ctx, &args.Zone)
			c.given("tagId", args.TagID)
			c.given("serverId", args.ServerID)
		},
		same: func(args ServerTagArgs, tag serverTag) bool { return tag == serverTag{args.TagID, args.ServerID} },
		make: func(ctx context.Context, s *session, args ServerTagArgs) (serverTag, error) {
			return serverTag{args.TagID, args.ServerID}, s.TagServer(ctx, args.Zone, args.TagID, args.ServerID)
		},
		state: func(args ServerTagArgs, _ serverTag, _ ServerTagState) ServerTagState { return ServerTagState{args} },
		observe: func(_ ServerTagArgs, tag serverTag, _ bool, id identity) ServerTagArgs {
			return ServerTagArgs{id.place, tag.tagID, tag.serverID}
		},
		remove: func(ctx context.Context, s *session, id identity, _ ServerTagState) error {
			tagID, serverID, _ := strings.Cut(id.object, "/")
			return s.UntagServer(ctx, id.place, tagID, serverID)
		},
	}}
}
