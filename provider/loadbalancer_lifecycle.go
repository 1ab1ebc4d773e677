package provider

import (
	"context"
	"fmt"
	"reflect"
	"regexp"
	"slices"

	"github.com/iransre/exchange-platform/provider/client"
)

// balancer is a load balancer with its pools.
type balancer struct {
	document client.Document
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
func checkLoadBalancer(_ context.Context, c *checker, args *LoadBalancerArgs) {
	c.domain("domain", &args.Domain)
	if c.known("name") && !balancerName.MatchString(args.Name) {
		c.fail("name", "%q is not a name of a load balancer: use letters, digits and dashes", args.Name)
	}
	on := true
	if c.decided("enabled") && args.Enabled == nil {
		args.Enabled = &on
	}
	if c.decided("method") && args.Method == "" {
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
		if !c.known("pools") {
			continue
		}
		path := fmt.Sprintf("pools[%d]", i)
		if seen[pool.Name] {
			c.fail(path+".name", "the pool %s is listed twice", pool.Name)
		}
		seen[pool.Name] = true
		if len(pool.Origins) == 0 {
			c.fail(path+".origins", "a pool needs at least one")
		}
		c.allowedIn(path+".", reflect.ValueOf(*pool), true)
	}
	c.allowed(*args)
}

// defaultTo sets what is not set.
func defaultTo[T any](field *T, value T) {
	if reflect.ValueOf(field).Elem().IsZero() {
		*field = value
	}
}

// balancers lists a domain's load balancers with their pools, whether or not the list holds them.
func balancers(ctx context.Context, s *session, domain string) ([]balancer, error) {
	documents, err := s.Objects(ctx, domain, pathLoadBalancers)
	if err != nil {
		return nil, err
	}
	var all []balancer
	for _, document := range documents {
		pools, err := s.members(ctx, domain, document, pathPools, pathLoadBalancers, document.Text("id"))
		if err != nil {
			return nil, err
		}
		for _, pool := range pools {
			origins, err := s.members(ctx, domain, pool, pathOrigins, pathLoadBalancers, document.Text("id"), pathPools, pool.Text("id"))
			if err != nil {
				return nil, err
			}
			list := make([]any, len(origins))
			for i, origin := range origins {
				list[i] = map[string]any(origin)
			}
			pool[pathOrigins] = list
		}
		all = append(all, balancer{document, pools})
	}
	return all, nil
}

// members are the objects inside of an object: from its document if they are there, else from their own list.
func (s *session) members(
	ctx context.Context, domain string, document client.Document, name string, path ...string,
) ([]client.Document, error) {
	list, there := document[name].([]any)
	if !there {
		return s.Objects(ctx, domain, append(path, name)...)
	}
	var members []client.Document
	for _, member := range list {
		if object, ok := member.(map[string]any); ok {
			members = append(members, object)
		}
	}
	return members, nil
}

func makeBalancer(ctx context.Context, s *session, args LoadBalancerArgs) (balancer, error) {
	document, err := s.CreateObject(ctx, args.Domain, toWire(args), pathLoadBalancers)
	return balancer{document: document}, err
}

// observeBalancer describes the load balancer as it is. The order of its pools is theirs.
func observeBalancer(args LoadBalancerArgs, b balancer, imported bool, id identity) LoadBalancerArgs {
	wanted := args.Pools
	args = observeWire(args, b.document, imported)
	args.Domain, args.Pools = id.place, nil
	for _, document := range b.pools {
		var pool LoadBalancerPool
		i := slices.IndexFunc(wanted, func(pool LoadBalancerPool) bool { return pool.Name == document.Text("name") })
		if i >= 0 {
			pool = wanted[i]
		}
		args.Pools = append(args.Pools, observeWire(pool, document, i < 0))
	}
	return args
}

// changeBalancer brings a load balancer and its pools to the inputs. What is missing is found out from how they are, so that it
// can be done again when the outcome of a call is in doubt.
func changeBalancer(ctx context.Context, s *session, id identity, _ LoadBalancerState, args LoadBalancerArgs) error {
	all, err := balancers(ctx, s, id.place)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(b balancer) bool { return b.document.Text("id") == id.object })
	if i < 0 {
		return fmt.Errorf("the load balancer %s is gone", id)
	}
	b := all[i]
	if observed := observeWire(args, b.document, false); !reflect.DeepEqual(observed, args) {
		if err := s.ChangeObject(ctx, id.place, toWire(args), pathLoadBalancers, id.object); err != nil {
			return err
		}
	}
	for _, document := range b.pools {
		wanted := slices.ContainsFunc(args.Pools, func(pool LoadBalancerPool) bool { return pool.Name == document.Text("name") })
		if wanted {
			continue
		}
		err := s.DeleteObject(ctx, id.place, pathLoadBalancers, id.object, pathPools, document.Text("id"))
		if err != nil && !client.IsNotFound(err) {
			return err
		}
	}
	for place, pool := range args.Pools {
		if err := s.putPool(ctx, id, pool, place+1, b.pools); err != nil {
			return err
		}
	}
	return nil
}

// putPool makes or changes one pool, if it is not as wanted.
func (s *session) putPool(ctx context.Context, id identity, pool LoadBalancerPool, place int, there []client.Document) error {
	wanted := toWire(pool)
	wanted["priority"] = place
	i := slices.IndexFunc(there, func(document client.Document) bool { return document.Text("name") == pool.Name })
	if i < 0 {
		_, err := s.CreateObject(ctx, id.place, wanted, pathLoadBalancers, id.object, pathPools)
		return err
	}
	if reflect.DeepEqual(observeWire(pool, there[i], false), pool) && there[i]["priority"] == float64(place) {
		return nil
	}
	return s.ReplaceObject(ctx, id.place, wanted, pathLoadBalancers, id.object, pathPools, there[i].Text("id"))
}

func removeBalancer(ctx context.Context, s *session, id identity, _ LoadBalancerState) error {
	return s.DeleteObject(ctx, id.place, pathLoadBalancers, id.object)
}
