package zone

import (
	"context"
	"strconv"
	"strings"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// Server is what messages call a server.
const Server = "server"

// UsedByServers tells which servers use an object, by what makes a server one that does.
func UsedByServers(
	uses func(ctx context.Context, s *resource.Session, id resource.Identity) (func(client.Server) bool, error),
) func(context.Context, *resource.Session, resource.Identity) ([]resource.User, error) {
	return func(ctx context.Context, s *resource.Session, id resource.Identity) ([]resource.User, error) {
		using, err := uses(ctx, s, id)
		if err != nil {
			return nil, err
		}
		servers, err := s.Servers(ctx, id.Place)
		var users []resource.User
		for _, server := range servers {
			if using(server) && !Deleted(server) {
				users = append(users, resource.User{Kind: Server, Identity: resource.Identity{Place: id.Place, Object: server.ID},
					Label: strconv.Quote(server.Name), Leaving: Leaving(server)})
			}
		}
		return users, err
	}
}

// Deleted tells whether a server that is listed is none any more.
func Deleted(server client.Server) bool {
	return server.Status == client.StatusDeleted || server.Status == client.StatusSoftDeleted
}

// Leaving tells whether a server is being deleted, or deleted and still listed.
func Leaving(server client.Server) bool {
	return Deleted(server) || (server.TaskState != nil && strings.Contains(*server.TaskState, "delet"))
}
