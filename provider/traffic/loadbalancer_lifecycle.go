package traffic

import (
	"context"
	"fmt"
	"reflect"
	"regexp"
	"slices"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/document"
	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// balancer is a load balancer with its pools.
type balancer struct {
	settings client.Document
	pools    []client.Document
}

// Names of the CDN's collections.
const (
	pathLoadBalancers = "load-balancers"
	pathPools         = "pools"
	pathOrigins       = "origins"
)

var balancerName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

// checkLoadBalancer fills in what the API wants of each pool and origin.
func checkLoadBalancer(_ context.Context, c *resource.Checker, args *LoadBalancerArgs) {
	c.Domain("domain", &args.Domain)
	if c.Known("name") && !balancerName.MatchString(args.Name) {
		c.Fail("name", "%q is not a name of a load balancer: use letters, digits and dashes", args.Name)
	}
	on := true
	if c.Decided("enabled") && args.Enabled == nil {
		args.Enabled = &on
	}
	if c.Decided("method") && args.Method == "" {
		args.Method = "failover"
	}
	seen := map[string]bool{}
	for i := range args.Pools {
		pool := &args.Pools[i]
		defaultTo(&pool.Enabled, &on)
		defaultTo(&pool.Keepalive, &on)
		defaultTo(&pool.NextUpstreamTCP, &on)
		defaultTo(&pool.Method, "cluster_rr")
		for j := range pool.Origins {
			origin := &pool.Origins[j]
			defaultTo(&origin.Enabled, &on)
			defaultTo(&origin.Port, -1)
			defaultTo(&origin.Weight, 1)
			defaultTo(&origin.Protocol, "auto")
		}
		if !c.Known("pools") {
			continue
		}
		path := fmt.Sprintf("pools[%d]", i)
		if seen[pool.Name] {
			c.Fail(path+".name", "the pool %s is listed twice", pool.Name)
		}
		seen[pool.Name] = true
		if len(pool.Origins) == 0 {
			c.Fail(path+".origins", "a pool needs at least one")
		}
		document.AllowedAt(c, path, *pool)
	}
	document.Allowed(c, *args)
}

// defaultTo sets what is not set.
func defaultTo[T any](field *T, value T) {
	if reflect.ValueOf(field).Elem().IsZero() {
		*field = value
	}
}

// balancers lists a domain's load balancers with their pools, whether or not the list holds them.
func balancers(ctx context.Context, s *resource.Session, domain string) ([]balancer, error) {
	documents, err := s.Objects(ctx, domain, pathLoadBalancers)
	if err != nil {
		return nil, err
	}
	var all []balancer
	for _, object := range documents {
		pools, err := members(ctx, s, domain, object, pathPools, pathLoadBalancers, object.Text("id"))
		if err != nil {
			return nil, err
		}
		for _, pool := range pools {
			origins, err := members(ctx, s, domain, pool, pathOrigins, pathLoadBalancers, object.Text("id"), pathPools, pool.Text("id"))
			if err != nil {
				return nil, err
			}
			list := make([]any, len(origins))
			for i, origin := range origins {
				list[i] = map[string]any(origin)
			}
			pool[pathOrigins] = list
		}
		all = append(all, balancer{object, pools})
	}
	return all, nil
}

// members are the objects inside of an object: from its document if they are there, else from their own list.
func members(
	ctx context.Context, s *resource.Session, domain string, object client.Document, name string, path ...string,
) ([]client.Document, error) {
	list, there := object[name].([]any)
	if !there {
		return s.Objects(ctx, domain, append(path, name)...)
	}
	var all []client.Document
	for _, member := range list {
		if inner, ok := member.(map[string]any); ok {
			all = append(all, inner)
		}
	}
	return all, nil
}

func makeBalancer(ctx context.Context, s *resource.Session, args LoadBalancerArgs) (balancer, error) {
	made, err := s.CreateObject(ctx, args.Domain, document.From(args), pathLoadBalancers)
	return balancer{settings: made}, err
}

// leftOf tells whether a load balancer may be what an interrupted creation left: as wanted, though perhaps not with all of its pools.
func leftOf(args LoadBalancerArgs, b balancer) bool {
	found := observeBalancer(args, b, false, resource.Identity{Place: args.Domain})
	wanted := args
	wanted.Pools = slices.DeleteFunc(slices.Clone(args.Pools), func(pool LoadBalancerPool) bool {
		return !slices.ContainsFunc(found.Pools, func(made LoadBalancerPool) bool { return made.Name == pool.Name })
	})
	if len(wanted.Pools) == 0 {
		wanted.Pools = nil
	}
	return reflect.DeepEqual(found, wanted)
}

// observeBalancer describes the load balancer as it is. The order of its pools is theirs.
func observeBalancer(args LoadBalancerArgs, b balancer, imported bool, id resource.Identity) LoadBalancerArgs {
	wanted := args.Pools
	args = document.Observe(args, b.settings, imported)
	args.Domain, args.Pools = id.Place, nil
	for _, object := range b.pools {
		var pool LoadBalancerPool
		i := slices.IndexFunc(wanted, func(pool LoadBalancerPool) bool { return pool.Name == object.Text("name") })
		if i >= 0 {
			pool = wanted[i]
		}
		args.Pools = append(args.Pools, document.Observe(pool, object, i < 0))
	}
	return args
}

// changeBalancer brings a load balancer and its pools to the inputs. What is missing is found out from how they are, so that it
// can be done again when the outcome of a call is in doubt.
func changeBalancer(ctx context.Context, s *resource.Session, id resource.Identity, _ LoadBalancerState, args LoadBalancerArgs) error {
	all, err := balancers(ctx, s, id.Place)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(b balancer) bool { return b.settings.Text("id") == id.Object })
	if i < 0 {
		return fmt.Errorf("the load balancer %s is gone", id)
	}
	b := all[i]
	if observed := document.Observe(args, b.settings, false); !reflect.DeepEqual(observed, args) {
		if err := s.ChangeObject(ctx, id.Place, document.From(args), pathLoadBalancers, id.Object); err != nil {
			return err
		}
	}
	for _, object := range b.pools {
		wanted := slices.ContainsFunc(args.Pools, func(pool LoadBalancerPool) bool { return pool.Name == object.Text("name") })
		if wanted {
			continue
		}
		err := s.DeleteObject(ctx, id.Place, pathLoadBalancers, id.Object, pathPools, object.Text("id"))
		if err != nil && !client.IsNotFound(err) {
			return err
		}
	}
	for place, pool := range args.Pools {
		if err := putPool(ctx, s, id, pool, place+1, b.pools); err != nil {
			return err
		}
	}
	return nil
}

// putPool makes or changes one pool, if it is not as wanted.
func putPool(ctx context.Context, s *resource.Session, id resource.Identity, pool LoadBalancerPool, place int, there []client.Document) error {
	wanted := document.From(pool)
	wanted["priority"] = place
	i := slices.IndexFunc(there, func(object client.Document) bool { return object.Text("name") == pool.Name })
	if i < 0 {
		_, err := s.CreateObject(ctx, id.Place, wanted, pathLoadBalancers, id.Object, pathPools)
		return err
	}
	if reflect.DeepEqual(document.Observe(pool, there[i], false), pool) && there[i]["priority"] == float64(place) {
		return nil
	}
	return s.ReplaceObject(ctx, id.Place, wanted, pathLoadBalancers, id.Object, pathPools, there[i].Text("id"))
}

func removeBalancer(ctx context.Context, s *resource.Session, id resource.Identity, _ LoadBalancerState) error {
	return s.DeleteObject(ctx, id.Place, pathLoadBalancers, id.Object)
}
